"""The goal for churn: a straight line, and no word about causes (I9)."""

from __future__ import annotations

import pandas as pd
import pytest

from policy.policy import load_policy, policy_from
from serving.workbench.kpis.goal import goal
from tests.serving.workbench.kpis.twelve import DAY

HALF = pd.Timestamp("2025-12-30 12:00")  # half of the 365 days


def test_churn_is_held_against_the_line_from_15_to_10_percent_in_twelve_months() -> None:
    found = goal(load_policy(), DAY, [(pd.Timestamp("2025-06-30"), 0.5), (HALF, 0.12), (DAY, 0.11)])
    assert (found.from_rate, found.to_rate) == (0.15, 0.10)
    assert (found.starts_on, found.ends_on) == (pd.Timestamp("2025-07-01"), DAY)
    assert [(p.day, p.line) for p in found.points] == [(HALF, pytest.approx(0.125)), (DAY, pytest.approx(0.10))]
    assert [p.above for p in found.points] == pytest.approx([-0.005, 0.01])
    assert (found.on_track, found.met) == (False, False)


def test_on_the_line_is_on_track_and_the_end_of_it_is_the_goal() -> None:
    rules = policy_from({"tasks": {"churn_goal": {"starts_on": "2026-07-01"}}}, where="test")
    first = goal(rules, DAY, [(DAY, 0.15)])
    assert (first.on_track, first.met, first.ends_on) == (True, False, pd.Timestamp("2027-07-01"))
    late = goal(rules, pd.Timestamp("2028-01-01"), [(pd.Timestamp("2028-01-01"), 0.10)])
    assert (late.points[0].line, late.on_track, late.met) == (pytest.approx(0.10), True, True)


def test_an_unknown_churn_is_neither_on_track_nor_off_it() -> None:
    found = goal(load_policy(), DAY, [(DAY, None)])
    assert (found.on_track, found.met, found.points[0].above) == (None, None, None)
    assert goal(load_policy(), DAY, []).on_track is None


def test_it_claims_no_cause_without_a_control_group() -> None:
    assert "without a control group" in goal(load_policy(), DAY, []).caveat
