"""Usage events by people and by programs, and the features an account has paid for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.events import (
    CORE_USE,
    DAYS_OF_USE,
    USE_WEEKS,
    begun,
    core_use_days,
    counted,
    feature_weeks,
    last_days,
    owned_at,
    person_days,
)
from features.reductions.shapes import GONE, days_active, kept, until_next, visible_together, while_any, with_gone
from features.snapshots import day_of

Tables = Mapping[str, Any]
# An account pays for programmatic access where it owns a module or feature of this name.
API = "api"


def _volume(tables: Tables) -> Any:
    rows = counted(tables)
    count, by_program = rows["count"], rows["by_program"]
    return kept(
        rows,
        events=count,
        api_events=by_program.ifelse(count, 0),
        people_events=by_program.ifelse(0, count),
    )


def _modules(tables: Tables) -> Any:
    return feature_weeks(tables, "module")


def _features(tables: Tables) -> Any:
    return feature_weeks(tables, "feature")


def _active_days(tables: Tables) -> Any:
    days = days_active(person_days(tables))
    # 1970-01-01 was a Thursday: day number + 3 counts from a Monday.
    return days.mutate(weekend=((days["day"] + 3) % 7 >= 5).cast("int64"))


def _core(tables: Tables) -> Any:
    """Use by people of the features an account owns as core: one row per person, feature and day."""
    return _used_once_owned(core_use_days(tables), owned_at(tables, "core"))


def _owned_as(*levels: str) -> Any:
    """The features an account owns at these levels: that it does is a fact of its own, known on a day of its own."""

    def rows(tables: Tables) -> Any:
        owned = owned_at(tables, *levels)
        gone = {GONE: owned["owned_gone"]} if "owned_gone" in owned.columns else {}
        return owned.select("account_id", entity=owned["feature"], known_day=owned["owned_known"], **gone)

    return rows


def _used_once_owned(used: Any, owned: Any) -> Any:
    """Use of owned features: that a feature is of a level is a fact of its own, so the use counts once both are known."""
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


def _persons(tables: Tables) -> Any:
    rows = person_days(tables)
    return kept(rows, entity=rows["user_id"])


def _last_day(tables: Tables) -> Any:
    return until_next(last_days(tables), by=("account_id",))


def _owned(choose: Any, column: str) -> Any:
    """What an account is entitled to, as states: one per distinct value of `column`."""

    def rows(tables: Tables) -> Any:
        owned = with_gone(tables["entitlements"])
        owned = owned.filter(choose(owned))
        start, known = begun(owned)
        owned = owned.mutate(day=start, known_day=known, end_day=day_of(owned["ends_on"]), entity=owned[column])
        return while_any(owned, by=("account_id", "entity"))

    return rows


def _everything(owned: Any) -> Any:
    return owned["account_id"].notnull()


def _for_programs(owned: Any) -> Any:
    return (owned["module"].lower() == API) | (owned["feature"].lower() == API)


_CORE: dict[str, Any] = {"also": ("entitlements",), "shares": (CORE_USE,)}
_LEVEL: dict[str, Any] = {"needs": ("feature",), "also": ("entitlements",), "shares": (USE_WEEKS,)}

user_days = Reduction("user_days", "usage_events", person_days, shares=(DAYS_OF_USE,))
active_days = Reduction("active_days", "usage_events", _active_days, shares=(DAYS_OF_USE,))
volume = Reduction("volume", "usage_events", _volume, shares=(DAYS_OF_USE,))
active_users = Reduction("active_users", "usage_events", _persons, needs=("user_id",), shares=(DAYS_OF_USE,))
used_modules = Reduction("used_modules", "usage_events", _modules, needs=("module",), shares=(USE_WEEKS,))
used_features = Reduction("used_features", "usage_events", _features, needs=("feature",), shares=(USE_WEEKS,))
core_feature_days = Reduction("core_feature_days", "usage_events", _core, needs=("feature",), **_CORE)
core_features = Reduction("core_features", "usage_events", _features, only=_owned_as("core"), **_LEVEL)
core_users = Reduction("core_users", "usage_events", _entities(_core, "user_id"), needs=("feature", "user_id"), **_CORE)
core_use = Reduction("core_use", "usage_events", _features_by_member(_core), needs=("feature", "user_id"), **_CORE)
advanced_features = Reduction("advanced_features", "usage_events", _features, only=_owned_as("advanced"), **_LEVEL)
owned_features = Reduction("owned_features", "usage_events", _features, only=_owned_as("core", "advanced"), **_LEVEL)
last_use = Reduction("last_use", "usage_events", _last_day, shares=(DAYS_OF_USE,))
entitled_modules = Reduction("entitled_modules", "entitlements", _owned(_everything, "module"))
entitled_features = Reduction("entitled_features", "entitlements", _owned(_everything, "feature"))
entitled_core = Reduction("entitled_core", "entitlements", _owned(lambda t: t["level"] == "core", "feature"))
entitled_advanced = Reduction(
    "entitled_advanced", "entitlements", _owned(lambda t: t["level"] == "advanced", "feature")
)
entitled_api = Reduction("entitled_api", "entitlements", _owned(_for_programs, "feature"))
