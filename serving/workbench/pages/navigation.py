"""The pages of the site in the order of the navigation, and which command fills each."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """A page: its name, what the navigation calls it, its file, and the command that computes what it shows."""

    name: str
    title: str
    file: str
    command: str


NAVIGATION = (
    Entry("monday", "Monday list", "index.html", "churn worklist"),
    Entry("accounts", "Accounts", "accounts.html", "churn score"),
    Entry("portfolio", "Portfolio", "portfolio.html", "churn kpis"),
    Entry("journey", "Journey", "journey.html", "churn journey"),
    Entry("expansion", "Expansion", "expansion.html", "churn signals"),
    Entry("qbr", "QBR", "qbr.html", "churn qbr"),
    Entry("policy", "Policy", "policy.html", "churn policy lint"),
    Entry("data", "Data health", "data.html", "churn check"),
)
"""Every page stands here whether its figures are there or not: a page without them says which command brings them."""
