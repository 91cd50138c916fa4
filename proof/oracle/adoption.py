"""Adoption indicators, recomputed from their docstrings: seats, modules, features, programs."""

from __future__ import annotations

from proof.oracle.past import Row, View, day, ratio
from proof.oracle.usage import EVENTS, LEAST, by_people, change, distinct, events, long_before, people, user_days

OWNED = "entitlements"


def core_events(view: View, days: int, ago: int = 0) -> list[Row]:
    return on_level(view, days, ago, "core")


def on_level(view: View, days: int, ago: int, *levels: str) -> list[Row]:
    """Use by people of features the account owns, or has owned, at these levels."""
    owned = {r["feature"] for r in view.of(OWNED) if r["level"] in levels}
    return [r for r in by_people(view, days, ago) if r["feature"] in owned]


def core_days(view: View, days: int, ago: int = 0) -> int:
    rows = core_events(view, days, ago)
    return len({(r["user_id"] or "", r["feature"], day(r["occurred_at"])) for r in rows})


def owned(view: View, column: str, level: str | None = None) -> int:
    """What the account is entitled to: begun before as_of and not ended before it."""
    rows = [r for r in view.of(OWNED) if r["ends_on"] is None and level in (None, r["level"])]
    return len({r[column] for r in rows})


def adopted(view: View) -> int:
    """Core features used by two people on two days of the last 28."""
    used: dict[str, list[Row]] = {}
    for row in core_events(view, 28):
        used.setdefault(row["feature"], []).append(row)
    return sum(
        len({r["user_id"] or "" for r in rows}) >= 2 and len({day(r["occurred_at"]) for r in rows}) >= 2
        for rows in used.values()
    )


def core_people(view: View, ago: int = 0) -> int:
    return len({r["user_id"] or "" for r in core_events(view, 28, ago)})


def core_people_before(view: View) -> float:
    return (core_people(view, 28) + core_people(view, 56) + core_people(view, 84)) / 3


def core_lost(view: View) -> int:
    """Core features used in three of the four 28-day blocks before, and not in the last."""
    blocks = [{r["feature"] for r in core_events(view, 28, 28 * i)} for i in range(5)]
    before = [f for f in set().union(*blocks[1:]) if sum(f in block for block in blocks[1:]) >= 3]
    return len(set(before) - blocks[0])


def features(view: View, days: int, ago: int = 0) -> set[str]:
    return {r["feature"] for r in by_people(view, days, ago)} - {None}


def calls(view: View, days: int, ago: int = 0) -> int:
    return events(view, days, ago, channel="api")


def entitled_calls(view: View) -> int | None:
    rows = [r for r in view.of(OWNED) if r["ends_on"] is None]
    named = any("api" in (r["module"].lower(), r["feature"].lower()) for r in rows)
    return calls(view, 28) if named else None


def share_used(view: View, *levels: str) -> float | None:
    used = {r["feature"] for r in on_level(view, 28, 0, *levels)}
    return ratio(len(used), owned(view, "feature", levels[0] if len(levels) == 1 else None))


def idle_seats(view: View) -> float | None:
    seats = view.line["seats"]
    return None if seats is None else max(seats - len(people(view, 28)), 0)


INDICATORS = {
    "seat_utilisation_28d": ((EVENTS,), lambda v: ratio(distinct(v, "user_id", 28), v.line["seats"])),
    "modules_used_28d": ((EVENTS,), lambda v: distinct(v, "module", 28)),
    "module_breadth_28d": ((EVENTS, OWNED), lambda v: ratio(distinct(v, "module", 28), owned(v, "module"))),
    "features_used_28d": ((EVENTS,), lambda v: distinct(v, "feature", 28)),
    "features_used_change_28d": (
        (EVENTS,),
        lambda v: change(distinct(v, "feature", 28), distinct(v, "feature", 28, 28), baseline=long_before(v))),
    "core_use_change_28d": (
        (EVENTS, OWNED),
        lambda v: change(core_days(v, 28), core_days(v, 84, 28) / 3, baseline=core_days(v, 84, 28))),
    "api_events_28d": ((EVENTS,), lambda v: events(v, 28, channel="api")),
    "core_adoption_28d": ((EVENTS, OWNED), lambda v: ratio(adopted(v), owned(v, "feature", "core"))),
    "core_use_share_28d": ((EVENTS, OWNED), lambda v: share_used(v, "core")),
    "advanced_use_share_28d": ((EVENTS, OWNED), lambda v: share_used(v, "advanced")),
    "feature_use_share_28d": ((EVENTS, OWNED), lambda v: share_used(v, "core", "advanced")),
    "core_users_28d": ((EVENTS, OWNED), core_people),
    "core_users_change_28d": (
        (EVENTS, OWNED), lambda v: change(core_people(v), core_people_before(v), baseline=core_days(v, 84, 28))),
    "core_features_lost_28d": ((EVENTS, OWNED), core_lost),
    "new_features_28d": ((EVENTS,), lambda v: len(features(v, 28) - features(v, 84, 28))),
    "modules_used_change_84d": (
        (EVENTS,),
        lambda v: change(distinct(v, "module", 84), distinct(v, "module", 84, 84), baseline=user_days(v, 84, 84))),
    "features_per_user_28d": (
        (EVENTS,),
        lambda v: ratio(len(features(v, 28)), len(people(v, 28))) if user_days(v, 28) >= LEAST else None),
    "seat_utilisation_84d": ((EVENTS,), lambda v: ratio(len(people(v, 84)), v.line["seats"])),
    "seat_utilisation_14d": ((EVENTS,), lambda v: ratio(len(people(v, 14)), v.line["seats"])),
    "idle_seats_28d": ((EVENTS,), idle_seats),
    "api_use_28d": ((EVENTS, OWNED), entitled_calls),
    "api_change_28d": (
        (EVENTS,), lambda v: change(calls(v, 28), calls(v, 84, 28) / 3, baseline=calls(v, 84, 28))),
    "api_share_28d": ((EVENTS,), lambda v: ratio(calls(v, 28), events(v, 28))),
}  # fmt: skip
EVIDENCE = {
    "features_used_change_28d": (lambda v: distinct(v, "feature", 28, 28), lambda v: distinct(v, "feature", 28)),
    "core_use_change_28d": (lambda v: core_days(v, 84, 28) / 3, lambda v: core_days(v, 28)),
    "core_users_change_28d": (core_people_before, core_people),
    "modules_used_change_84d": (lambda v: distinct(v, "module", 84, 84), lambda v: distinct(v, "module", 84)),
    "api_change_28d": (lambda v: calls(v, 84, 28) / 3, lambda v: calls(v, 28)),
}  # fmt: skip
