"""The records of the pages beside the accounts', each from the files of the day it is for."""

from __future__ import annotations

from pipelines.data_health import data_health
from pipelines.deliver import rows_of
from pipelines.report_journey import expansion, journey, reviews
from pipelines.report_portfolio import portfolio
from pipelines.report_work import monday
from pipelines.settings import Project
from serving.workbench.pages import BRIEFS
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


def briefs(project: Project, as_of: str) -> dict[str, str]:
    """Path on the site → page, of every business review that was prepared for the day: ours, not the customer's sheet."""
    made = sorted((project.state / "qbr" / f"as_of={as_of}").glob("*.html"))
    return {f"{BRIEFS}/{path.name}": path.read_text(encoding="utf-8") for path in made}


def ways_told(project: Project, as_of: str) -> dict[str, tuple[str, str]]:
    """Account → whether and how it can be well again: in one sentence, and the rest of it; empty where nobody looked that day.

    Of green accounts those are told whose high risk was searched for.
    """
    if not (project.state / "back_to_green" / f"as_of={as_of}" / "back_to_green.parquet").exists():
        return {}
    rows = rows_of(project, "back_to_green", as_of)
    return {
        str(row["account_id"]): (row["headline"], row["sentence"].removeprefix(row["headline"]).strip())
        for row in rows
        if row["health_tier"] in ("yellow", "red") or row["status"] not in ("green", "unrated", "gone")
    }
