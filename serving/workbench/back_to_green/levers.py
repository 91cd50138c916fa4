"""An input that work goes with: which way is better, which values on the way are worth stopping at, what moves with it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.health_score import points
from policy.policy import HealthInput, Policy

LOGINS = "user_days_per_seat_28d"
LOGIN_CHANGE = "login_change_28d"
USER_DAYS = "active_user_days_28d"
USER_DAYS_BEFORE = "active_user_days_84d"
BLOCKS_BEFORE = 3
HAIR = 1e-9
"""The share by which a value is moved to lie surely on one side of a jump."""
WHOLE = ("count", "days")
"""Units that come in whole numbers."""


def rule_of(indicator: str, policy: Policy) -> HealthInput | None:
    """How the indicator becomes points; null for one that only caps a component."""
    return next((i for inputs in policy.health.inputs.values() for i in inputs if i.indicator == indicator), None)


def actionable(policy: Policy) -> tuple[str, ...]:
    """The inputs that somebody can move and that the health score reads, in the order of the policy."""
    read = {cap.while_ for cap in policy.health.caps}
    return tuple(name for name in policy.back_to_green.inputs if name in read or rule_of(name, policy) is not None)


def component_of(indicator: str, policy: Policy) -> str:
    """The component it is an input of, or caps."""
    for component, inputs in policy.health.inputs.items():
        if any(i.indicator == indicator for i in inputs):
            return component
    return next(cap.component for cap in policy.health.caps if cap.while_ == indicator)


def better(indicator: str, policy: Policy) -> int:
    """1 where more earns more points, -1 where less does."""
    rule = rule_of(indicator, policy)
    if rule is None:
        return -1
    curve = rule.points or rule.steps
    return 1 if curve[-1][1] >= curve[0][1] else -1


def earned(values: pd.Series, indicator: str, policy: Policy) -> pd.Series:
    """Points of a value, 0–100; of what only caps: 100 where it does not, else 0. Null stays null."""
    rule = rule_of(indicator, policy)
    if rule is not None:
        return points(values, rule)
    return pd.Series(np.where(values.isna(), np.nan, np.where(values > 0, 0.0, 100.0)), index=values.index)


def window_days(indicator: str) -> int | None:
    """The length of its window, which stands in its name; null for a state.

    >>> window_days("meeting_attendance_182d"), window_days("open_escalations")
    (182, None)
    """
    found = re.search(r"_(\d+)d$", indicator)
    return int(found[1]) if found else None


def window_bound(indicator: str, value: float, days: int, policy: Policy) -> float | None:
    """How far a share can move while only `days` of its window are new, as if each day held as much; null: any distance.

    The rest of the window stays what it is: of 182 days with a share of 0.5, 28 new ones at best make 0.577.
    """
    window, known = window_days(indicator), catalogue(policy)[indicator]
    if known.unit != "share" or window is None or window <= days:
        return None
    end = known.high if better(indicator, policy) > 0 else known.low
    return None if end is None else value + (end - value) * days / window


def levels(indicator: str, value: float, bound: float, row: Mapping[str, float], policy: Policy) -> list[float]:
    """Values from here to the bound that are worth stopping at, the nearest first; none if the bound is behind.

    Of what is counted in whole numbers every one on a sloping line; of a step its nearest value; else where the points
    bend. The bound itself is the last. What lies between two bends of a line is `between`'s to say.
    """
    sign = better(indicator, policy)
    whole = catalogue(policy)[indicator].unit in WHOLE
    if whole:
        bound = float(np.floor(bound) if sign > 0 else np.ceil(bound))
    rule = rule_of(indicator, policy)
    if rule is None:
        bends = []
    elif rule.steps:
        bends = [_nearest_of_step(x, sign, whole=whole) for x, _ in rule.steps]
    elif whole:
        ends = rule.points[-1][0] if sign > 0 else rule.points[0][0]
        last = sign * min(sign * bound, sign * ends)
        bends = [float(n) for n in np.arange(np.floor(value) if sign > 0 else np.ceil(value), last + sign, sign)]
    else:
        bends = [x for x, _ in rule.points]
    change = rule_of(LOGIN_CHANGE, policy)
    if indicator == LOGINS and change is not None and (per := logins_at_rest(row)) is not None:
        bends += [(1 + x) * per for x, _ in change.points or change.steps]
        # Usage surely still counts as falling a hair before it, and surely no longer a hair behind.
        jump = (1 + policy.health.falling_usage) * per
        bends += [jump * (1 - HAIR), jump * (1 + HAIR)]
    ahead = {x for x in bends if 0 < sign * (x - value) < sign * (bound - value)}
    found = sorted(ahead, key=lambda x: sign * x)
    return [*found, bound] if sign * (bound - value) > 0 else found


def between(indicator: str, before: float, after: float, policy: Policy) -> bool:
    """Whether it can also stop between two levels, and earns points in proportion there."""
    rule = rule_of(indicator, policy)
    straight = rule is not None and bool(rule.points) and catalogue(policy)[indicator].unit not in WHOLE
    # Two levels a hair apart are the two sides of a jump.
    return straight and abs(after - before) > 10 * HAIR * abs(after)


def _nearest_of_step(start: float, sign: int, *, whole: bool) -> float:
    """The first value met on the way into a step: its start from below, from above the last one before the next step."""
    if sign > 0:
        return float(np.ceil(start)) if whole else start
    return float(np.ceil(start) - 1) if whole else float(np.nextafter(start, -np.inf))


def moved(indicator: str, value: float, row: Mapping[str, float]) -> dict[str, float]:
    """The columns of a feature row that this value comes with, in four weeks' time.

    Logins are told twice: more of them per seat is also a rise against the twelve weeks before, which by then hold the
    four weeks of today. A change that is not known today stays so.
    """
    found = {indicator: value}
    if indicator == LOGINS:
        seats, per = row.get("seats"), logins_at_rest(row)
        if seats is not None and seats == seats and USER_DAYS in row:
            found[USER_DAYS] = value * seats
        if per is not None:
            found[LOGIN_CHANGE] = value / per - 1
    return found


def logins_at_rest(row: Mapping[str, float]) -> float | None:
    """User-days per seat of the mean block before, in four weeks' time; null where the change is not known."""
    before, seats, change = (row.get(name, float("nan")) for name in (USER_DAYS_BEFORE, "seats", LOGIN_CHANGE))
    if not (before > 0 and seats > 0 and change == change):
        return None
    return before / BLOCKS_BEFORE / seats
