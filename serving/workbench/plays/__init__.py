"""The playbooks: what to do for an account, by when, by whom, and whether it worked. Facts in, new records out."""
