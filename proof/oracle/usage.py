"""Usage indicators, recomputed from their docstrings: how much and how steadily, by how many people."""

from __future__ import annotations

from datetime import date
from statistics import pstdev

from proof.oracle.past import Row, View, day, ratio

EVENTS = "usage_events"
LEAST = 8  # user-days; below them a change says nothing


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


def change(now: float, before: float | None, *, baseline: float | None = None) -> float | None:
    share = ratio(now, before)
    return None if share is None or (baseline is not None and baseline < LEAST) else share - 1


def trend(view: View) -> float | None:
    """Least squares over twelve weeks, as a share of the mean week."""
    weekly = [user_days(view, 7, 7 * age) for age in reversed(range(12))]
    if sum(weekly) < LEAST:
        return None
    centre = 11 / 2
    slope = sum((i - centre) * v for i, v in enumerate(weekly)) / sum((i - centre) ** 2 for i in range(12))
    return slope / (sum(weekly) / 12)


def by_week(view: View, days: int, ago: int = 0) -> list[int]:
    return [user_days(view, 7, ago + 7 * i) for i in range(days // 7)]


def volatility(view: View) -> float | None:
    weekly = by_week(view, 84)
    return pstdev(weekly) / (sum(weekly) / 12) if sum(weekly) >= LEAST else None


def deviation(view: View) -> float | None:
    """The last four weeks against the account's own twelve weeks before, in its own standard deviations."""
    normal = by_week(view, 84, 28)
    if sum(normal) < LEAST:
        return None
    return (user_days(view, 28) / 4 - sum(normal) / 12) / max(pstdev(normal), 0.5)


def active_days(view: View, days: int, ago: int = 0, *, weekend: bool = False) -> int:
    found = {day(r["occurred_at"]) for r in by_people(view, days, ago)}
    return len({d for d in found if not weekend or d.weekday() >= 5})


def depth(view: View, days: int, ago: int = 0) -> float | None:
    return ratio(events(view, days, ago) - events(view, days, ago, "api"), user_days(view, days, ago))


def people(view: View, days: int, ago: int = 0) -> set[str]:
    return {r["user_id"] or "" for r in by_people(view, days, ago)}


def regulars(view: View) -> set[str]:
    return set.intersection(*(people(view, 7, 7 * week) for week in range(4)))


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
    "active_user_days_84d": ((EVENTS,), lambda v: user_days(v, 84)),
    "daily_active_users_28d": ((EVENTS,), lambda v: user_days(v, 28) / 28),
    "user_days_per_seat_percentile_28d": ((EVENTS,), lambda v: ratio(user_days(v, 28), v.line["seats"])),
    "login_change_vs_segment_28d": (
        (EVENTS,), lambda v: change(user_days(v, 28), long_before(v) / 3, baseline=long_before(v))),
    "usage_volatility_84d": ((EVENTS,), volatility),
    "usage_deviation_28d": ((EVENTS,), deviation),
    "active_days_84d": ((EVENTS,), lambda v: active_days(v, 84)),
    "active_days_change_28d": (
        (EVENTS,), lambda v: change(active_days(v, 28), active_days(v, 84, 28) / 3, baseline=long_before(v))),
    "weekend_share_84d": (
        (EVENTS,),
        lambda v: ratio(active_days(v, 84, weekend=True), active_days(v, 84)) if user_days(v, 84) >= LEAST else None),
    "events_per_user_day_28d": ((EVENTS,), lambda v: depth(v, 28) if user_days(v, 28) >= LEAST else None),
    "depth_change_28d": (
        (EVENTS,),
        lambda v: None if (now := depth(v, 28)) is None else change(now, depth(v, 84, 28), baseline=long_before(v))),
    "active_users_84d": ((EVENTS,), lambda v: len(people(v, 84))),
    "weekly_stickiness_28d": ((EVENTS,), lambda v: ratio(len(people(v, 7)), len(people(v, 28)))),
    "regular_users_28d": ((EVENTS,), lambda v: len(regulars(v))),
    "regular_user_share_28d": ((EVENTS,), lambda v: ratio(len(regulars(v)), len(people(v, 28)))),
    "new_users_28d": ((EVENTS,), lambda v: len(people(v, 28) - people(v, 84, 28))),
    "lapsed_users_28d": ((EVENTS,), lambda v: len(people(v, 28, 28) - people(v, 28))),
}  # fmt: skip
EVIDENCE = {
    "login_change_28d": (lambda v: long_before(v) / 3, lambda v: user_days(v, 28)),
    "login_change_7d": (lambda v: user_days(v, 28, 7) / 4, lambda v: user_days(v, 7)),
    "usage_trend_84d": (lambda v: user_days(v, 28, 56), lambda v: user_days(v, 28)),
    "events_change_28d": (lambda v: events(v, 84, 28) / 3, lambda v: events(v, 28)),
    "active_users_change_28d": (lambda v: distinct(v, "user_id", 28, 28), lambda v: distinct(v, "user_id", 28)),
    "user_days_per_seat_percentile_28d": (
        lambda v: ratio(user_days(v, 28, 28), v.line["seats"]), lambda v: ratio(user_days(v, 28), v.line["seats"])),
    "login_change_vs_segment_28d": (lambda v: long_before(v) / 3, lambda v: user_days(v, 28)),
    "usage_deviation_28d": (lambda v: long_before(v) / 3, lambda v: user_days(v, 28)),
    "active_days_change_28d": (lambda v: active_days(v, 84, 28) / 3, lambda v: active_days(v, 28)),
    "depth_change_28d": (lambda v: depth(v, 84, 28), lambda v: depth(v, 28)),
}  # fmt: skip
