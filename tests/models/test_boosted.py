"""LightGBM: monotone where declared, native missing values, deterministic by seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.boosted import SEEDS, Boosted, Trees, fit_boosted, suited
from models.linear import Linear
from models.linear_scorers import fit_calendar
from models.scorer import Array, Scorer, logit
from tests.models.books import DIRECTIONS


def level(y: Array) -> Linear:
    """A calendar that knows the base rate and nothing else."""
    return Linear("calendar", float(logit(np.array([y.mean()]))[0]), ())


@pytest.fixture(scope="module")
def boosted(scorers: Mapping[str, Scorer]) -> Boosted:
    found = scorers["lightgbm"]
    assert isinstance(found, Boosted)
    return found


def test_the_bag_holds_five_seeds_that_differ(boosted: Boosted) -> None:
    assert len(boosted.texts) == len(set(boosted.texts)) == SEEDS == 5


def test_pushing_a_constrained_indicator_towards_risk_never_lowers_the_risk(
    boosted: Boosted, train: pd.DataFrame
) -> None:
    rng = np.random.default_rng(0)
    constrained = [c for c in boosted.indicators if DIRECTIONS[c]]
    rows = train.iloc[rng.integers(0, len(train), 2000)].reset_index(drop=True)
    pushed = rows.copy()
    for i, name in enumerate(rng.choice(constrained, 2000)):
        step = abs(rng.normal()) * train[name].std() * 2
        pushed.loc[i, name] = rows.loc[i, name] + DIRECTIONS[name] * step
    before, after = boosted.score(rows), boosted.score(pushed)
    assert (after < before).sum() == 0
    assert (after > before).sum() > 200


def test_every_declared_direction_is_used_by_the_bag(boosted: Boosted) -> None:
    assert len([c for c in boosted.indicators if DIRECTIONS[c]]) >= 8


def test_an_unconstrained_indicator_may_go_both_ways() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, 3000)
    y = (rng.random(3000) < np.where(np.abs(x) > 0.5, 0.4, 0.02)).astype(float)
    frame = pd.DataFrame({"tickets": x})
    free = fit_boosted(frame, y, {"tickets": 0}, level(y), seeds=[0])
    bound = fit_boosted(frame, y, {"tickets": 1}, level(y), seeds=[0])
    grid = pd.DataFrame({"tickets": np.linspace(-1, 1, 41)})
    left, middle, right = free.score(grid)[[2, 20, 38]]
    assert min(left, right) > 2 * middle
    assert (np.diff(bound.score(grid)) >= 0).all()


def test_a_missing_value_is_learned_and_not_filled() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=2000)
    x[::2] = np.nan
    y = (rng.random(2000) < np.where(np.isnan(x), 0.5, 0.05)).astype(float)
    found = fit_boosted(pd.DataFrame({"nps": x}), y, {"nps": -1}, level(y), seeds=[0])
    unknown, low, zero, high = found.score(pd.DataFrame({"nps": [np.nan, -1.0, 0.0, 1.0]}))
    assert unknown > 0.3
    assert max(low, zero, high) < 0.15


def test_columns_that_never_vary_are_left_out_and_a_gap_counts_as_variation() -> None:
    rng = np.random.default_rng(0)
    n = 400
    frame = pd.DataFrame({"x": rng.normal(size=n), "constant": 3.0, "empty": np.nan, "gap": 1.0})
    frame.loc[::2, "gap"] = np.nan
    y = (rng.random(n) < 0.3).astype(float)
    directions = {"x": 1, "constant": 1, "empty": 1, "gap": 0}
    found = fit_boosted(frame, y, directions, level(y), seeds=[0])
    assert found.indicators == ("x", "gap")


def test_the_same_seeds_give_the_same_boosters_and_others_differ() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({c: rng.normal(size=500) for c in "abc"})
    y = (rng.random(500) < 0.3).astype(float)

    def fitted(seed: int) -> Boosted:
        return fit_boosted(frame, y, dict.fromkeys("abc", 0), level(y), seeds=[seed])

    assert fitted(1).texts == fitted(1).texts
    assert fitted(1).texts != fitted(2).texts


def test_the_score_is_the_mean_log_odds_of_the_bag(boosted: Boosted, test: pd.DataFrame) -> None:
    alone = [logit(replace(boosted, texts=(text,)).score(test)) for text in boosted.texts]
    np.testing.assert_allclose(logit(boosted.score(test)), np.mean(alone, axis=0), atol=1e-9)


def test_trees_grow_no_more_leaves_and_rounds_than_they_may() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({c: rng.normal(size=1500) for c in "abc"})
    y = (rng.random(1500) < 1 / (1 + np.exp(-frame["a"] * frame["b"]))).astype(float)
    for size in (Trees(leaves=4, rounds=7), Trees(leaves=12, rounds=20)):
        found = fit_boosted(frame, y, dict.fromkeys("abc", 0), level(y), trees=size, seeds=[0])
        grown = found.boosters[0].dump_model()["tree_info"]
        assert (max(t["num_leaves"] for t in grown), len(grown)) == (size.leaves, size.rounds)


@pytest.mark.parametrize(("rows", "least"), [(100, 20), (5000, 50), (15_000, 150), (10**6, 150)])
def test_a_leaf_needs_fewer_rows_where_there_are_few(rows: int, least: int) -> None:
    assert Trees().within(rows).least_rows == least


@pytest.mark.parametrize(("churned", "rounds"), [(0, 32), (30, 32), (230, 80), (920, 160), (10**6, 320)])
def test_rounds_grow_with_what_there_is_to_learn_from(churned: int, rounds: int) -> None:
    assert suited(churned).rounds == rounds


def test_trees_start_from_the_calendar_and_add_to_it(train: pd.DataFrame) -> None:
    y = train["churned"].to_numpy()
    calendar = fit_calendar(train, y)
    idle = fit_boosted(train, y, DIRECTIONS, calendar, trees=Trees(rounds=1, learning_rate=1e-9), seeds=[0])
    np.testing.assert_allclose(idle.score(train), calendar.score(train), rtol=1e-6)
    found = fit_boosted(train, y, DIRECTIONS, calendar, seeds=[0])
    base, contributions = found.margins(train)
    assert {"days_to_notice", "term_length_days", "renewal_signed"} <= set(contributions)
    np.testing.assert_allclose(base + contributions.sum(axis=1), logit(found.score(train)), atol=1e-9)


def test_probabilities_may_be_learned_from_and_give_what_0_and_1_would() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=20_000)
    risk = 1 / (1 + np.exp(2 - x))
    frame = pd.DataFrame({"x": x})
    taught = fit_boosted(frame, risk, {"x": 1}, level(risk), seeds=[0]).score(frame)
    drawn = (rng.random(20_000) < risk).astype(float)
    learned = fit_boosted(frame, drawn, {"x": 1}, level(drawn), seeds=[0]).score(frame)
    assert np.abs(taught - risk).mean() < 0.012
    assert np.abs(taught - learned).mean() < 0.02


def test_too_few_rows_for_a_split_give_the_base_rate_to_all() -> None:
    frame = pd.DataFrame({"x": np.arange(30.0)})
    y = (np.arange(30) % 3 == 0).astype(float)
    found = fit_boosted(frame, y, {"x": 1}, level(y), seeds=[0])
    assert found.score(frame) == pytest.approx(np.full(30, 1 / 3))
    base, contributions = found.margins(frame)
    assert base == pytest.approx(np.log(0.5))
    assert not contributions.to_numpy().any()
