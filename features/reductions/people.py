"""The people of an account, and the steps it should reach."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import dated, days_active, until_next
from features.snapshots import day_of

Tables = Mapping[str, Any]
ACTIVITY = {
    "usage_events": "occurred_at",
    "support_tickets": "opened_at",
    "survey_responses": "answered_at",
    "touchpoints": "occurred_at",
    "milestones": "reached_at",
}


def _in_role(*roles: str) -> Any:
    def rows(tables: Tables) -> Any:
        people = _people(tables)
        return people.filter(people["role"].isin(roles)) if roles else people

    return rows


def _people(tables: Tables) -> Any:
    rows = dated(tables["users"], "created_at")
    gone, bounced = day_of(rows["deactivated_at"]), day_of(rows["bounced_at"])
    first = (bounced < gone).ifelse(bounced, gone).coalesce(gone, bounced)
    return rows.select("account_id", "user_id", "role", "day", "known_day", end_day=first, people=1)


def _left(*roles: str) -> Any:
    def rows(tables: Tables) -> Any:
        people = _in_role(*roles)(tables)
        people = people.filter(people["end_day"].notnull())
        known = (people["known_day"] > people["end_day"]).ifelse(people["known_day"], people["end_day"])
        return people.select("account_id", day=people["end_day"], known_day=known, left=1)

    return rows


def _due(tables: Tables) -> Any:
    rows = dated(tables["milestones"], "due_on")
    return rows.select("account_id", "day", "known_day", due=1, end_day=day_of(rows["reached_at"]))


def _reached(*kinds: str) -> Any:
    def rows(tables: Tables) -> Any:
        import ibis

        found = dated(tables["milestones"], "reached_at")
        if kinds:
            found = found.filter(found["kind"].isin(kinds))
        late = day_of(found["reached_at"]) - day_of(found["due_on"])
        # Lateness is known only once the due date has passed; reached before it, the step is early by the rest.
        return found.select(
            "account_id",
            "day",
            "known_day",
            reached=1,
            late=(late > 0).coalesce(False).cast("int64"),
            end_day=ibis.null("int64"),
        )

    return rows


def signs_of_life(tables: Tables) -> Any:
    """account_id, day, known_day of everything the customer did; our own outreach is no sign of life."""
    import ibis

    found = []
    for name, at in ACTIVITY.items():
        if name in tables:
            rows = dated(tables[name], at)
            if name == "touchpoints":
                rows = rows.filter((rows["direction"] == "theirs") | rows["attended"].coalesce(False))
            found.append(rows.select("account_id", "day", "known_day"))
    return ibis.union(*found, distinct=False) if len(found) > 1 else found[0]


def _any_activity(tables: Tables) -> Any:
    return until_next(days_active(signs_of_life(tables)), by=("account_id",))


people = Reduction("people", "users", _in_role())
champions = Reduction("champions", "users", _in_role("champion", "sponsor"), needs=("role",))
admins = Reduction("admins", "users", _in_role("admin"), needs=("role",))
key_people_left = Reduction("key_people_left", "users", _left("champion", "sponsor"), needs=("role",))
admins_left = Reduction("admins_left", "users", _left("admin"), needs=("role",))
people_left = Reduction("people_left", "users", _left())
missed = Reduction("milestones_due", "milestones", _due, needs=("due_on",))
reached = Reduction("milestones_reached", "milestones", _reached())
key_actions = Reduction("key_actions", "milestones", _reached("key_action"))
first_value = Reduction("first_value", "milestones", _reached("first_value"))
any_activity = Reduction("any_activity", "*", _any_activity)
