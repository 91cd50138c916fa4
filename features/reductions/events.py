"""Usage events as the reductions read them, and what several of them share.

A build may put more into `tables` than the source tables (see `features.stored`): the events apart by whether any window
still looks at them, and shared reductions that are stored already. Without them everything is read from `usage_events`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from features.reductions.shapes import GONE, dated, days_active, kept, later, while_any, with_gone
from features.snapshots import day_of

Tables = Mapping[str, Any]
EVENTS = "usage_events"
RECENT = "usage_events within reach of a window"
EARLIER = "usage_events before the reach of any window"
SETTLED = "known before the first snapshot"  # a column of EARLIER
ANCHOR = "first day of a week"  # a number: the day (mod 7) on which the weeks of all snapshots begin
DAYS_OF_USE = "days_of_use"
CORE_USE = "core_use_days"
USE_WEEKS = "weeks_of_use"
IN_TIME = "events_in_time"  # a column of DAYS_OF_USE


def events(tables: Tables) -> Any:
    """Every event that a window may look at."""
    return dated(tables[RECENT if RECENT in tables else EVENTS], "occurred_at")


def by_people(rows: Any) -> Any:
    """Events of people, not of programs. Sources without user ids still tell the days of use: one nameless person."""
    people = rows.filter(~_by_program(rows))
    return people.mutate(user_id=people["user_id"].coalesce(""))


def _by_program(rows: Any) -> Any:
    return rows["channel"].coalesce("ui") == "api"


def all_days(tables: Tables) -> Any:
    """One row per account, person and day of use; a null user_id stands for all programs, which are nobody.

    Where no source restates, also how many events of that day were learned on it: null where all came later.
    """
    rows = events(tables)
    rows = rows.mutate(user_id=_by_program(rows).ifelse(None, rows["user_id"].coalesce("")))
    if GONE in rows.columns:
        return days_active(rows, "user_id")
    in_time = (rows["known_day"] <= rows["day"]).ifelse(rows["count"].coalesce(1), None)
    found = rows.group_by("account_id", "user_id", "day")
    return found.agg(known_day=rows["known_day"].min(), **{IN_TIME: in_time.cast("float64").sum()})


def person_days(tables: Tables) -> Any:
    """One row per account, person and day of use."""
    if DAYS_OF_USE in tables:
        days = tables[DAYS_OF_USE]
        return kept(days.filter(days["user_id"].notnull()), "user_id", active=1)
    return days_active(by_people(events(tables)), "user_id")


def counted(tables: Tables) -> Any:
    """account_id, day, known_day, `by_program` and `count`: events, many of one day as one row where days are stored."""
    import ibis

    rows = events(tables)
    rows = rows.mutate(by_program=_by_program(rows), count=rows["count"].coalesce(1))
    if DAYS_OF_USE not in tables or IN_TIME not in tables[DAYS_OF_USE].columns:
        return kept(rows, "by_program", "count")
    days = tables[DAYS_OF_USE]
    days = days.filter(days[IN_TIME].notnull())
    in_time = days.select(
        "account_id",
        "day",
        known_day=days["day"],
        by_program=days["user_id"].isnull(),
        count=days[IN_TIME].cast("int64"),
    )
    # Moments first: they are there to be compared, days must be made.
    late = rows.filter(rows["known_at"] > rows["occurred_at"])
    late = late.filter(late["known_day"] > late["day"])
    return ibis.union(in_time, late.select(*in_time.columns), distinct=False)


def last_days(tables: Tables) -> Any:
    """account_id, day and known_day of use by people: the days that may be the last before a snapshot."""
    recent = _last_of_weeks(days_active(person_days(tables)), tables)
    return recent if EARLIER not in tables else _and_last_of(recent, by_people(_earlier(tables)))


def days_of_use(tables: Tables) -> Any:
    """account_id, day and known_day of use by anyone: every day in reach, and of earlier ones the last."""
    if EARLIER not in tables:
        return kept(events(tables))
    recent = tables[DAYS_OF_USE] if DAYS_OF_USE in tables else all_days(tables)
    return _and_last_of(_last_of_weeks(recent, tables), _earlier(tables))


def _last_of_weeks(days: Any, tables: Tables) -> Any:
    """Of the days that fall into one week and were learned in one week the last: no snapshot tells them apart."""
    if ANCHOR not in tables:
        return days
    anchor = tables[ANCHOR]
    gone = [GONE] if GONE in days.columns else []
    week, learned = (days["day"] - anchor) // 7, (later(days["day"], days["known_day"]) - anchor) // 7
    found = days.group_by("account_id", *gone, week=week, learned=learned)
    return kept(found.agg(day=days["day"].max(), known_day=days["known_day"].max()))


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


def feature_weeks(tables: Tables, column: str) -> Any:
    """Use by people of what `column` names (feature or module): its weeks where they are stored, else its events."""
    if USE_WEEKS in tables:
        return tables[USE_WEEKS].of(column)
    people = by_people(events(tables))
    people = people.filter(people[column].notnull())
    return kept(people, entity=people[column])


SHARED: Mapping[str, Callable[[Tables], Any]] = {DAYS_OF_USE: all_days, CORE_USE: core_use_days}
