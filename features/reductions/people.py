"""The people of an account: who is in place, who left, and who of them still uses the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.events import DAYS_OF_USE, person_days
from features.reductions.shapes import GONE, OPEN, dated, kept, later, sooner, visible_together
from features.snapshots import day_of

Tables = Mapping[str, Any]
KEY_ROLES = ("champion", "sponsor")


def _in_role(*roles: str) -> Any:
    def rows(tables: Tables) -> Any:
        people = _people(tables)
        return people.filter(people["role"].isin(roles)) if roles else people

    return rows


def _people(tables: Tables) -> Any:
    rows = dated(tables["users"], "created_at")
    first = sooner(day_of(rows["deactivated_at"]), day_of(rows["bounced_at"]))
    version = day_of(rows["known_at"])
    return kept(rows, "user_id", "role", "department", end_day=first, people=1, version=version)


def _left(*roles: str) -> Any:
    def rows(tables: Tables) -> Any:
        people = _in_role(*roles)(tables)
        people = people.filter(people["end_day"].notnull())
        gone = kept(people, day=people["end_day"], known_day=later(people["known_day"], people["end_day"]), left=1)
        if not roles or GONE not in people.columns:
            return gone
        lost = _lost_role(tables, roles)
        return gone.union(lost.select(*gone.columns), distinct=False)

    return rows


def _departures(*roles: str) -> Any:
    """Departures as states without an end, so that their days can be asked for."""

    def rows(tables: Tables) -> Any:
        import ibis

        return _left(*roles)(tables).mutate(end_day=ibis.null("int64"))

    return rows


def _leavers(tables: Tables) -> Any:
    """Who left, by name, on the day it happened."""
    people = _people(tables)
    people = people.filter(people["end_day"].notnull())
    return kept(
        people, day=people["end_day"], known_day=later(people["known_day"], people["end_day"]), entity=people["user_id"]
    )


def _named_use(tables: Tables) -> Any:
    """Use by people whose names are known."""
    events = dated(tables["usage_events"], "occurred_at")
    events = events.filter((events["channel"].coalesce("ui") != "api") & events["user_id"].notnull())
    return kept(events, entity=events["user_id"])


def _lost_role(tables: Tables, roles: tuple[str, ...]) -> Any:
    """People in place whose next version names another role: the role was taken from them on that day."""
    import ibis

    people = _people(tables)
    versions = ibis.window(group_by="user_id", order_by="version")
    people = people.mutate(
        next_role=people["role"].lead().over(versions), next_day=people["version"].lead().over(versions)
    )
    stays = people["next_role"].isin(roles).coalesce(False)
    in_place = people["end_day"].coalesce(OPEN) >= people["next_day"]
    found = people.filter(people["role"].isin(roles) & people["next_day"].notnull() & ~stays & in_place)
    return found.select(
        "account_id", day=found["next_day"], known_day=found["next_day"], left=1, **{GONE: ibis.null("int64")}
    )


def _joined(tables: Tables) -> Any:
    return kept(_people(tables), joined=1)


def _use_in_role(entity: str, *roles: str) -> Any:
    """Days of use with the person's own row: whose use it is, and in which role, is known with that row.

    Who has left by as_of is no longer asked for: their silence is no news.
    """

    def rows(tables: Tables) -> Any:
        used = person_days(tables)
        people = _in_role(*roles)(tables)
        people = people.filter(people[entity].notnull())
        until = people["end_day"] if GONE not in people.columns else sooner(people["end_day"], people[GONE])
        people = people.select(
            "account_id", "user_id", named=people[entity], person_known=people["known_day"], person_gone=until
        )
        found = used.inner_join(people, ["account_id", "user_id"])
        found = visible_together(found, known=found["person_known"], gone=found["person_gone"])
        return kept(found, entity=found["named"])

    return rows


_USE: dict[str, Any] = {"needs": ("user_id",), "also": ("users",), "shares": (DAYS_OF_USE,)}

people = Reduction("people", "users", _in_role())
champions = Reduction("champions", "users", _in_role(*KEY_ROLES), needs=("role",))
only_champions = Reduction("only_champions", "users", _in_role("champion"), needs=("role",))
sponsors = Reduction("sponsors", "users", _in_role("sponsor"), needs=("role",))
admins = Reduction("admins", "users", _in_role("admin"), needs=("role",))
key_people_left = Reduction("key_people_left", "users", _left(*KEY_ROLES), needs=("role",))
admins_left = Reduction("admins_left", "users", _left("admin"), needs=("role",))
key_departures = Reduction("key_departures", "users", _departures(*KEY_ROLES), needs=("role",))
leavers = Reduction("leavers", "users", _leavers)
named_use = Reduction("named_use", "usage_events", _named_use, **_USE)
people_left = Reduction("people_left", "users", _left())
people_joined = Reduction("people_joined", "users", _joined)
key_people_use = Reduction("key_people_use", "usage_events", _use_in_role("user_id", *KEY_ROLES), **_USE)
departments_use = Reduction("departments_use", "usage_events", _use_in_role("department"), **_USE)
