"""Judging what the pipeline learns on simulated companies, where the true risk of every account is known."""
