"""What each input of the health score is worth, worked by hand: every number of its rule matters here."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.health_score import component_weights, health_parts, health_scores, points
from policy.policy import COMPONENTS, HealthInput, Policy
from tests.models.books import at_points

# Indicator → its value and the points it earns: at each corner, and half-way between two corners.
WORKED: dict[str, dict[float, float]] = {
    "user_days_per_seat_28d": {-1: 0, 0: 0, 1: 25, 2: 50, 4: 67.5, 6: 85, 9: 92.5, 12: 100, 30: 100},
    "seat_utilisation_28d": {0: 0, 0.15: 20, 0.3: 40, 0.45: 57.5, 0.6: 75, 0.725: 87.5, 0.85: 100, 1.2: 100},
    "login_change_28d": {-1: 0, -0.7: 0, -0.5: 17.5, -0.3: 35, -0.15: 60, 0: 85, 0.075: 92.5, 0.15: 100},
    "module_breadth_28d": {0: 0, 0.2: 30, 0.4: 60, 0.6: 80, 0.8: 100, 1: 100},
    "core_adoption_28d": {0: 0, 0.2: 30, 0.4: 60, 0.6: 80, 0.8: 100, 1: 100},
    "core_use_change_28d": {-0.7: 0, -0.475: 20, -0.25: 40, -0.125: 62.5, 0: 85, 0.075: 92.5, 0.15: 100},
    "api_use_28d": {0: 0, 0.5: 30, 1: 60, 50.5: 80, 100: 100, 5000: 100},
    "tickets_vs_segment_28d": {
        **{-0.5: 70, -0.2: 70, -0.1: 85, 0: 100, 0.05: 85},
        **{0.1: 70, 0.2: 50, 0.3: 30, 0.45: 15, 0.6: 0, 2: 0},
    },
    "replies_28d": {0: 45, 0.5: 62.5, 1: 80, 2: 90, 3: 100, 9: 100},
    "mail_open_rate_84d": {0: 10, 0.125: 35, 0.25: 60, 0.425: 80, 0.6: 100, 1: 100},
    "meeting_attendance_182d": {0: 0, 0.25: 30, 0.5: 60, 0.7: 80, 0.9: 100, 1: 100},
    "learning_91d": {0: 60, 0.5: 72.5, 1: 85, 2: 92.5, 3: 100, 10: 100},
    "community_91d": {0: 65, 0.5: 77.5, 1: 90, 2: 95, 3: 100, 10: 100},
    "feedback_91d": {0: 65, 0.5: 77.5, 1: 90, 2: 95, 3: 100, 10: 100},
    "nps": {0: 0, 3: 22.5, 6: 45, 7: 60, 8: 75, 9: 87.5, 10: 100},
    "csat": {1: 0, 2: 22.5, 3: 45, 3.5: 60, 4: 75, 4.5: 87.5, 5: 100},
    "message_mood_28d": {-1: 0, -0.6: 0, -0.3: 30, 0: 60, 0.25: 80, 0.5: 100, 1: 100},
    "sponsor_rating": {1: 0, 2: 30, 3: 60, 4: 80, 5: 100},
    "past_due_days": {0: 100, 0.5: 100, 1: 70, 14: 70, 15: 30, 30: 30, 31: 0, 400: 0},
    "arr_change_364d": {-0.5: 0, -0.3: 0, -0.15: 35, 0: 70, 0.1: 85, 0.2: 100, 1: 100},
    "term_length_days": {0: 40, 1: 40, 89: 40, 90: 70, 364: 70, 365: 85, 699: 85, 700: 100, 1095: 100},
    "days_to_term_end": {0: 40, 30: 40, 31: 55, 60: 55, 61: 65, 90: 65, 91: 85, 180: 85, 181: 100, 700: 100},
    "arr_percentile": {0: 50, 0.5: 75, 1: 100},
}
# What each input gives at most, in points of the whole score: component weight × share.
AT_MOST: dict[str, float] = {
    **{"user_days_per_seat_28d": 10, "seat_utilisation_28d": 10, "login_change_28d": 8, "module_breadth_28d": 3.2},
    **{"core_adoption_28d": 4.8, "core_use_change_28d": 2, "api_use_28d": 2},
    **{"tickets_vs_segment_28d": 5, "replies_28d": 5, "mail_open_rate_84d": 5, "meeting_attendance_182d": 5},
    **{"learning_91d": 2.5, "community_91d": 1.25, "feedback_91d": 1.25},
    **{"nps": 7, "csat": 4, "message_mood_28d": 5, "sponsor_rating": 4},
    **{"past_due_days": 6, "arr_change_364d": 3, "term_length_days": 2.25, "days_to_term_end": 2.25},
    "arr_percentile": 1.5,
}


def one(policy: Policy, **features: float | None) -> pd.Series:
    return health_scores(pd.DataFrame([features]).astype(float), policy).iloc[0]


def rule(policy: Policy, indicator: str) -> HealthInput:
    return next(i for c in COMPONENTS for i in policy.health.inputs[c] if i.indicator == indicator)


def test_every_input_is_worked_by_hand(policy: Policy) -> None:
    inputs = {i.indicator for c in COMPONENTS for i in policy.health.inputs[c]}
    assert inputs == set(WORKED) == set(AT_MOST)


def test_a_value_below_the_first_step_earns_no_points_and_is_missing(policy: Policy) -> None:
    assert points(pd.Series([-1.0]), rule(policy, "past_due_days")).isna().all()


@pytest.mark.parametrize("indicator", WORKED)
def test_a_value_earns_the_points_worked_by_hand(policy: Policy, indicator: str) -> None:
    values, expected = list(WORKED[indicator]), list(WORKED[indicator].values())
    assert points(pd.Series(values), rule(policy, indicator)).tolist() == pytest.approx(expected)


def test_each_input_weighs_its_share_of_the_whole_score(policy: Policy) -> None:
    weights, _, _ = health_parts(pd.DataFrame([dict.fromkeys(AT_MOST, 1.0)]), policy)
    assert (100 * weights.iloc[0]).to_dict() == pytest.approx(AT_MOST)


def test_an_onboarding_account_is_weighted_as_such_until_day_ninety(policy: Policy) -> None:
    frame = at_points(policy, usage=80, engagement=70, sentiment=50, commercial=100)
    # 40 × .8 + 25 × .7 + 20 × .5 + 15 × 1 = 74.5 and 50 × .8 + 30 × .7 + 12 × .5 + 8 × 1 = 75.
    usual, young = 74.5, 75.0
    found = health_scores(pd.concat([frame.assign(tenure_days=days) for days in (0, 89, 90, 4000, None)]), policy)
    assert found["health_score"].tolist() == pytest.approx([young, young, usual, usual, usual])
    assert found["health_tier"].tolist() == ["green", "green", "yellow", "yellow", "yellow"]
    assert component_weights(policy, onboarding=True) == {
        "usage": 50,
        "engagement": 30,
        "sentiment": 12,
        "commercial": 8,
    }


def test_coverage_of_an_onboarding_account_is_by_its_own_weights(policy: Policy) -> None:
    frame = pd.concat([at_points(policy, usage=80, engagement=80).assign(tenure_days=days) for days in (30, 300)])
    assert health_scores(frame, policy)["coverage"].tolist() == pytest.approx([0.80, 0.65])


def test_an_api_nobody_is_entitled_to_is_not_missed_and_an_unused_one_earns_nothing(policy: Policy) -> None:
    whole = at_points(policy, usage=80, engagement=80, sentiment=80, commercial=100)
    without = whole.assign(api_use_28d=np.nan)
    assert health_scores(without, policy)["coverage"].tolist() == pytest.approx([1.0])
    assert health_scores(without.drop(columns="api_use_28d"), policy)["coverage"].tolist() == pytest.approx([1.0])
    assert health_scores(without, policy)["usage_score"].tolist() == pytest.approx([80])
    unused = health_scores(whole.assign(api_use_28d=0.0), policy).iloc[0]
    assert unused["coverage"] == pytest.approx(1.0)
    assert unused["usage_score"] == pytest.approx(0.95 * 80)


def test_an_account_without_seats_is_not_asked_how_many_it_uses(policy: Policy) -> None:
    whole = at_points(policy, usage=80, engagement=80, sentiment=80, commercial=100)
    per_seat = ["user_days_per_seat_28d", "seat_utilisation_28d", "tickets_vs_segment_28d"]
    none = whole.assign(**dict.fromkeys(per_seat, np.nan), tickets_28d=3.0)
    found = health_scores(pd.concat([none.assign(seats=0.0), none.assign(seats=5.0), none.assign(seats=None)]), policy)
    # Missing where there are seats, or where nobody knows: .25 + .25 of usage's 40 and .20 of engagement's 25.
    assert found["coverage"].tolist() == pytest.approx([1.0, 0.75, 0.75])
    assert found["usage_score"].tolist() == pytest.approx([80, 80, 80])
    # No seats and no tickets: nothing to compare, so silence is not judged either.
    silent = health_scores(whole.assign(seats=0.0, tickets_28d=0.0), policy).iloc[0]
    assert silent["coverage"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("difference", "expected"), [(-0.2, 70), (-0.1, 85), (0, 100), (0.05, 85), (0.1, 70), (0.3, 30)]
)
def test_tickets_are_best_at_the_segments_median_and_worse_both_ways(
    policy: Policy, difference: float, expected: float
) -> None:
    found = one(policy, tickets_28d=4, tickets_vs_segment_28d=difference, login_change_28d=-0.9)
    assert found["engagement_score"] == pytest.approx(expected)


def test_silence_earns_the_same_wherever_the_segments_median_lies(policy: Policy) -> None:
    for difference in (-0.4, 0.0, None):
        found = one(policy, tickets_28d=0, tickets_vs_segment_28d=difference, login_change_28d=0.1)
        assert found["engagement_score"] == pytest.approx(70)


@pytest.mark.parametrize(("age", "expected"), [(0, 100), (90, 80), (179, 60 + 40 / 180), (180, 60), (900, 60)])
def test_a_csat_answer_fades_to_neutral_over_180_days(policy: Policy, age: float, expected: float) -> None:
    assert one(policy, csat=5, csat_age_days=age)["sentiment_score"] == pytest.approx(expected)
    assert one(policy, csat=5)["sentiment_score"] == 100


def test_a_bad_answer_fades_upwards_and_the_two_surveys_do_not_share_an_age(policy: Policy) -> None:
    found = one(policy, nps=0, nps_age_days=90, csat=5, csat_age_days=0)
    assert found["sentiment_score"] == pytest.approx((0.35 * 30 + 0.20 * 100) / 0.55)


def test_the_parts_name_no_input_that_the_frame_lacks(policy: Policy) -> None:
    weights, gained, lowered = health_parts(pd.DataFrame([{"nps": 9.0}]), policy)
    assert [list(weights), list(gained), list(lowered)] == [["nps"], ["nps"], []]


def test_parts_of_a_young_account_sum_to_its_score(policy: Policy) -> None:
    frame: Any = pd.concat([at_points(policy, usage=70, engagement=60, commercial=100)] * 2, ignore_index=True)
    frame = frame.assign(tenure_days=[20.0, 200.0], open_escalations=1.0, nps=9.0)
    weights, gained, lowered = health_parts(frame, policy)
    total = (weights * gained).sum(axis=1) + lowered.sum(axis=1)
    np.testing.assert_allclose(total, health_scores(frame, policy)["health_score"], atol=1e-9)
    assert total[0] != total[1]
