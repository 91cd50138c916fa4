"""People and lifecycle indicators, recomputed from their docstrings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from proof.oracle.past import Row, View, day, ratio

USERS, STEPS = "users", "milestones"
KEY = ("champion", "sponsor")


def left_on(row: Row) -> date | None:
    """The first sign that a person is gone: deactivated, or mail bounced for good."""
    return min((day(row[c]) for c in ("deactivated_at", "bounced_at") if row[c]), default=None)


def in_place(view: View, *roles: str) -> int:
    return sum(1 for r in view.of(USERS) if (not roles or r["role"] in roles) and left_on(r) is None)


def left(view: View, days: int, *roles: str) -> int:
    since = view.as_of - timedelta(days=days)
    rows = [r for r in view.of(USERS) if not roles or r["role"] in roles]
    return sum(1 for r in rows if (gone := left_on(r)) is not None and gone >= since)


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


INDICATORS = {
    "key_people": ((USERS,), lambda v: in_place(v, *KEY)),
    "key_people_left_91d": ((USERS,), lambda v: left(v, 91, *KEY)),
    "key_people_left_182d": ((USERS,), lambda v: left(v, 182, *KEY)),
    "admins_left_91d": ((USERS,), lambda v: left(v, 91, "admin")),
    "people_left_28d": ((USERS,), lambda v: left(v, 28)),
    "people_in_place": ((USERS,), lambda v: in_place(v)),
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
}  # fmt: skip
EVIDENCE: dict[str, tuple[()]] = {}
