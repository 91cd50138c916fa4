"""Usage events by people and by programs, and the features an account has paid for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import (
    GONE,
    dated,
    days_active,
    kept,
    until_next,
    visible_together,
    while_any,
    with_gone,
)
from features.snapshots import day_of

Tables = Mapping[str, Any]
# An account pays for programmatic access where it owns a module or feature of this name.
API = "api"


def _by_people(tables: Tables) -> Any:
    events = dated(tables["usage_events"], "occurred_at")
    events = events.filter(events["channel"].coalesce("ui") != "api")
    # Sources without user ids still tell on which days the account was active: one nameless person.
    return events.mutate(user_id=events["user_id"].coalesce(""))


def _volume(tables: Tables) -> Any:
    events = dated(tables["usage_events"], "occurred_at")
    count, by_program = events["count"].coalesce(1), events["channel"] == "api"
    return kept(
        events,
        events=count,
        api_events=by_program.ifelse(count, 0),
        people_events=by_program.coalesce(False).ifelse(0, count),
    )


def _distinct(column: str) -> Any:
    def rows(tables: Tables) -> Any:
        people = _by_people(tables)
        people = people.filter(people[column].notnull())
        return kept(people, entity=people[column])

    return rows


def _active_days(tables: Tables) -> Any:
    days = days_active(_by_people(tables))
    # 1970-01-01 was a Thursday: day number + 3 counts from a Monday.
    return days.mutate(weekend=((days["day"] + 3) % 7 >= 5).cast("int64"))


def _of_level(*levels: str) -> Any:
    """Use by people of the features an account owns at these levels: one row per person, feature and day."""

    def rows(tables: Tables) -> Any:
        owned = tables["entitlements"]
        owned = with_gone(owned.filter(owned["level"].isin(levels)))
        used = days_active(_by_people(tables), "user_id", "feature")
        return _used_once_owned(used, owned)

    return rows


def _used_once_owned(used: Any, owned: Any) -> Any:
    """Use of owned features: that a feature is of a level is a fact of its own, so the use counts once both are known."""
    start, known = _begun(owned)
    since = (known > start).ifelse(known, start)
    if GONE in owned.columns:
        import ibis

        held = owned.mutate(day=since, known_day=since, end_day=ibis.null("int64"))
        owned = while_any(held, by=("account_id", "feature"))
        gone = (owned["end_day"] < 10**6).ifelse(owned["end_day"], None)
        owned = owned.select("account_id", "feature", owned_known=owned["day"], owned_gone=gone)
    else:
        owned = owned.mutate(since=since).group_by("account_id", "feature").agg(owned_known=lambda t: t["since"].min())
    joined = used.inner_join(owned, ["account_id", "feature"])
    gone = joined["owned_gone"] if "owned_gone" in joined.columns else None
    return visible_together(joined, known=joined["owned_known"], gone=gone)


def _entities(rows_of: Any, entity: str) -> Any:
    def rows(tables: Tables) -> Any:
        found = rows_of(tables)
        return kept(found, entity=found[entity])

    return rows


def _features_by_member(rows_of: Any) -> Any:
    def rows(tables: Tables) -> Any:
        found = rows_of(tables)
        return kept(found, entity=found["feature"], member=found["user_id"], active=1)

    return rows


def _last_day(tables: Tables) -> Any:
    return until_next(days_active(_by_people(tables)), by=("account_id",))


def _begun(owned: Any) -> tuple[Any, Any]:
    """The day an entitlement starts and the day it was known; without a start it is there since the row was known."""
    start = day_of(owned["starts_on"]).coalesce(day_of(owned["known_at"]), -(10**5))
    return start, day_of(owned["known_at"]).coalesce(start)


def _owned(choose: Any, column: str) -> Any:
    """What an account is entitled to, as states: one per distinct value of `column`."""

    def rows(tables: Tables) -> Any:
        owned = with_gone(tables["entitlements"])
        owned = owned.filter(choose(owned))
        start, known = _begun(owned)
        owned = owned.mutate(day=start, known_day=known, end_day=day_of(owned["ends_on"]), entity=owned[column])
        return while_any(owned, by=("account_id", "entity"))

    return rows


def _everything(owned: Any) -> Any:
    return owned["account_id"].notnull()


def _for_programs(owned: Any) -> Any:
    return (owned["module"].lower() == API) | (owned["feature"].lower() == API)


_core, _advanced, _any_level = _of_level("core"), _of_level("advanced"), _of_level("core", "advanced")
_BOTH = {"needs": ("feature",), "also": ("entitlements",)}

user_days = Reduction("user_days", "usage_events", lambda t: days_active(_by_people(t), "user_id"))
active_days = Reduction("active_days", "usage_events", _active_days)
volume = Reduction("volume", "usage_events", _volume)
active_users = Reduction("active_users", "usage_events", _distinct("user_id"), needs=("user_id",))
used_modules = Reduction("used_modules", "usage_events", _distinct("module"), needs=("module",))
used_features = Reduction("used_features", "usage_events", _distinct("feature"), needs=("feature",))
core_feature_days = Reduction("core_feature_days", "usage_events", _core, **_BOTH)
core_features = Reduction("core_features", "usage_events", _entities(_core, "feature"), **_BOTH)
core_users = Reduction(
    "core_users", "usage_events", _entities(_core, "user_id"), needs=("feature", "user_id"), also=("entitlements",)
)
core_use = Reduction(
    "core_use", "usage_events", _features_by_member(_core), needs=("feature", "user_id"), also=("entitlements",)
)
advanced_features = Reduction("advanced_features", "usage_events", _entities(_advanced, "feature"), **_BOTH)
owned_features = Reduction("owned_features", "usage_events", _entities(_any_level, "feature"), **_BOTH)
last_use = Reduction("last_use", "usage_events", _last_day)
entitled_modules = Reduction("entitled_modules", "entitlements", _owned(_everything, "module"))
entitled_features = Reduction("entitled_features", "entitlements", _owned(_everything, "feature"))
entitled_core = Reduction("entitled_core", "entitlements", _owned(lambda t: t["level"] == "core", "feature"))
entitled_advanced = Reduction(
    "entitled_advanced", "entitlements", _owned(lambda t: t["level"] == "advanced", "feature")
)
entitled_api = Reduction("entitled_api", "entitlements", _owned(_for_programs, "feature"))
