"""The records of the pages beside the accounts', each from the files of the day it is for."""

from __future__ import annotations

from pipelines.data_health import data_health
from pipelines.deliver import rows_of
from pipelines.report_journey import expansion, journey, reviews
from pipelines.report_portfolio import portfolio
from pipelines.report_work import monday
from pipelines.settings import Project
from serving.workbench.pages.policy_view import policy_view


def views(project: Project, as_of: str) -> dict[str, object]:
    """Page of the navigation → its record; what was not computed for the day is left out."""
    about = {str(row["account_id"]): row for row in rows_of(project, "book", as_of)}
    found: dict[str, object | None] = {
        "monday": monday(project, as_of),
        "portfolio": portfolio(project, as_of, about),
        "journey": journey(project, as_of, about),
        "expansion": expansion(project, as_of, about),
        "qbr": reviews(project, as_of, about),
        "policy": policy_view(project.policy),
        "data": data_health(project, as_of),
    }
    return {name: view for name, view in found.items() if view is not None}
