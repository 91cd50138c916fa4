"""The health score, rule by rule, and its exact division over its inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.health_score import component_weights, health_parts, health_scores, mix_warnings, points
from policy.policy import COMPONENTS, Policy, load_policy
from tests.models.books import at_points


def one(policy: Policy, **features: float | None) -> pd.Series:
    return health_scores(pd.DataFrame([features]).astype(float), policy).iloc[0]


def rule(policy: Policy, component: str, indicator: str) -> Any:
    return next(i for i in policy.health.inputs[component] if i.indicator == indicator)


def test_components_80_60_50_100_make_72_yellow(policy: Policy) -> None:
    found = health_scores(at_points(policy, usage=80, engagement=60, sentiment=50, commercial=100), policy).iloc[0]
    assert [found[f"{c}_score"] for c in COMPONENTS] == pytest.approx([80, 60, 50, 100])
    assert found["health_score"] == pytest.approx(72.0)
    assert found["health_tier"] == "yellow"


@pytest.mark.parametrize(
    ("score", "tier"),
    [(0, "red"), (49.99, "red"), (50, "yellow"), (74.99, "yellow"), (75, "green"), (100, "green")],
)
def test_bands_are_half_open_on_the_unrounded_score(policy: Policy, score: float, tier: str) -> None:
    assert policy.tier(score, 1.0) == tier


@pytest.mark.parametrize(("level", "tier"), [(75.0, "green"), (50.0, "yellow")])
def test_a_score_that_is_exactly_on_a_band_does_not_fall_below_it_by_float_noise(
    policy: Policy, level: float, tier: str
) -> None:
    # In plain sums about every tenth set of inputs at 75 came out as 74.99999999999999.
    whole = at_points(policy, usage=level, engagement=level, sentiment=level)
    rng = np.random.default_rng(0)
    frame = pd.concat([whole] * 200, ignore_index=True)
    frame = frame.mask(rng.random(frame.shape) < 0.3)
    found = health_scores(frame, policy)
    assert set(found["health_score"].dropna()) == {level}
    assert set(found.loc[found["coverage"] >= 0.6, "health_tier"]) == {tier}


@pytest.mark.parametrize(("days", "expected"), [(0, 100), (1, 70), (14, 70), (15, 30), (30, 30), (31, 0), (400, 0)])
def test_days_past_due_step_down(policy: Policy, days: float, expected: float) -> None:
    assert points(pd.Series([days]), rule(policy, "commercial", "past_due_days")).tolist() == [expected]


def test_points_lie_on_straight_lines_with_flat_ends_and_null_stays_null(policy: Policy) -> None:
    seats = rule(policy, "usage", "seat_utilisation_28d")
    found = points(pd.Series([-1.0, 0.0, 0.15, 0.3, 0.85, 1.3, None]), seats).tolist()
    assert found[:6] == [0, 0, 20, 40, 100, 100]
    assert np.isnan(found[6])


def test_missing_inputs_renormalise_within_their_component(policy: Policy) -> None:
    # Shares .25 and .20: (0.25 × 40 + 0.20 × 85) / 0.45.
    found = one(policy, seat_utilisation_28d=0.3, login_change_28d=0.0, core_adoption_28d=None)
    assert found["usage_score"] == pytest.approx((0.25 * 40 + 0.20 * 85) / 0.45)


def test_missing_components_renormalise_across(policy: Policy) -> None:
    found = one(policy, seat_utilisation_28d=0.3, past_due_days=0)
    assert found["health_score"] == pytest.approx((40 * 40 + 15 * 100) / 55)
    assert np.isnan(found["engagement_score"])
    assert np.isnan(found["sentiment_score"])


def test_coverage_is_the_share_of_the_whole_weight_that_had_data(policy: Policy) -> None:
    # Usage .25 of 40, commercial .40 of 15.
    found = one(policy, seat_utilisation_28d=0.3, past_due_days=0, api_use_28d=None)
    assert found["coverage"] == pytest.approx(0.40 * 0.25 / 0.95 + 0.06)
    found = one(policy, seat_utilisation_28d=0.3, past_due_days=0, api_use_28d=0)
    assert found["coverage"] == pytest.approx(0.40 * 0.30 + 0.06)
    whole = at_points(policy, usage=80, engagement=80, sentiment=80, commercial=100)
    assert health_scores(whole, policy)["coverage"].tolist() == pytest.approx([1.0])


def test_below_60_percent_coverage_the_tier_is_unrated_and_the_number_still_published(policy: Policy) -> None:
    found = health_scores(at_points(policy, usage=90, commercial=100), policy).iloc[0]
    assert found["coverage"] == pytest.approx(0.55)
    assert found["health_tier"] == "unrated"
    assert found["health_score"] == pytest.approx((40 * 90 + 15 * 100) / 55)


def test_exactly_60_percent_coverage_is_rated(policy: Policy) -> None:
    found = health_scores(at_points(policy, usage=90, sentiment=90), policy).iloc[0]
    assert (found["coverage"], found["health_tier"]) == (0.6, "green")


def test_without_any_data_the_score_is_null_and_unrated(policy: Policy) -> None:
    found = one(policy, seat_utilisation_28d=None)
    assert np.isnan(found["health_score"])
    assert (found["coverage"], found["health_tier"]) == (0.0, "unrated")


def test_an_open_escalation_caps_sentiment_at_40(policy: Policy) -> None:
    happy = {"nps": 10.0, "csat": 5.0, "past_due_days": 0.0}
    assert one(policy, **happy, open_escalations=0)["sentiment_score"] == 100
    assert one(policy, **happy, open_escalations=None)["sentiment_score"] == 100
    capped = one(policy, **happy, open_escalations=1)
    assert capped["sentiment_score"] == 40
    assert capped["health_score"] == pytest.approx((20 * 40 + 15 * 100) / 35)
    assert one(policy, csat=3.0, open_escalations=2)["sentiment_score"] == 40
    assert one(policy, csat=2.0, open_escalations=2)["sentiment_score"] == 22.5


@pytest.mark.parametrize(
    ("tickets", "change", "expected"),
    [(0, 0.0, 70), (0, -0.29, 70), (0, -0.30, 30), (0, -0.9, 30), (0, None, 70), (1, -0.9, 100)],
)
def test_silent_tickets_are_neutral_while_usage_holds_and_low_when_it_falls_too(
    policy: Policy, tickets: float, change: float | None, expected: float
) -> None:
    found = one(policy, tickets_28d=tickets, tickets_vs_segment_28d=0.0, login_change_28d=change)
    assert found["engagement_score"] == pytest.approx(expected)


@pytest.mark.parametrize(("age", "expected"), [(0, 100), (90, 80), (180, 60), (720, 60)])
def test_an_nps_answer_fades_to_neutral_over_180_days(policy: Policy, age: float, expected: float) -> None:
    assert one(policy, nps=10, nps_age_days=age)["sentiment_score"] == pytest.approx(expected)


def test_no_nps_answer_is_missing_and_not_zero(policy: Policy) -> None:
    found = one(policy, nps=None, nps_age_days=None, csat=5.0)
    assert found["sentiment_score"] == 100


def test_component_weights_are_whole_numbers_that_sum_to_100(policy: Policy) -> None:
    assert component_weights(policy) == {"usage": 40, "engagement": 25, "sentiment": 20, "commercial": 15}


def test_row_order_and_index_do_not_matter(policy: Policy, test: pd.DataFrame) -> None:
    shuffled = test.sample(frac=1, random_state=3)
    pd.testing.assert_frame_equal(health_scores(shuffled, policy).sort_index(), health_scores(test, policy))


INPUTS = [i.indicator for c in COMPONENTS for i in load_policy().health.inputs[c]]
VALUE = st.none() | st.floats(-2, 400) | st.sampled_from([0.0, 1.0])
ROW = st.fixed_dictionaries(
    dict.fromkeys(
        [
            *INPUTS,
            "nps_age_days",
            "csat_age_days",
            "tickets_28d",
            "tenure_days",
            "seats",
            "open_escalations",
            "open_disputes",
        ],
        VALUE,
    )
)
CAPS = [
    [{"component": "sentiment", "at_most": 40, "while": "open_escalations"}],
    # Two caps on one component, one indicator capping two, and a cap by an input of the component itself.
    [
        {"component": "sentiment", "at_most": 40, "while": "open_escalations"},
        {"component": "sentiment", "at_most": 20, "while": "open_disputes"},
        {"component": "commercial", "at_most": 30, "while": "open_disputes"},
        {"component": "commercial", "at_most": 50, "while": "past_due_days"},
    ],
]


@settings(max_examples=20, deadline=None, derandomize=True)
@given(rows=st.lists(ROW, min_size=1, max_size=4), caps=st.sampled_from(CAPS))
def test_the_parts_sum_exactly_to_the_score(rows: list[dict[str, float | None]], caps: list[dict[str, Any]]) -> None:
    given_policy = load_policy().model_dump(by_alias=True)
    given_policy["health"]["caps"] = caps
    policy = Policy.model_validate(given_policy)
    frame = pd.DataFrame(rows).astype(float)
    weights, gained, lowered = health_parts(frame, policy)
    total = (weights * gained).sum(axis=1) + lowered.sum(axis=1)
    score = health_scores(frame, policy)["health_score"]
    np.testing.assert_allclose(total[score.notna()], score.dropna(), atol=1e-9)
    np.testing.assert_allclose(weights.sum(axis=1), score.notna().astype(float), atol=1e-9)
    assert (lowered <= 1e-9).all(axis=None)
    assert score.dropna().between(0, 100).all()


def test_a_mix_within_ten_points_of_the_expected_one_is_no_news(policy: Policy) -> None:
    assert mix_warnings({"green": 60, "yellow": 30, "red": 10, "unrated": 50}, policy) == []


def test_a_mix_beyond_ten_points_is_named_tier_by_tier(policy: Policy) -> None:
    found = mix_warnings({"green": 59, "yellow": 31, "red": 10}, policy)
    assert [w.split()[0] for w in found] == ["green", "yellow"]


def test_a_book_without_rated_accounts_has_no_mix(policy: Policy) -> None:
    assert mix_warnings({"unrated": 5}, policy) == []
