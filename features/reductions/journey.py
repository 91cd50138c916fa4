"""The steps an account should reach, and every sign that its people are alive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.events import DAYS_OF_USE, EVENTS, days_of_use
from features.reductions.shapes import GONE, dated, days_active, kept, later, sooner, until_next, with_gone
from features.snapshots import day_of

Tables = Mapping[str, Any]
ACTIVITY = {
    "usage_events": "occurred_at",
    "support_tickets": "opened_at",
    "survey_responses": "answered_at",
    "touchpoints": "occurred_at",
    "milestones": "reached_at",
}


def _due(tables: Tables) -> Any:
    rows = dated(tables["milestones"], "due_on")
    return kept(rows, due=1, end_day=day_of(rows["reached_at"]))


def _reached(*kinds: str) -> Any:
    def rows(tables: Tables) -> Any:
        import ibis

        found = dated(tables["milestones"], "reached_at")
        if kinds:
            found = found.filter(found["kind"].isin(kinds))
        late = day_of(found["reached_at"]) - day_of(found["due_on"])
        # Lateness is known only once the due date has passed; reached before it, the step is early by the rest.
        return kept(found, reached=1, late=(late > 0).coalesce(False).cast("int64"), end_day=ibis.null("int64"))

    return rows


def _set(kind: str) -> Any:
    """Steps of one kind that were due or reached: a plan for later is not known yet."""

    def rows(tables: Tables) -> Any:
        import ibis

        found = with_gone(tables["milestones"])
        found = found.filter(found["kind"] == kind)
        day = sooner(day_of(found["due_on"]), day_of(found["reached_at"]))
        found = found.mutate(day=day, known_day=later(day, day_of(found["known_at"])))
        found = found.filter(found["day"].notnull())
        return kept(found, end_day=ibis.null("int64"))

    return rows


def signs_of_life(tables: Tables) -> Any:
    """account_id, day, known_day of everything the customer did; our own outreach is no sign of life."""
    import ibis

    found = []
    for name, at in ACTIVITY.items():
        if name in tables:
            rows = days_of_use(tables) if name == EVENTS else dated(tables[name], at)
            if name == "touchpoints":
                rows = rows.filter((rows["direction"] == "theirs") | rows["attended"].coalesce(False))
            found.append(kept(rows))
    if any(GONE in rows.columns for rows in found):
        found = [rows if GONE in rows.columns else rows.mutate(**{GONE: ibis.null("int64")}) for rows in found]
    return ibis.union(*found, distinct=False) if len(found) > 1 else found[0]


def _any_activity(tables: Tables) -> Any:
    return until_next(days_active(signs_of_life(tables)), by=("account_id",))


missed = Reduction("milestones_due", "milestones", _due, needs=("due_on",))
reached = Reduction("milestones_reached", "milestones", _reached())
key_actions = Reduction("key_actions", "milestones", _reached("key_action"))
first_value = Reduction("first_value", "milestones", _reached("first_value"))
goals = Reduction("goals_reached", "milestones", _reached("goal"))
goals_set = Reduction("goals_set", "milestones", _set("goal"))
handoffs = Reduction("handoffs", "milestones", _reached("handoff"))
any_activity = Reduction("any_activity", "*", _any_activity, shares=(DAYS_OF_USE,))
