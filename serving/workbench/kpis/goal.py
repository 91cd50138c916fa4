"""The goal tracker (I9): annual churn against the straight line from where it was to where it should go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from policy.policy import Policy

NO_CAUSE = (
    "Whether anything that was done brought the churn down is not said here: without a control group "
    "(`[holdout] share` in churn.toml) nobody can tell."
)


@dataclass(frozen=True)
class GoalPoint:
    """The churn of a year at one day, the line on that day, and how far above the line it lies (share; below: negative)."""

    day: pd.Timestamp
    line: float
    churn: float | None
    above: float | None


@dataclass(frozen=True)
class Goal:
    """From `from_rate` to `to_rate` between two days, the points so far, the last one's verdict, and what it does not say.

    `on_track`: at or below the line; `met`: at or below `to_rate`; both null while the churn is not known.
    """

    from_rate: float
    to_rate: float
    starts_on: pd.Timestamp
    ends_on: pd.Timestamp
    points: tuple[GoalPoint, ...]
    on_track: bool | None
    met: bool | None
    caveat: str = NO_CAUSE


def goal(policy: Policy, day: pd.Timestamp, churn: Iterable[tuple[pd.Timestamp, float | None]]) -> Goal:
    """The tracker as of a day, from the annual churn of ARR by day, oldest first, the day asked for last.

    The line begins on `tasks.churn_goal.starts_on`, by default `scenario.months` before the day, and takes that long;
    before it the rate is where it starts, after it where it ends.
    """
    rule, length = policy.tasks.churn_goal, policy.scenario.months
    starts = day - pd.DateOffset(months=length) if rule.starts_on is None else pd.Timestamp(rule.starts_on)
    ends = starts + pd.DateOffset(months=length)
    points = []
    for at, found in churn:
        if at < starts:
            continue
        part = min((at - starts) / (ends - starts), 1.0)
        line = rule.from_rate + part * (rule.to_rate - rule.from_rate)
        points.append(GoalPoint(at, line, found, None if found is None else found - line))
    last = points[-1] if points else None
    known = last is not None and last.churn is not None
    return Goal(
        rule.from_rate,
        rule.to_rate,
        starts,
        ends,
        tuple(points),
        on_track=bool(last.above <= 0) if known and last and last.above is not None else None,
        met=bool(last.churn <= rule.to_rate) if known and last and last.churn is not None else None,
    )
