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
    """The churn of a year at one day, the line on that day, and how far above the line it lies (share; below: negative).

    `line` is null where no goal is dated, and before its day.
    """

    day: pd.Timestamp
    line: float | None
    churn: float | None
    above: float | None


@dataclass(frozen=True)
class Goal:
    """From `from_rate` to `to_rate` between two days, the points so far, the last one's verdict, and what it does not say.

    `on_track`: at or below the line; `met`: at or below `to_rate`; both null while the churn is not known, before the goal
    begins, and where it has no dates.
    """

    from_rate: float
    to_rate: float
    starts_on: pd.Timestamp | None
    ends_on: pd.Timestamp | None
    points: tuple[GoalPoint, ...]
    on_track: bool | None
    met: bool | None
    caveat: str = NO_CAUSE


def goal(policy: Policy, churn: Iterable[tuple[pd.Timestamp, float | None]]) -> Goal:
    """The tracker, from the annual churn of ARR by day, oldest first, the day asked for last.

    The line begins on `tasks.churn_goal.starts_on`, takes `scenario.months`, and stays where it ends. Without that day
    there is no line and no verdict: one that slid along with the day asked for would always have just ended.
    """
    rule = policy.tasks.churn_goal
    starts = None if rule.starts_on is None else pd.Timestamp(rule.starts_on)
    ends = None if starts is None else starts + pd.DateOffset(months=policy.scenario.months)
    points = []
    for at, found in churn:
        line = None
        if starts is not None and ends is not None and at >= starts:
            line = rule.from_rate + min((at - starts) / (ends - starts), 1.0) * (rule.to_rate - rule.from_rate)
        points.append(GoalPoint(at, line, found, None if found is None or line is None else found - line))
    last = points[-1] if points else None
    above = None if last is None else last.above
    return Goal(
        rule.from_rate,
        rule.to_rate,
        starts,
        ends,
        tuple(points),
        on_track=None if above is None else above <= 0,
        met=None if above is None or last is None or last.churn is None else last.churn <= rule.to_rate,
    )
