"""The contest with tuned trees: an account is judged by trees that were chosen without it.

What was chosen among thirty on some accounts looks better on them than it is: LightGBM would take the champion's place by
luck.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from models.boosted import Growth
from models.recipe import Recipe
from models.scorer import Array, logit, sigmoid
from models.split import fold_of

FitByRecipe = Callable[[pd.DataFrame, pd.DataFrame, Collection[str], Recipe], Mapping[str, Array]]
FitAndScore = Callable[[pd.DataFrame, pd.DataFrame, Collection[str]], Mapping[str, Array]]
GROWN = ("lightgbm", "ensemble")


def apart(fit: FitByRecipe, recipe: Recipe, growths: Sequence[Growth]) -> FitAndScore:
    """How scorers are fitted in the contest: LightGBM once for each growth, every row by the growth of its own fold.

    `growths` has one for each fold of accounts, chosen without them; a fold is `fold_of` the account.
    """

    def fit_and_score(past: pd.DataFrame, later: pd.DataFrame, names: Collection[str]) -> Mapping[str, Array]:
        others = {name for name in names if name not in GROWN} | ({"logistic"} if "ensemble" in names else set())
        said = dict(fit(past, later, others, recipe))
        if set(GROWN) & set(names):
            said["lightgbm"] = trees = np.empty(len(later))
            mine = later["account_id"].astype(str).map(lambda account: growths[fold_of(account, len(growths))])
            for growth in dict.fromkeys(growths):
                rows = np.array([one == growth for one in mine], dtype=bool)
                if rows.any():
                    chosen = replace(recipe, growth=growth)
                    trees[rows] = fit(past, later[rows], ["lightgbm"], chosen)["lightgbm"]
        if "ensemble" in names:
            said["ensemble"] = sigmoid((logit(said["logistic"]) + logit(said["lightgbm"])) / 2)
        return {name: said[name] for name in names}

    return fit_and_score
