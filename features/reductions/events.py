"""Usage events as the reductions read them, and what several of them share.

A build may put more into `tables` than the source tables (see `features.stored`): the events apart by whether any window
still looks at them, and shared reductions that are stored already. Without them everything is read from `usage_events`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from features.reductions.shapes import GONE, dated, days_active, kept, while_any, with_gone
from features.snapshots import day_of

Tables = Mapping[str, Any]
EVENTS = "usage_events"
RECENT = "usage_events within reach of a window"
EARLIER = "usage_events before the reach of any window"
SETTLED = "known before the first snapshot"  # a column of EARLIER
PERSON_DAYS = "person_days"
CORE_USE = "core_use_days"


def events(tables: Tables) -> Any:
    """Every event that a window may look at."""
    return dated(tables[RECENT if RECENT in tables else EVENTS], "occurred_at")


def by_people(rows: Any) -> Any:
    """Events of people, not of programs. Sources without user ids still tell the days of use: one nameless person."""
    people = rows.filter(rows["channel"].coalesce("ui") != "api")
    return people.mutate(user_id=people["user_id"].coalesce(""))


def person_days(tables: Tables) -> Any:
    """One row per account, person and day of use."""
    if PERSON_DAYS in tables:
        return tables[PERSON_DAYS]
    return days_active(by_people(events(tables)), "user_id")


def last_days(tables: Tables) -> Any:
    """account_id, day and known_day of use by people: every day in reach, and of earlier ones the last."""
    recent = days_active(person_days(tables))
    return recent if EARLIER not in tables else _and_last_of(recent, by_people(_earlier(tables)))


def days_of_use(tables: Tables) -> Any:
    """account_id, day and known_day of use by anyone: every day in reach, and of earlier ones the last."""
    import ibis

    if EARLIER not in tables:
        return kept(events(tables))
    by_programs = events(tables).filter(lambda t: t["channel"] == "api")
    recent = ibis.union(kept(person_days(tables)), kept(by_programs), distinct=False)
    return _and_last_of(recent, _earlier(tables))


def _earlier(tables: Tables) -> Any:
    return dated(tables[EARLIER], "occurred_at")


def _and_last_of(recent: Any, earlier: Any) -> Any:
    """Days with the last of the earlier ones; what was not known at the first snapshot, or taken back, stays apart."""
    import ibis

    late = earlier[SETTLED].ifelse(None, earlier["known_day"])
    gone = [GONE] if GONE in earlier.columns else []
    last = earlier.group_by("account_id", *gone, late=late).agg(at=earlier["occurred_at"].max())
    last = last.mutate(day=day_of(last["at"]))
    last = last.mutate(known_day=last["late"].coalesce(last["day"]))
    return ibis.union(kept(recent), kept(last), distinct=False)


def owned_at(tables: Tables, *levels: str) -> Any:
    """account_id, feature, `owned_known` (the day its level is known) and, where restated, `owned_gone`."""
    import ibis

    owned = tables["entitlements"]
    owned = with_gone(owned.filter(owned["level"].isin(levels)))
    start, known = begun(owned)
    since = (known > start).ifelse(known, start)
    if GONE not in owned.columns:
        dated_rows = owned.mutate(since=since)
        return dated_rows.group_by("account_id", "feature").agg(owned_known=dated_rows["since"].min())
    held = owned.mutate(day=since, known_day=since, end_day=ibis.null("int64"))
    held = while_any(held, by=("account_id", "feature"))
    gone = (held["end_day"] < 10**6).ifelse(held["end_day"], None)
    return held.select("account_id", "feature", owned_known=held["day"], owned_gone=gone)


def begun(owned: Any) -> tuple[Any, Any]:
    """The day an entitlement starts and the day it was known; without a start it is there since the row was known."""
    start = day_of(owned["starts_on"]).coalesce(day_of(owned["known_at"]), -(10**5))
    return start, day_of(owned["known_at"]).coalesce(start)


def core_use_days(tables: Tables) -> Any:
    """One row per account, person, core feature and day of use, whenever the feature was owned."""
    if CORE_USE in tables:
        return tables[CORE_USE]
    core = owned_at(tables, "core").select("account_id", "feature").distinct()
    used = by_people(events(tables)).semi_join(core, ["account_id", "feature"])
    return days_active(used, "user_id", "feature")


SHARED: Mapping[str, Callable[[Tables], Any]] = {PERSON_DAYS: person_days, CORE_USE: core_use_days}
