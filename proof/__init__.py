"""The proof that nothing leaks: a naive second opinion on every indicator, and the checks that look for the future."""
