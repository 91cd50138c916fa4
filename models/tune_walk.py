"""Tuning along a walk through a history: at an origin only what was known there is tuned on."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from models.boosted import Growth
from models.recipe import Recipe
from models.tune import Tuning

Tune = Callable[[pd.DataFrame, Recipe], Tuning | None]
TIMES = 2
"""As many churned accounts as at the last tuning, for another one to be worth its time."""


class TunedAgain:
    """How trees grow at each origin: tuned anew where the churned accounts have doubled, kept in between.

    `churn train` tunes at every training; a walk of two dozen origins would be hours of it.
    """

    def __init__(self, tune: Tune) -> None:
        self._tune = tune
        self._lost = 0
        self.tunings: list[Tuning] = []

    def __call__(self, past: pd.DataFrame, recipe: Recipe) -> Growth | None:
        """The growth at an origin whose rows that train are these."""
        lost = int(past.loc[past["churned"] == 1, "account_id"].nunique())
        if lost >= TIMES * self._lost:
            self._lost = lost
            found = self._tune(past, recipe)
            self.tunings += [found] if found else []
        return self.tunings[-1].growth if self.tunings else None

    @property
    def sentence(self) -> str | None:
        """What came of it, in one line; null where nothing was tuned."""
        if not self.tunings:
            return None
        trials = sum(len(one.tried) for one in self.tunings)
        moved = sum(one.growth is not None for one in self.tunings)
        spent = sum(one.seconds for one in self.tunings)
        return (
            f"LightGBM was tuned {len(self.tunings)} times on the way, whenever the churned accounts had doubled "
            f"({trials} trials in {spent:.0f} s); the defaults gave way {moved} times."
        )
