"""Telling owners of new signals: each once, in a digest where there are many, and not at night (A1)."""
