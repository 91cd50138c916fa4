"""What a trial is judged on: rolling origins of the training rows alone, one booster each, as it is fitted everywhere."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd

from models.boosted import Growth
from models.metrics import row_loss
from models.recipe import Recipe
from models.split import EMBARGO_DAYS
from models.tune import Budget
from models.tune_origins import origins_in, tuned_inside
from models.zoo import fit_lightgbm
from policy.policy import Policy

WINDOW = 104
LEVEL = Recipe(calendar=False)
SIDES = {"x": 0, "z": 0}


def history(*, signal: float, accounts: int = 150, months: int = 16, seed: int = 0) -> pd.DataFrame:
    """Four-weekly rows; who lies beyond .5 on `x` churns the more often the stronger the signal; `z` says nothing."""
    rng = np.random.default_rng(seed)
    n = accounts * months
    x = rng.uniform(-1, 1, n)
    risk = np.clip(0.15 + signal * np.where(np.abs(x) > 0.5, 1, -1), 0.005, 0.995)
    return pd.DataFrame(
        {
            "account_id": np.tile([f"a{i:03d}" for i in range(accounts)], months),
            "as_of": np.repeat([date(2024, 1, 1) + timedelta(weeks=4 * i) for i in range(months)], accounts),
            "x": x,
            "z": rng.normal(size=n),
            "churned": (rng.random(n) < risk).astype(float),
        }
    )


def test_an_origin_knows_only_labels_that_had_matured_before_what_it_is_judged_on(policy: Policy) -> None:
    found = origins_in(history(signal=0.1), SIDES, LEVEL, policy.ladder, window_days=WINDOW)
    assert len(found.pasts) == 6
    for past in found.pasts:
        closed = past.known["as_of"].max() + timedelta(days=WINDOW + EMBARGO_DAYS)
        assert closed <= past.later["as_of"].min()
    # The last half of sixteen dates, each once.
    assert len(found.accounts) == 8 * 150


def test_a_trial_is_the_loss_of_lightgbm_as_it_is_fitted_everywhere_on_one_seed(policy: Policy) -> None:
    frame, growth = history(signal=0.1), Growth(leaves=4, rounds=0.5)
    found = origins_in(frame, SIDES, LEVEL, policy.ladder, window_days=WINDOW)
    expected = []
    for past in found.pasts:
        churned = past.known["churned"].to_numpy()
        alone = fit_lightgbm(past.known, churned, SIDES, Recipe(calendar=False, growth=growth), seeds=[0])
        expected.append(row_loss(past.later["churned"].to_numpy(), alone.score(past.later)))
    np.testing.assert_array_equal(found.losses(growth), np.concatenate(expected))
    assert not np.array_equal(found.losses(growth), found.losses(Growth()))


def test_where_more_rounds_really_help_they_are_chosen_and_the_same_again(policy: Policy) -> None:
    frame = history(signal=0.8)
    first, again = (tuned_inside(frame, SIDES, LEVEL, policy.ladder, Budget(8), window_days=WINDOW) for _ in range(2))
    assert first is not None
    assert again is not None
    assert first.tried[0].growth == Growth()
    assert first.growth is not None
    # An all but certain outcome, learned at a rate of .04: more rounds say more.
    assert first.growth.rounds > 1.5
    assert first.tried[0].behind > 3 * first.tried[0].standard_error
    assert again.tried == first.tried


def test_an_origin_with_too_few_churned_accounts_is_left_out_and_without_any_nothing_is_tried(policy: Policy) -> None:
    frame = history(signal=0.1)
    early = frame["as_of"] < date(2024, 9, 1)
    late = frame.assign(churned=frame["churned"].mask(early, (frame["account_id"] < "a009").astype(float)))
    # Nine accounts had churned before the first origins; ten are needed.
    found = origins_in(late, SIDES, LEVEL, policy.ladder, window_days=WINDOW)
    assert 0 < len(found.pasts) < 6
    short = tuned_inside(frame.head(300), SIDES, LEVEL, policy.ladder, Budget(3), window_days=WINDOW)
    assert short is not None
    assert (short.tried, short.growth) == ((), None)


def test_without_a_budget_nothing_is_tuned(policy: Policy) -> None:
    assert tuned_inside(history(signal=0.1), SIDES, LEVEL, policy.ladder, Budget(), window_days=WINDOW) is None
