"""Tuning along a walk: anew where churned accounts have doubled, on what was known there, and kept in between."""

from __future__ import annotations

import pandas as pd

from models.boosted import USUAL_GROWTH, Growth
from models.recipe import USUAL, Recipe
from models.tune import Budget, Tried, Tuning
from models.tune_walk import TunedAgain


def past(lost: int) -> pd.DataFrame:
    """So many churned accounts, two rows each, and one that stays."""
    rows = [(f"a{i}", 1.0) for i in range(lost)] * 2 + [("kept", 0.0)]
    return pd.DataFrame(rows, columns=["account_id", "churned"])


def choosing(growth: Growth) -> Tuning:
    return Tuning(Budget(5), (Tried(growth, 0.1, 0.0, 0.0, chosen=True),) * 5, 2.0)


def test_it_is_tuned_anew_where_the_churned_accounts_have_doubled_and_kept_in_between() -> None:
    seen: list[int] = []

    def tune(rows: pd.DataFrame, recipe: Recipe) -> Tuning:
        assert recipe is USUAL
        seen.append(len(rows) // 2)
        return choosing(Growth(leaves=len(seen) + 1))

    growing = TunedAgain(tune)
    found = [growing(past(lost), USUAL) for lost in (30, 45, 59, 60, 110, 120)]
    assert seen == [30, 60, 120]
    assert [growth.leaves for growth in found if growth] == [2, 2, 2, 3, 3, 4]
    assert growing.sentence == (
        "LightGBM was tuned 3 times on the way, whenever the churned accounts had doubled (15 trials in 6 s); the "
        "defaults gave way 3 times."
    )


def test_where_the_default_stays_or_nothing_is_tuned_growth_is_none() -> None:
    stays = TunedAgain(lambda *_: choosing(USUAL_GROWTH))
    assert stays(past(30), USUAL) is None
    assert "the defaults gave way 0 times" in str(stays.sentence)
    off = TunedAgain(lambda *_: None)
    assert off(past(30), USUAL) is None
    assert off.sentence is None
