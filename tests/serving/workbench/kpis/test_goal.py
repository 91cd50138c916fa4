"""The goal for churn: a straight line between two days, and no word about causes (I9)."""

from __future__ import annotations

import pandas as pd
import pytest

from policy.policy import load_policy, policy_from
from serving.workbench.kpis.goal import goal
from tests.serving.workbench.kpis.twelve import DAY

HALF = pd.Timestamp("2025-12-30 12:00")  # half of the 365 days
EARLY = pd.Timestamp("2025-06-30")
DATED = policy_from({"tasks": {"churn_goal": {"starts_on": "2025-07-01"}}}, where="test")


def test_churn_is_held_against_the_line_from_15_to_10_percent_in_twelve_months() -> None:
    found = goal(DATED, [(EARLY, 0.5), (HALF, 0.12), (DAY, 0.11)])
    assert (found.from_rate, found.to_rate) == (0.15, 0.10)
    assert (found.starts_on, found.ends_on) == (pd.Timestamp("2025-07-01"), DAY)
    assert [(p.day, p.line) for p in found.points] == [
        (EARLY, None),
        (HALF, pytest.approx(0.125)),
        (DAY, pytest.approx(0.10)),
    ]
    assert [p.above for p in found.points] == [None, pytest.approx(-0.005), pytest.approx(0.01)]
    assert (found.on_track, found.met) == (False, False)


def test_a_goal_without_a_day_has_no_line_and_no_verdict_and_still_its_series() -> None:
    for day in (DAY, pd.Timestamp("2027-01-01")):
        found = goal(load_policy(), [(HALF, 0.12), (day, 0.09)])
        assert (found.starts_on, found.ends_on, found.on_track, found.met) == (None, None, None, None)
        assert [(p.churn, p.line, p.above) for p in found.points] == [(0.12, None, None), (0.09, None, None)]


def test_on_the_line_is_on_track_and_the_end_of_it_is_the_goal() -> None:
    rules = policy_from({"tasks": {"churn_goal": {"starts_on": "2026-07-01"}}}, where="test")
    first = goal(rules, [(DAY, 0.15)])
    assert (first.on_track, first.met, first.ends_on) == (True, False, pd.Timestamp("2027-07-01"))
    late = goal(rules, [(pd.Timestamp("2028-01-01"), 0.10)])
    assert (late.points[0].line, late.on_track, late.met) == (pytest.approx(0.10), True, True)
    ahead = goal(rules, [(HALF, 0.05)])
    assert (len(ahead.points), ahead.on_track, ahead.met) == (1, None, None)


def test_an_unknown_churn_is_neither_on_track_nor_off_it() -> None:
    found = goal(DATED, [(DAY, None)])
    assert (found.on_track, found.met, found.points[0].above) == (None, None, None)
    assert goal(DATED, []).on_track is None


def test_it_claims_no_cause_without_a_control_group() -> None:
    assert "without a control group" in goal(load_policy(), []).caveat
