"""Looked-up TreeSHAP values equal those of shap itself, whichever way a value is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from models import tree_tables as module
from models.boosted import Boosted
from models.scorer import Array, Scorer
from models.tree_shap import tree_contributions
from models.tree_tables import TooDeep, mean_contributions, tree_tables


def leaf(value: float, rows: int) -> dict[str, Any]:
    return {"leaf_value": value, "leaf_count": rows}


def split(feature: int, rows: int, left: dict[str, Any], right: dict[str, Any], **more: Any) -> dict[str, Any]:
    """At 0.5, as LightGBM's `dump_model` writes it."""
    usual = {"threshold": 0.5, "decision_type": "<=", "default_left": True, "missing_type": "None"}
    found = {"split_feature": feature, "internal_count": rows, "left_child": left, "right_child": right}
    return {**usual, **found, **more}


def told(tree: dict[str, Any], rows: list[list[float]]) -> tuple[float, list[list[float]]]:
    base, found = mean_contributions([tree_tables({"tree_info": [{"tree_structure": tree}]})], np.array(rows))
    return base, found.tolist()


def data(seed: int = 0, rows: int = 1500) -> tuple[Array, Array]:
    """Eight columns: counts with many zeros, numbers around zero, values missing here and there; and a label."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 8))
    x[:, :4] = rng.poisson(0.8, size=(rows, 4)) * rng.choice([1.0, -1.0], size=(rows, 4))
    x[rng.random(x.shape) < 0.15] = np.nan
    seen = np.nan_to_num(x)
    margin = seen[:, 0] + np.abs(seen[:, 4]) * 2 - 2 * (seen[:, 5] * seen[:, 1] > 0) + np.isnan(x[:, 6]) - 2
    return x, (rng.random(rows) < 1 / (1 + np.exp(-margin))).astype(float)


def booster(**given: Any) -> Any:
    x, y = data()
    usual = {"objective": "cross_entropy", "min_data_in_leaf": 10, "verbosity": -1, "num_threads": 2, "seed": 3}
    found = lgb.train({**usual, "num_leaves": 6, **given}, lgb.Dataset(x, label=y), num_boost_round=25)
    # As it is stored.
    return lgb.Booster(model_str=found.model_to_string())


def queer_rows() -> Array:
    """Rows never seen, among them NaN, infinities, zeros of both signs and what LightGBM takes for zero."""
    x, _ = data(seed=9, rows=400)
    rng = np.random.default_rng(4)
    odd = np.array([np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-20, np.inf, -np.inf])
    where = rng.random(x.shape) < 0.4
    x[where] = rng.choice(odd, size=int(where.sum()))
    return x


def test_one_split_gives_what_its_leaf_differs_from_the_mean() -> None:
    # Three of four training rows are worth 0, one is worth 4: the mean is 1.
    base, found = told(split(0, 4, leaf(0.0, 3), leaf(4.0, 1)), [[0.0], [1.0]])
    assert base == 1.0
    assert found == [[-1.0], [3.0]]


def test_two_splits_share_what_they_make_together() -> None:
    # Worth 8 where both are above: 2 of 4 rows pass the first split, 1 of these 2 the second.
    tree = split(0, 4, leaf(0.0, 2), split(1, 2, leaf(0.0, 1), leaf(8.0, 1)))
    base, found = told(tree, [[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    assert base == 2.0
    # Known both: 8, first alone: 8 × 1/2, second alone: 8 × 1/2, none: 2.
    assert found[0] == pytest.approx([3.0, 3.0])
    # Known both: 0, first alone: 4, second alone: 0, none: 2.
    assert found[1] == pytest.approx([1.0, -3.0])
    assert found[2] == pytest.approx([-3.0, 1.0])


def test_a_feature_asked_twice_on_a_path_is_one_player() -> None:
    # Between 0.5 and 2.5 worth 6: 2 of 4 rows, then 1 of 2; a mean of 1.5.
    tree = split(0, 4, leaf(0.0, 2), split(0, 2, leaf(6.0, 1), leaf(0.0, 1), threshold=2.5))
    base, found = told(tree, [[1.0], [3.0], [0.0]])
    assert base == 1.5
    assert found == [[4.5], [-1.5], [-1.5]]


@pytest.mark.parametrize(
    ("missing", "default_left", "left"),
    [
        # of: NaN, 0, 1e-36, 0.4, 1
        ("None", False, [True, True, True, True, False]),
        ("NaN", False, [False, True, True, True, False]),
        ("NaN", True, [True, True, True, True, False]),
        ("Zero", False, [False, False, False, True, False]),
        ("Zero", True, [True, True, True, True, False]),
    ],
)
def test_a_missing_value_turns_as_lightgbm_says(missing: str, default_left: bool, left: list[bool]) -> None:
    tree = split(0, 4, leaf(0.0, 3), leaf(4.0, 1), missing_type=missing, default_left=default_left)
    _, found = told(tree, [[np.nan], [0.0], [1e-36], [0.4], [1.0]])
    assert [value == [-1.0] for value in found] == left


@pytest.mark.parametrize("leaves", [2, 6, 16])
@pytest.mark.parametrize("missing", [{}, {"zero_as_missing": True}, {"use_missing": False}])
def test_looked_up_values_are_those_of_shap(leaves: int, missing: Mapping[str, Any]) -> None:
    found = booster(num_leaves=leaves, **missing)
    rows = queer_rows()
    base, values = tree_contributions(found, rows)
    our_base, ours = mean_contributions([tree_tables(found.dump_model())], rows)
    assert our_base == pytest.approx(base, abs=1e-9)
    np.testing.assert_allclose(ours, values, rtol=0, atol=1e-9)
    np.testing.assert_allclose(our_base + ours.sum(axis=1), found.predict(rows, raw_score=True), rtol=0, atol=1e-9)


def test_the_trees_compared_with_shap_ask_a_feature_twice_and_turn_by_default_both_ways() -> None:
    trees = booster(num_leaves=16).dump_model()["tree_info"]

    def paths(node: Mapping[str, Any], asked: tuple[int, ...] = ()) -> list[tuple[int, ...]]:
        if "left_child" not in node:
            return [asked]
        sides = node["left_child"], node["right_child"]
        return [p for side in sides for p in paths(side, (*asked, node["split_feature"]))]

    every = [path for tree in trees for path in paths(tree["tree_structure"])]
    assert any(len(set(path)) < len(path) for path in every)
    text = str(trees)
    assert "'default_left': True" in text
    assert "'default_left': False" in text


def test_a_booster_that_found_nothing_has_its_one_leaf_as_base() -> None:
    x, y = data()
    found = lgb.train({"objective": "cross_entropy", "min_data_in_leaf": 1500, "verbosity": -1}, lgb.Dataset(x, y), 3)
    base, values = mean_contributions([tree_tables(found.dump_model())], x)
    assert base == pytest.approx(found.predict(x[:1], raw_score=True)[0], abs=1e-12)
    assert not values.any()


def test_rows_beyond_one_block_are_looked_up_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tree_tables(booster().dump_model())
    rows = queer_rows()
    whole = mean_contributions([tables], rows)[1]
    monkeypatch.setattr(module, "ROWS", 7)
    assert mean_contributions([tables], rows)[1].tobytes() == whole.tobytes()
    assert mean_contributions([tables], rows[:0])[1].shape == (0, 8)


def test_a_path_too_long_for_a_table_is_left_to_shap(
    scorers: Mapping[str, Scorer], test: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    scorer = scorers["lightgbm"]
    assert isinstance(scorer, Boosted)
    base, looked_up = scorer.margins(test)
    monkeypatch.setattr(module, "DEEPEST", 1)
    again = replace(scorer)
    with pytest.raises(TooDeep, match="more than 1"):
        tree_tables(again.boosters[0].dump_model())
    assert again.margins(test)[0] == pytest.approx(base, abs=1e-9)
    np.testing.assert_allclose(again.margins(test)[1], looked_up, rtol=0, atol=1e-9)
    assert again.margins(test.head(0))[1].shape == (0, looked_up.shape[1])


def test_a_split_by_category_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a split by `==` has no table"):
        tree_tables({"tree_info": [{"tree_structure": split(0, 2, leaf(0, 1), leaf(1, 1), decision_type="==")}]})
