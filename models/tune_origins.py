"""What tuning is judged on: LightGBM on rolling origins inside the training period, fitted before each on one seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from models.boosted import Growth
from models.linear import Linear
from models.metrics import row_loss
from models.recipe import ORIGINS, Recipe
from models.scorer import Array
from models.split import rolling_origins
from models.tune import Budget, Tuning, tuned
from models.tune_search import Search
from models.zoo import fit_lightgbm, fit_start
from policy.policy import Ladder

ONE_SEED = (0,)


@dataclass(frozen=True)
class Past:
    """One origin: the rows whose labels had matured before it, what trees start from there, and the rows after it."""

    known: pd.DataFrame
    start: Linear
    later: pd.DataFrame


@dataclass(frozen=True)
class Origins:
    """Every origin of a training period, and how a growth of trees does on all of them."""

    pasts: Sequence[Past]
    directions: Mapping[str, int]
    recipe: Recipe

    @property
    def accounts(self) -> list[str]:
        """The account of every row that is judged."""
        return [str(account) for past in self.pasts for account in past.later["account_id"]]

    def losses(self, growth: Growth) -> Array:
        """The loss of every row, by one booster fitted before its origin."""
        recipe = replace(self.recipe, growth=growth)
        return np.concatenate([self._of(past, recipe) for past in self.pasts])

    def _of(self, past: Past, recipe: Recipe) -> Array:
        known, later = past.known, past.later
        churned = known["churned"].to_numpy()
        fitted = fit_lightgbm(known, churned, self.directions, recipe, seeds=ONE_SEED, start=past.start)
        return row_loss(later["churned"].to_numpy(dtype=float), fitted.score(later))


def origins_in(
    frame: pd.DataFrame, directions: Mapping[str, int], recipe: Recipe, ladder: Ladder, *, window_days: int
) -> Origins:
    """The origins of these training rows (account_id, as_of, churned, indicators) at which enough accounts had churned."""
    pasts = []
    for train, test in rolling_origins(frame["as_of"], window_days=window_days, folds=ORIGINS):
        known = frame[train]
        lost = known.loc[known["churned"] == 1, "account_id"].nunique()
        if lost >= max(1, ladder.refuse_below // 3) and not known["churned"].all():
            start = fit_start(known, known["churned"].to_numpy(), recipe)
            pasts.append(Past(known, start, frame[test]))
    return Origins(pasts, directions, recipe)


def tuned_inside(
    frame: pd.DataFrame,
    directions: Mapping[str, int],
    recipe: Recipe,
    ladder: Ladder,
    budget: Budget,
    *,
    window_days: int,
    progress: Callable[[str], None] = lambda _: None,
) -> Tuning | None:
    """The tuning of LightGBM's trees on these training rows; None without a budget. Rows that are not given are not seen."""
    if not budget.trials:
        return None
    origins = origins_in(frame, directions, recipe, ladder, window_days=window_days)
    return tuned(origins.accounts, origins.losses, budget, Search(), progress=progress)
