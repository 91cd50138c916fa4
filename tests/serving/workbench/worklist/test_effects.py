"""What acting is expected to save: assumed as the policy says, measured where a holdout can tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.policy import load_policy
from serving.workbench.worklist.effects import Seen, believed, effects_of, saved_probability

RULES = load_policy().save_effects


def seen(effect: float, error: float = 0.3, churned_held: int = 10) -> Seen:
    return Seen(effect, error, assumed=-0.5, acted_accounts=400, held_accounts=40, churned_held=churned_held)


def test_the_assumed_effects_are_those_frozen_in_the_policy_drawn_towards_their_median() -> None:
    # The median of the nine is -0.5; a quarter of the distance to it is kept.
    found = effects_of(RULES).by_group
    helped = dict.fromkeys(("usage", "onboarding", "support", "relationship", "sentiment", "people"), -0.5)
    assert found == pytest.approx({**helped, "payment": -0.4, "contract": -0.4, "default": -0.45}, abs=1e-12)
    assert RULES.priors["usage"] == -0.5
    assert RULES.priors["payment"] == -0.1


def test_an_account_without_a_main_driver_or_with_one_of_no_play_has_the_default_effect() -> None:
    effects = effects_of(RULES)
    assert [effects.of(None), effects.of(float("nan")), effects.of("weather")] == [effects.of("default")] * 3


def test_an_assumption_that_a_play_does_harm_counts_as_the_median_of_the_others() -> None:
    assert believed({"a": 0.4, "b": -0.6, "c": -0.2, "default": -0.3}, 1.0)["a"] == -0.3
    assert believed({"default": 0.4}, 1.0) == {"default": 0.0}


def test_without_trust_all_groups_are_alike_and_with_all_of_it_they_stand_as_assumed() -> None:
    priors = {"a": -0.6, "b": -0.1, "default": -0.3}
    assert believed(priors, 0.0) == {"a": -0.3, "b": -0.3, "default": -0.3}
    assert believed(priors, 1.0) == priors


def test_what_a_holdout_measured_replaces_what_was_assumed_by_how_exactly_each_is_known() -> None:
    # As exact as the assumption: halfway between -0.5 and -0.1. The interval is 1.96 × 0.3 ÷ √2.
    found = effects_of(RULES, seen(-0.1))
    assert found.source == "measured"
    assert found.effect == pytest.approx(-0.3)
    assert found.effect_ci == pytest.approx((-0.7158, 0.1158), abs=1e-3)
    # Every group moves by the same factor, 0.6.
    assert found.by_group["usage"] == pytest.approx(-0.3)
    assert found.by_group["payment"] == pytest.approx(-0.24)
    assert "(-0.72 to +0.12)" in found.sentence


def test_measured_harm_is_believed() -> None:
    assert effects_of(RULES, seen(0.6, error=0.01)).by_group["usage"] > 0.5


def test_below_ten_churned_accounts_of_the_holdout_the_assumption_stays_and_is_said_to() -> None:
    few = effects_of(RULES, seen(-0.1, churned_held=9))
    assert few.source == "assumed"
    assert few.by_group == effects_of(RULES).by_group
    assert "9 accounts of the holdout left, and 10 are needed" in few.sentence
    assert effects_of(RULES, seen(-0.1, churned_held=10)).source == "measured"


def test_odds_of_one_to_one_become_one_to_three_by_an_effect_of_minus_log_three() -> None:
    assert saved_probability(np.array([0.5]), np.array([-math.log(3)])) == pytest.approx([0.25])


def test_an_unknown_probability_saves_nobody_knows_what() -> None:
    assert np.isnan(saved_probability(np.array([np.nan]), np.array([-0.5]))).all()


@given(st.floats(0, 1), st.floats(-3, 0), st.floats(0, 3))
def test_nobody_is_saved_more_than_they_were_at_risk_and_more_effect_saves_more(
    p: float, e: float, more: float
) -> None:
    less, most = saved_probability(np.array([p, p]), np.array([e, e - more]))
    assert -1e-9 <= less <= most + 1e-9
    assert most <= p + 1e-9
