"""Book of business and hours of one scored week: what `churn capacity` prints, and the hours that the work list has."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.asked_before import tasks_over
from pipelines.build_features import Checked, checked_sources
from pipelines.deliver import chosen_date, rows_of, scored_dates
from pipelines.files import write_parquet
from pipelines.known_tables import covered, known_tables
from pipelines.settings import Project
from serving.workbench.capacity import CapacityReport, capacity_report, owed_work, play_hours
from serving.workbench.journey.cadence import contacts_owed
from serving.workbench.plays.account import accounts_on
from serving.workbench.plays.rows import by_account, plain
from serving.workbench.plays.terms import terms_of

if TYPE_CHECKING:
    import pandas as pd

FILES = ("owners", "roles", "unowned")


def capacity(
    project: Project, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Check the sources and count; returns the object `churn capacity --json` prints, and writes .churn/capacity/."""
    day = date.fromisoformat(chosen_date(project, as_of))
    progress(f"hours owed and available in the week of {day}")
    with checked_sources(project) as checked:
        return write_capacity(checked, day)


def write_capacity(checked: Checked, day: date) -> dict[str, Any]:
    """The same on sources that have been checked."""
    report = capacity_on(checked, day)
    folder = checked.project.out("capacity", f"as_of={day.isoformat()}")
    for name in FILES:
        write_parquet(getattr(report, name), folder / f"{name}.parquet")
    return told_as_json(report, day) | {"path": str(folder)}


def capacity_on(checked: Checked, day: date) -> CapacityReport:
    """The report of a scored day, on sources that have been checked.

    It counts every account with a term in force, also those too young for a score: they are owed the most. Where no
    touchpoints are delivered nobody knows which contact is overdue, and none is counted.
    """
    project, policy = checked.project, checked.project.policy
    tables = known_tables(checked, day, ["accounts", "subscriptions", "touchpoints", "milestones"])
    about, terms = plain(tables["accounts"]), terms_of(plain(tables["subscriptions"]))
    accounts = accounts_on(about, terms, rows_of(project, "scores", day.isoformat()), day, policy)
    touches = by_account(plain(tables.get("touchpoints")))
    whom = covered(checked)

    def covers(table: str, account: str) -> bool:
        return table in tables and account in whom.get(table, (account,))

    contacts = contacts_owed(accounts, touches, {}, day, policy, terms=terms, covers=covers)
    owed = owed_work(accounts, contacts, _reached(tables.get("milestones")), policy, day)
    types = {str(row["account_id"]): row.get("owner_type") for row in about}
    book = [
        {"account_id": n, "owner_id": a.owner_id, "arr": a.arr, "owner_type": types.get(n)} for n, a in accounts.items()
    ]
    return capacity_report(_frame(book), owed, promised(checked, day)[["account_id", "hours"]], policy, day)


def _frame(book: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    found = pd.DataFrame(book, columns=["account_id", "owner_id", "owner_type", "arr"])
    return found.astype({"owner_id": object, "owner_type": object, "arr": float})


def promised(checked: Checked, day: date) -> pd.DataFrame:
    """account_id, due_at, hours: work that is due before the week ends, by tasks of this run and of fresh earlier ones.

    A task is a promise until somebody said that it is over, or until its run went stale (`tasks.expires_days`).
    """
    import pandas as pd

    project, policy = checked.project, checked.project.policy
    over = tasks_over(checked, day)
    rows = [
        {"account_id": str(t["account_id"]), "due_at": t["due_at"], "hours": play_hours(t["play"], policy)}
        for as_of in scored_dates(project)
        if 0 <= (day - date.fromisoformat(as_of)).days < policy.tasks.expires_days
        for t in rows_of(project, "tasks", as_of)
        if str(t["task_key"]) not in over
    ]
    frame = pd.DataFrame(rows, columns=["account_id", "due_at", "hours"]).astype({"hours": float})
    return frame.sort_values(["due_at", "account_id"]).drop_duplicates("account_id").reset_index(drop=True)


def told_as_json(report: CapacityReport, day: date) -> dict[str, Any]:
    """The report as JSON: undefined figures are null."""
    owners = report.owners
    return {
        "as_of": day.isoformat(),
        "accounts": int(owners["accounts"].sum()) + len(report.unowned),
        "arr": float(owners["arr"].sum() + report.unowned["arr"].sum()),
        "owed_hours": float(owners["owed_hours"].sum()),
        # Where one owner's hours are not known, neither are everyone's.
        "available_hours": None if owners["available_hours"].isna().any() else float(owners["available_hours"].sum()),
        "verdicts": {str(k): int(n) for k, n in owners["verdict"].value_counts().items()},
        "owners": records(owners),
        "roles": records(report.roles),
        "unowned": records(report.unowned),
    }


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain values, every missing one null."""
    import pandas as pd

    def plain(value: Any) -> Any:
        if pd.isna(value):
            return None
        if hasattr(value, "isoformat"):
            return value.isoformat()
        return value.item() if hasattr(value, "item") else value

    return [{str(k): plain(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _reached(milestones: pd.DataFrame | None) -> set[tuple[str, str]]:
    """(account, onboarding task) reached so far."""
    if milestones is None:
        return set()
    done = milestones[(milestones["kind"] == "task") & milestones["reached_at"].notna()]
    return set(zip(done["account_id"].astype(str), done["milestone"].astype(str), strict=True))
