"""Usage indicators, recomputed from their docstrings."""

from __future__ import annotations

from datetime import date

from proof.oracle.past import Row, View, day, ratio

EVENTS, OWNED = "usage_events", "entitlements"


def by_people(view: View, days: int, ago: int = 0) -> list[Row]:
    return [r for r in view.of(EVENTS, "occurred_at", days, ago) if r["channel"] != "api"]


def user_days(view: View, days: int, ago: int = 0) -> int:
    """A nameless person is one person."""
    return len({(r["user_id"] or "", day(r["occurred_at"])) for r in by_people(view, days, ago)})


def distinct(view: View, column: str, days: int, ago: int = 0) -> int:
    values = {r[column] for r in by_people(view, days, ago)}
    return len({v or "" for v in values} if column == "user_id" else values - {None})


def events(view: View, days: int, ago: int = 0, channel: str | None = None) -> int:
    rows = view.of(EVENTS, "occurred_at", days, ago)
    return sum(r["count"] or 1 for r in rows if channel is None or r["channel"] == channel)


def core_events(view: View, days: int, ago: int = 0) -> list[Row]:
    core = {r["feature"] for r in view.of(OWNED) if r["level"] == "core"}
    return [r for r in by_people(view, days, ago) if r["feature"] in core]


def core_days(view: View, days: int, ago: int = 0) -> int:
    rows = core_events(view, days, ago)
    return len({(r["user_id"] or "", r["feature"], day(r["occurred_at"])) for r in rows})


def owned(view: View, column: str, level: str | None = None) -> int:
    """What the account is entitled to: begun before as_of and not ended before it."""
    rows = [r for r in view.of(OWNED) if r["ends_on"] is None and level in (None, r["level"])]
    return len({r[column] for r in rows})


def change(now: float, before: float, *, baseline: float | None = None) -> float | None:
    share = ratio(now, before)
    return None if share is None or (baseline is not None and baseline < 8) else share - 1


def trend(view: View) -> float | None:
    """Least squares over twelve weeks, as a share of the mean week."""
    weekly = [user_days(view, 7, 7 * age) for age in reversed(range(12))]
    if sum(weekly) < 8:
        return None
    centre = 11 / 2
    slope = sum((i - centre) * v for i, v in enumerate(weekly)) / sum((i - centre) ** 2 for i in range(12))
    return slope / (sum(weekly) / 12)


def since_last_use(view: View) -> int | None:
    days: list[date] = [day(r["occurred_at"]) for r in view.of(EVENTS) if r["channel"] != "api"]
    return (view.as_of - max(days)).days if days else None


def long_before(view: View) -> int:
    return user_days(view, 84, 28)


INDICATORS = {
    "active_user_days_28d": ((EVENTS,), lambda v: user_days(v, 28)),
    "active_user_days_7d": ((EVENTS,), lambda v: user_days(v, 7)),
    "user_days_per_seat_28d": ((EVENTS,), lambda v: ratio(user_days(v, 28), v.line["seats"])),
    "login_change_28d": (
        (EVENTS,), lambda v: change(user_days(v, 28), long_before(v) / 3, baseline=long_before(v))),
    "login_change_7d": (
        (EVENTS,), lambda v: change(user_days(v, 7), user_days(v, 28, 7) / 4, baseline=user_days(v, 28, 7))),
    "usage_trend_84d": ((EVENTS,), trend),
    "active_days_28d": ((EVENTS,), lambda v: len({day(r["occurred_at"]) for r in by_people(v, 28)})),
    "events_28d": ((EVENTS,), lambda v: events(v, 28)),
    "events_change_28d": (
        (EVENTS,), lambda v: change(events(v, 28), events(v, 84, 28) / 3, baseline=long_before(v))),
    "days_since_last_use": ((EVENTS,), since_last_use),
    "active_users_28d": ((EVENTS,), lambda v: distinct(v, "user_id", 28)),
    "active_users_7d": ((EVENTS,), lambda v: distinct(v, "user_id", 7)),
    "active_users_change_28d": (
        (EVENTS,),
        lambda v: change(distinct(v, "user_id", 28), distinct(v, "user_id", 28, 28), baseline=long_before(v))),
    "stickiness_28d": ((EVENTS,), lambda v: ratio(user_days(v, 28), 28 * distinct(v, "user_id", 28))),
    "seat_utilisation_28d": ((EVENTS,), lambda v: ratio(distinct(v, "user_id", 28), v.line["seats"])),
    "modules_used_28d": ((EVENTS,), lambda v: distinct(v, "module", 28)),
    "module_breadth_28d": ((EVENTS, OWNED), lambda v: ratio(distinct(v, "module", 28), owned(v, "module"))),
    "features_used_28d": ((EVENTS,), lambda v: distinct(v, "feature", 28)),
    "features_used_change_28d": (
        (EVENTS,),
        lambda v: change(distinct(v, "feature", 28), distinct(v, "feature", 28, 28), baseline=long_before(v))),
    "core_adoption_28d": (
        (EVENTS, OWNED),
        lambda v: ratio(len({r["feature"] for r in core_events(v, 28)}), owned(v, "feature", "core"))),
    "core_use_change_28d": (
        (EVENTS, OWNED),
        lambda v: change(core_days(v, 28), core_days(v, 84, 28) / 3, baseline=core_days(v, 84, 28))),
    "api_events_28d": ((EVENTS,), lambda v: events(v, 28, channel="api")),
}  # fmt: skip
EVIDENCE = {
    "login_change_28d": (lambda v: long_before(v) / 3, lambda v: user_days(v, 28)),
    "login_change_7d": (lambda v: user_days(v, 28, 7) / 4, lambda v: user_days(v, 7)),
    "usage_trend_84d": (lambda v: user_days(v, 28, 56), lambda v: user_days(v, 28)),
    "events_change_28d": (lambda v: events(v, 84, 28) / 3, lambda v: events(v, 28)),
    "active_users_change_28d": (lambda v: distinct(v, "user_id", 28, 28), lambda v: distinct(v, "user_id", 28)),
    "features_used_change_28d": (lambda v: distinct(v, "feature", 28, 28), lambda v: distinct(v, "feature", 28)),
    "core_use_change_28d": (lambda v: core_days(v, 84, 28) / 3, lambda v: core_days(v, 28)),
}
