"""The static site a CSM opens on Monday: one page an account, one page for the whole book.

It needs no server, no network and, for reading, no JavaScript.
"""

from __future__ import annotations

from serving.workbench.pages.filenames import page_name
from serving.workbench.pages.ranking import arr_at_risk, ranked
from serving.workbench.pages.site import BRIEFS, write_site
from serving.workbench.pages.view import (
    AccountView,
    Book,
    Driver,
    Evidence,
    Fact,
    HealthTier,
    RiskTier,
    Signal,
    Task,
    Week,
)

__all__ = [
    "BRIEFS",
    "AccountView",
    "Book",
    "Driver",
    "Evidence",
    "Fact",
    "HealthTier",
    "RiskTier",
    "Signal",
    "Task",
    "Week",
    "arr_at_risk",
    "page_name",
    "ranked",
    "write_site",
]
