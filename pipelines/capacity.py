"""Book of business and hours of one scored week: what `churn capacity` prints, and the hours that the work list has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.build_features import Checked, checked_sources
from pipelines.deliver import chosen_date
from pipelines.files import write_parquet
from pipelines.known_tables import known_tables
from pipelines.plays_facts import plays_facts
from pipelines.plays_found import found_plays
from pipelines.settings import Project
from serving.workbench.capacity import CapacityReport, capacity_report, owners_roles
from serving.workbench.journey.cadence import contacts_owed
from serving.workbench.owed import owed_work
from serving.workbench.plays.rows import plain
from serving.workbench.promises import Aside, Promise, promises
from serving.workbench.team import Team, team_of

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


@dataclass(frozen=True)
class Owing:
    """What is owed in the week of a scored day: the report, what is promised, who is left alone, and who does what.

    `zones`: the time zone of who looks after an account, null where it is not known.
    """

    report: CapacityReport
    promises: tuple[Promise, ...]
    aside: Mapping[str, Aside]
    team: Team
    zones: Mapping[str, str | None]


def capacity_on(checked: Checked, day: date) -> CapacityReport:
    """The report of a scored day, on sources that have been checked."""
    return owing_on(checked, day).report


def owing_on(checked: Checked, day: date) -> Owing:
    """What is owed, of every account with a term in force, also those too young for a score: they are owed the most.

    Where no touchpoints are delivered nobody knows which contact is overdue, and none of the cadence is counted.
    Accounts of the holdout have no plays, so no promises and steps either.
    """
    project, policy = checked.project, checked.project.policy
    facts = plays_facts(checked, day.isoformat())
    about = plain(known_tables(checked, day, ["accounts"])["accounts"])
    touches = facts.tables.get("touchpoints", {})
    contacts = contacts_owed(facts.accounts, touches, {}, day, policy, terms=facts.terms, covers=facts.covers)
    tasks = [t for t in facts.runs.tasks if str(t["account_id"]) not in facts.held]
    promised, aside = promises(tasks, facts.runs.levels, facts.words, day, policy)
    promised = [p for p in promised if p.account_id in facts.accounts]
    work = owed_work(contacts, found_plays(facts, policy).steps, promised, policy, day)
    types = {str(row["account_id"]): row.get("owner_type") for row in about}
    book = _frame(
        [
            {"account_id": n, "owner_id": a.owner_id, "arr": a.arr, "owner_type": types.get(n)}
            for n, a in facts.accounts.items()
        ]
    )
    team = team_of(owners_roles(book, policy), _staff(project), policy.segments.owner_types)
    gone = {str(row["account_id"]): row.get("owner_id") for row in about}
    report = capacity_report(book, work, team, policy, day, gone=gone)
    zones = {name: a.zone for name, a in facts.accounts.items()}
    return Owing(report, tuple(promised), aside, team, zones)


def _staff(project: Project) -> dict[str, tuple[str, ...]]:
    """Who is named for a role that does work on accounts; levels of the escalation have no hours."""
    roles = project.policy.segments.owner_types
    return {role: people for role, people in project.settings.team.items() if role in roles}


def _frame(book: list[dict[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    found = pd.DataFrame(book, columns=["account_id", "owner_id", "owner_type", "arr"])
    return found.astype({"owner_id": object, "owner_type": object, "arr": float})


def told_as_json(report: CapacityReport, day: date) -> dict[str, Any]:
    """The report as JSON: undefined figures are null."""
    owners = report.owners
    return {
        "as_of": day.isoformat(),
        "accounts": int(owners["accounts"].sum()) + len(report.unowned),
        "arr": float(owners["arr"].sum() + report.unowned["arr"].sum()),
        "owed_hours": float(owners["owed_hours"].sum()),
        "overdue_hours": float(owners["overdue_hours"].sum()),
        "backlog_hours": float(owners["backlog_hours"].sum()),
        # Where one owner's hours are not known, neither are everyone's.
        "available_hours": None if owners["available_hours"].isna().any() else float(owners["available_hours"].sum()),
        "free_hours": None if owners["free_hours"].isna().any() else float(owners["free_hours"].sum()),
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
