"""Usage events by people and by programs, and the features an account has paid for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import dated, days_active, until_next, while_any
from features.snapshots import day_of

Tables = Mapping[str, Any]


def _by_people(tables: Tables) -> Any:
    events = dated(tables["usage_events"], "occurred_at")
    events = events.filter(events["channel"].coalesce("ui") != "api")
    # Sources without user ids still tell on which days the account was active: one nameless person.
    return events.mutate(user_id=events["user_id"].coalesce(""))


def _volume(tables: Tables) -> Any:
    events = dated(tables["usage_events"], "occurred_at")
    return events.select(
        "account_id",
        "day",
        "known_day",
        events=events["count"].coalesce(1),
        api_events=(events["channel"] == "api").ifelse(events["count"].coalesce(1), 0),
    )


def _distinct(column: str) -> Any:
    def rows(tables: Tables) -> Any:
        people = _by_people(tables)
        people = people.filter(people[column].notnull())
        return people.select("account_id", "day", "known_day", entity=people[column])

    return rows


def _core_feature_days(tables: Tables) -> Any:
    events = _by_people(tables)
    core = tables["entitlements"].filter(lambda t: t["level"] == "core")
    start, known = _begun(core)
    core = core.mutate(core_known=(known > start).ifelse(known, start))
    core = core.group_by("account_id", "feature").agg(core_known=core["core_known"].min())
    used = events.inner_join(core, ["account_id", "feature"])
    # That a feature is core is a fact of its own: the use counts once both are known.
    used = used.mutate(known_day=(used["core_known"] > used["known_day"]).ifelse(used["core_known"], used["known_day"]))
    return days_active(used, "user_id", "feature")


def _core_features(tables: Tables) -> Any:
    rows = _core_feature_days(tables)
    return rows.select("account_id", "day", "known_day", entity=rows["feature"])


def _last_day(tables: Tables) -> Any:
    return until_next(days_active(_by_people(tables)), by=("account_id",))


def _begun(owned: Any) -> tuple[Any, Any]:
    """The day an entitlement starts and the day it was known; without a start it is there since the row was known."""
    start = day_of(owned["starts_on"]).coalesce(day_of(owned["known_at"]), -(10**5))
    return start, day_of(owned["known_at"]).coalesce(start)


def _entitled(level: str | None, column: str) -> Any:
    def rows(tables: Tables) -> Any:
        owned = tables["entitlements"]
        if level:
            owned = owned.filter(owned["level"] == level)
        start, known = _begun(owned)
        owned = owned.mutate(day=start, known_day=known, end_day=day_of(owned["ends_on"]), entity=owned[column])
        return while_any(owned, by=("account_id", "entity"))

    return rows


user_days = Reduction("user_days", "usage_events", lambda t: days_active(_by_people(t), "user_id"))
active_days = Reduction("active_days", "usage_events", lambda t: days_active(_by_people(t)))
volume = Reduction("volume", "usage_events", _volume)
active_users = Reduction("active_users", "usage_events", _distinct("user_id"), needs=("user_id",))
used_modules = Reduction("used_modules", "usage_events", _distinct("module"), needs=("module",))
used_features = Reduction("used_features", "usage_events", _distinct("feature"), needs=("feature",))
core_feature_days = Reduction(
    "core_feature_days", "usage_events", _core_feature_days, needs=("feature",), also=("entitlements",)
)
core_features = Reduction("core_features", "usage_events", _core_features, needs=("feature",), also=("entitlements",))
last_use = Reduction("last_use", "usage_events", _last_day)
entitled_modules = Reduction("entitled_modules", "entitlements", _entitled(None, "module"))
entitled_features = Reduction("entitled_features", "entitlements", _entitled(None, "feature"))
entitled_core = Reduction("entitled_core", "entitlements", _entitled("core", "feature"))
