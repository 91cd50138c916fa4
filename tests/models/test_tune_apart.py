"""The contest with tuned trees: each account is judged by what was chosen without it, so that luck is not promoted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.boosted import Growth
from models.ladder import FOLDS, choose
from models.metrics import row_loss
from models.recipe import USUAL, Recipe
from models.scorer import Array
from models.split import fold_of
from models.tune import chosen_apart, within_one_error
from models.tune_apart import apart
from policy.policy import Ladder, Policy

DEFAULT, LUCKY = Growth(), Growth(leaves=4)
WINDOW = 104


def labelled(accounts: int = 160) -> pd.DataFrame:
    """Four-weekly rows of accounts of which every other one always churns."""
    dates = [date(2024, 1, 1) + timedelta(weeks=4 * i) for i in range(20)]
    rows = [(f"a{i:03d}", day, float(i % 2)) for day in dates for i in range(accounts)]
    return pd.DataFrame(rows, columns=["account_id", "as_of", "churned"])


def fold(rows: pd.DataFrame) -> Array:
    return rows["account_id"].map(lambda account: fold_of(account, FOLDS)).to_numpy()


def fit(past: pd.DataFrame, later: pd.DataFrame, names: Collection[str], recipe: Recipe) -> Mapping[str, Array]:
    """The default knows nothing; the lucky trees are right about the accounts of fold 0, and a little wrong elsewhere."""
    right = np.where(fold(later) == 0, 0.9, 0.45) if recipe.growth == LUCKY else np.full(len(later), 0.5)
    trees = np.where(later["churned"] == 1, right, 1 - right)
    return {name: trees if name == "lightgbm" else np.full(len(later), 0.5) for name in names}


def losses(frame: pd.DataFrame, growth: Growth) -> Array:
    said = fit(frame, frame, ["lightgbm"], Recipe(growth=growth))["lightgbm"]
    return row_loss(frame["churned"].to_numpy(), said)


def only_lightgbm(policy: Policy) -> Ladder:
    return policy.ladder.model_copy(update={"logistic_from": 10**6, "ensemble_from": 10**6, "lightgbm_from": 1})


def test_what_one_fold_alone_speaks_for_is_not_chosen_for_that_fold() -> None:
    frame = labelled()
    found = [losses(frame, growth) for growth in (DEFAULT, LUCKY)]
    whole = within_one_error([DEFAULT, LUCKY], found, frame["account_id"])
    assert [trial.chosen for trial in whole] == [False, True]
    assert chosen_apart([DEFAULT, LUCKY], found, frame["account_id"]) == (DEFAULT, LUCKY, LUCKY, LUCKY)
    assert chosen_apart([], [], []) == ()


def test_luck_is_promoted_where_it_was_chosen_on_what_it_is_judged_by_and_not_apart(policy: Policy) -> None:
    frame, ladder = labelled(), only_lightgbm(policy)
    growths = chosen_apart([DEFAULT, LUCKY], [losses(frame, g) for g in (DEFAULT, LUCKY)], frame["account_id"])

    def chosen_on_all(past: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        return fit(past, later, names, Recipe(growth=LUCKY))

    assert choose(frame, chosen_on_all, ladder, window_days=WINDOW).scorer == "lightgbm"
    honest = choose(frame, apart(fit, USUAL, growths), ladder, window_days=WINDOW)
    assert honest.scorer == "health_recalibrated"


def test_every_row_is_judged_by_the_growth_of_its_fold_and_other_scorers_are_fitted_once() -> None:
    asked: list[tuple[frozenset[str], Growth | None]] = []

    def watching(
        past: pd.DataFrame, later: pd.DataFrame, names: Collection[str], recipe: Recipe
    ) -> Mapping[str, Array]:
        asked.append((frozenset(names), recipe.growth))
        leaves = recipe.growth.leaves if recipe.growth else 0
        return {name: np.full(len(later), leaves / 20 if name == "lightgbm" else 0.25) for name in names}

    frame = labelled(40).head(40)
    growths = (Growth(leaves=2), Growth(leaves=3), Growth(leaves=2), Growth(leaves=5))
    said = apart(watching, USUAL, growths)(frame, frame, ("calendar", "lightgbm", "ensemble"))
    assert set(said) == {"calendar", "lightgbm", "ensemble"}
    assert said["lightgbm"].tolist() == [growths[one].leaves / 20 for one in fold(frame)]
    # Mean log-odds of .25 and of the trees: at .25 (five leaves) it is .25 itself.
    assert said["ensemble"][fold(frame) == 3] == pytest.approx(0.25)
    assert asked == [
        (frozenset({"calendar", "logistic"}), None),
        *((frozenset({"lightgbm"}), Growth(leaves=n)) for n in (2, 3, 5)),
    ]
