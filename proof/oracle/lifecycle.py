"""Lifecycle indicators, recomputed from their docstrings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from proof.oracle.past import Row, View, day, ratio

STEPS = "milestones"


def missed(view: View, days: int | None = None) -> list[Row]:
    return [r for r in view.of(STEPS, "due_on", days) if r["reached_at"] is None]


def reached(view: View, days: int | None = None, kind: str | None = None) -> list[Row]:
    return [r for r in view.of(STEPS, "reached_at", days) if kind in (None, r["kind"])]


def late(row: Row) -> bool:
    return row["due_on"] is not None and day(row["reached_at"]) > row["due_on"]


def signs_of_life(view: View) -> Iterator[date]:
    """Use, ticket, answer, contact from their side or attended, step reached; never our own outreach."""
    for table, at in (
        ("usage_events", "occurred_at"),
        ("support_tickets", "opened_at"),
        ("survey_responses", "answered_at"),
        (STEPS, "reached_at"),
    ):
        yield from (day(r[at]) for r in view.of(table, at))
    for row in view.of("touchpoints"):
        if row["direction"] == "theirs" or row["attended"]:
            yield day(row["occurred_at"])


def in_time(view: View) -> int:
    """Key actions reached by day 30 after the first term began, inclusive."""
    start = view.as_of - timedelta(days=view.line["tenure_days"])
    return sum(1 for r in reached(view, kind="key_action") if (day(r["reached_at"]) - start).days <= 30)


def activated(view: View) -> int | None:
    if in_time(view) >= 5:
        return 1
    return 0 if view.line["tenure_days"] > 30 else None


def to_first_value(view: View, age: int | None) -> int | None:
    first = min((day(r["reached_at"]) for r in reached(view, kind="first_value")), default=None)
    return None if first is None or age is None else max(age - view.age(first), 0)


def goals_set(view: View) -> int:
    return sum(1 for r in view.of(STEPS) if r["kind"] == "goal" and (r["due_on"] or r["reached_at"]))


INDICATORS = {
    "tenure_days": ((), lambda v: v.line["tenure_days"]),
    "days_since_last_activity": ((), lambda v: min((v.age(d) for d in signs_of_life(v)), default=None)),
    "milestones_missed": ((STEPS,), lambda v: len(missed(v))),
    "milestones_missed_28d": ((STEPS,), lambda v: len(missed(v, 28))),
    "oldest_missed_days": ((STEPS,), lambda v: max((v.age(r["due_on"]) for r in missed(v)), default=None)),
    "milestones_reached_28d": ((STEPS,), lambda v: len(reached(v, 28))),
    "milestones_reached_84d": ((STEPS,), lambda v: len(reached(v, 84))),
    "milestone_rate_84d": (
        (STEPS,), lambda v: ratio(len(missed(v, 84)), sum(1 for _ in v.of(STEPS, "due_on", 84)))),
    "late_milestones_84d": ((STEPS,), lambda v: sum(map(late, reached(v, 84)))),
    "key_actions_reached": ((STEPS,), lambda v: len(reached(v, kind="key_action"))),
    "first_value_reached": ((STEPS,), lambda v: min(1, len(reached(v, kind="first_value")))),
    "account_age_days": ((), lambda v: v.line["account_age_days"]),
    "key_actions_in_time": ((STEPS,), in_time),
    "activated": ((STEPS,), activated),
    "days_to_first_value": ((STEPS,), lambda v: to_first_value(v, v.line["tenure_days"])),
    "signup_to_first_value_days": ((STEPS,), lambda v: to_first_value(v, v.line["account_age_days"])),
    "milestone_completion": (
        (STEPS,), lambda v: ratio(len(reached(v)), len(reached(v)) + len(missed(v)))),
    "days_since_last_milestone": (
        (STEPS,), lambda v: min((v.age(r["reached_at"]) for r in reached(v)), default=None)),
    "goals_reached": ((STEPS,), lambda v: len(reached(v, kind="goal"))),
    "goals_set": ((STEPS,), goals_set),
    "handed_over": ((STEPS,), lambda v: min(1, len(reached(v, kind="handoff")))),
}  # fmt: skip
EVIDENCE: dict[str, tuple[Any, Any]] = {}
