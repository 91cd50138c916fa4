"""A naive second opinion on cohort, labels and every indicator: plain loops over plain rows.

It imports nothing of `features`; names of indicators are strings. Written from the indicators' docstrings and
domain.md, so that where the two disagree, somebody has to find out which of them lies.
"""
