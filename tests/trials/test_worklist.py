"""The trial of the work list on four accounts: every share of the oracle by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from policy.policy import load_policy
from serving.workbench.worklist.effects import effects_of
from trials.worklist import code
from trials.worklist_report import section
from trials.worklist_world import PERTURBED, Budget, ceilings, figures, lists, literally, ours, with_saved

POLICY = load_policy()
EFFECTS = effects_of(POLICY.save_effects)


def book() -> pd.DataFrame:
    """Twenty accounts of even odds. The largest is driven away by a contact; of the others three are worth a call."""
    rows = pd.DataFrame(
        {
            "account_id": [f"a{i:02d}" for i in range(20)],
            "arr": [1000.0, 800.0, 600.0, 400.0, *[10.0] * 16],
            "said": 0.5,
            "hazard_90d": 0.5,
            "main_driver": [None] * 20,
            "top_cause": ["usage", "usage", "price", *["none"] * 17],
            "treatment_effect": [np.log(3), -np.log(3), -np.log(3), *[0.0] * 17],
        }
    )
    return with_saved(rows, POLICY)


def test_what_acting_saves_in_truth_is_arr_times_what_it_takes_off_the_true_risk() -> None:
    rows = book()
    assert list(rows["saved"][:4]) == pytest.approx([-250.0, 200.0, 150.0, 0.0])
    assert list(rows["hours"]) == [3.0] * 20


def test_a_twentieth_of_the_hours_takes_one_of_twenty_accounts_and_shares_are_of_the_oracle() -> None:
    found = Budget(book(), book()["hours"])
    assert found.oracle == pytest.approx(200.0)
    assert found.best(found.arr) == pytest.approx(-250 / 200)
    assert found.sorted(np.arange(20.0, 0.0, -1.0)) == pytest.approx(-250 / 200)
    assert found.best(np.where(np.arange(20) == 2, 1.0, 0.0)) == pytest.approx(0.75)


def test_the_lists_cannot_know_who_is_driven_away_and_the_true_effect_can() -> None:
    of = Budget(book(), book()["hours"])
    assert lists(of, EFFECTS, seed=1)["ours"] == pytest.approx(-1.25)
    assert ceilings(of, EFFECTS)["our_risk_true_effects"] == pytest.approx(1.0)
    assert ours(of, EFFECTS)[0] > ours(of, EFFECTS)[1]


def test_a_wrong_sign_is_not_believed_unless_taken_literally() -> None:
    priors = {"a": 0.6, "b": -0.5, "default": -0.5}
    assert literally(priors, 1.0).by_group == priors
    assert effects_of(POLICY.save_effects.model_copy(update={"priors": priors})).by_group["a"] == -0.5


def test_the_section_says_plainly_that_a_goal_is_not_reached() -> None:
    found = figures(book(), seed=3) | {"seed": 3, "family": "mixed"}
    assert len(found["perturbed"]["sign"]) == PERTURBED
    text = section([found], "abc", POLICY.save_effects, planned=2)
    assert "(the first 1 of 2 that are drawn" in text
    assert "At least .850 of the oracle's ARR: **not reached**, it is -1.250" in text
    assert "held in every world" in text
    assert "Under the other assumptions below: held in every draw, by +.000 at worst." in text


def test_worlds_follow_from_the_code_that_is_judged(tmp_path: object) -> None:
    assert code() == code()
    assert len(code()) == 12
