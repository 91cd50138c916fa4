"""What stands for each account, as its page shows it: from the files of plays, journey and work list of the day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from pipelines.deliver import rows_of
from pipelines.report_zones import Zones, in_zone
from pipelines.settings import Project
from serving.workbench.pages.standing_view import ContactLine, PlanLine, RenewalLine, Standing, StepLine
from serving.workbench.pages.words import role

MESSAGE = "reach_out"
"""The step that carries the message to the customer."""
STANDS = ("open", "overdue", "snoozed")
WEEK = {
    "due": "On the list of this week",
    "chosen": "On the list of this week",
    "breached": "Promised for this week, and does not fit into its hours",
    "below_the_line": "Below the line of this week: no hours are left for it",
    "nobody": "On nobody’s list: it has no owner",
}


def standings(project: Project, as_of: str, zones: Zones) -> dict[str, Standing] | None:
    """Account → what stands for it; null where nobody has looked for plays on that day."""
    if not _there(project, "plays", as_of, "plays"):
        return None
    steps, day = defaultdict[str, list[StepLine]](list), date.fromisoformat(as_of)
    rows = sorted(_rows(project, as_of, "plays"), key=lambda r: (r["state"] == "snoozed", r["due_at"], r["task_key"]))
    first = project.policy.tasks.escalation[0]
    for row in rows:
        if row["state"] in STANDS:
            account = str(row["account_id"])
            steps[account].append(step_line(row, day, zones.get(account), first))
    wins = defaultdict[str, list[tuple[date, str]]](list)
    for row in sorted(_rows(project, as_of, "wins"), key=lambda r: r["on"], reverse=True):
        wins[str(row["account_id"])].append((day_of(row["on"]), row["sentence"]))
    renewals = {str(r["account_id"]): renewal_line(r) for r in _rows(project, as_of, "renewals")}
    plans = {str(r["account_id"]): _plan(r) for r in _rows(project, as_of, "success_plans")}
    gates = {str(r["account_id"]): parts(r["shut_by"]) for r in _rows(project, as_of, "chances")}
    return {
        account: Standing(
            tuple(steps[account]),
            renewals.get(account),
            plans.get(account),
            tuple(wins[account]),
            gates.get(account),
        )
        for account in {*steps, *renewals, *plans, *wins, *gates}
    }


def told_by_plays(project: Project, as_of: str) -> set[str]:
    """Keys of the tasks that the plays of the day know of, done ones too: the score's task of that key is no other."""
    if not _there(project, "plays", as_of, "plays"):
        return set()
    return {str(row["task_key"]) for row in _rows(project, as_of, "plays")}


def contacts(project: Project, as_of: str) -> dict[str, tuple[ContactLine, ...]] | None:
    """Account → the contacts it is owed, the first one due first; null where that is not known."""
    if not _there(project, "journey", as_of, "cadence") or not (project.sources / "touchpoints.sql").exists():
        return None
    found = defaultdict[str, list[ContactLine]](list)
    for row in rows_of(project, "journey", as_of, part="cadence"):
        line = ContactLine(row["kind"], row["last_on"], day_of(row["due_on"]), row["overdue_days"])
        found[str(row["account_id"])].append(line)
    return {account: tuple(sorted(own, key=lambda c: (c.due_on, c.kind))) for account, own in found.items()}


def this_week(project: Project, as_of: str) -> dict[str, str]:
    """Account → what the work list of the week makes of it, in words; empty where there is no list."""
    if not _there(project, "worklist", as_of, "worklist"):
        return {}
    default = project.policy.plays["default"].play
    return {
        str(row["account_id"]): f"{WEEK[row['status']]}: {(row['play'] or default).replace('_', ' ')}."
        for row in rows_of(project, "worklist", as_of)
        if row["status"] in WEEK
    }


def step_line(row: Mapping[str, Any], day: date, zone: str | None, first: str) -> StepLine:
    """A row of `plays.parquet` as a page shows it; `first` is the level that every step begins at."""
    late = (
        (datetime.combine(day, time(), UTC) - in_zone(row["due_at"], None)).days if row["state"] == "overdue" else None
    )
    message = row["step"] == MESSAGE
    note = row["note"] or ""
    return StepLine(
        play=row["play"],
        subject=row["subject"],
        who=role(row["owner_type"]),
        due_at=in_zone(row["due_at"], zone),
        late_days=late,
        passed_to="" if row["level"] in (None, first, row["owner_type"]) else role(row["level"]),
        put_off_until=None if row["snoozed_until"] is None else day_of(row["snoozed_until"]),
        put_off_why=row["snoozed_why"] or "",
        # Where there is a draft, it is the text; where there is none, the text is what to do instead.
        text="" if row["draft"] else row["body"] or "",
        draft=row["draft"],
        no_draft=note if message and not row["draft"] else "",
        note="" if message else note,
    )


def renewal_line(row: Mapping[str, Any]) -> RenewalLine:
    """A row of `renewals.parquet` as a page shows it."""
    return RenewalLine(
        term_ends_on=day_of(row["term_ends_on"]),
        days=row["days"],
        stage=row["stage"],
        arr=row["arr"],
        outcome=row["outcome"],
        new_arr=row["new_arr"],
        discount=row["discount"],
        needs_approval=bool(row["needs_approval"]),
    )


def _plan(row: Mapping[str, Any]) -> PlanLine:
    return PlanLine(
        kind=row["kind"],
        present=parts(row["present"]),
        missing=parts(row["missing"]),
        reviewed_on=row["reviewed_on"],
        review_due_on=row["review_due_on"],
        overdue_days=row["overdue_days"],
    )


def parts(text: str | None) -> tuple[str, ...]:
    """What a text of several values holds.

    >>> parts("goals; owners"), parts(None)
    (('goals', 'owners'), ())
    """
    return tuple(part for part in (text or "").split("; ") if part)


def day_of(value: Any) -> date:
    """The day of a moment or a day."""
    found: date = value.date() if hasattr(value, "date") else value
    return found


def _rows(project: Project, as_of: str, part: str) -> list[dict[str, Any]]:
    return rows_of(project, "plays", as_of, part=part)


def _there(project: Project, what: str, as_of: str, part: str) -> bool:
    return (project.state / what / f"as_of={as_of}" / f"{part}.parquet").exists()
