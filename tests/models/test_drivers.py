"""Contributions in percentage points: exact Shapley values that add up to the probability shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.drivers import MOST_GROUPS, base_points, drivers, shapley
from models.scorer import Array, Scorer, sigmoid
from models.zoo import NAMES
from tests.models.books import GROUPS


@dataclass(frozen=True)
class Given:
    """A scorer whose log-odds are the columns of the frame themselves."""

    name: str = "given"
    base: float = -2.0

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        return self.base, features

    def score(self, features: pd.DataFrame) -> Array:
        return sigmoid(self.base + features.to_numpy().sum(axis=1))

    def parameters(self) -> dict[str, Any]:
        return {}


@pytest.mark.parametrize("name", NAMES[1:])
def test_base_and_contributions_add_up_to_the_probability_shown(
    name: str, scorers: Mapping[str, Scorer], test: pd.DataFrame
) -> None:
    found = drivers(scorers[name], test, GROUPS)
    total = base_points(scorers[name], test) + found.groupby("row")["contribution"].sum()
    np.testing.assert_allclose(total[test.index], 100 * scorers[name].score(test), atol=1e-9)


def test_shapley_equals_the_mean_over_all_orders_of_arrival() -> None:
    rng = np.random.default_rng(0)
    groups = rng.normal(scale=2, size=(5, 4))
    expected = np.zeros((5, 4))
    orders = list(permutations(range(4)))
    for order in orders:
        margin = np.full(5, -1.3)
        for player in order:
            before = sigmoid(margin)
            margin = margin + groups[:, player]
            expected[:, player] += (sigmoid(margin) - before) / len(orders)
    np.testing.assert_allclose(shapley(-1.3, groups), expected, atol=1e-14)


def test_shapley_of_one_group_is_the_whole_difference() -> None:
    assert shapley(0.0, np.array([[np.log(3.0)]])).tolist() == [[pytest.approx(0.25)]]


def test_equal_groups_share_equally_and_an_idle_group_gets_nothing() -> None:
    found = shapley(-1.0, np.array([[0.7, 0.7, 0.0]]))[0]
    assert found[0] == pytest.approx(found[1])
    assert found[2] == pytest.approx(0.0, abs=1e-15)


def test_more_than_eight_groups_are_refused_by_name() -> None:
    frame = pd.DataFrame([np.ones(9)], columns=[f"i{n}" for n in range(9)])
    with pytest.raises(ValueError, match=r"9 driver groups \(g0, g1.*at most 8"):
        drivers(Given(), frame, {f"i{n}": f"g{n}" for n in range(9)})
    eight = drivers(Given(), frame, {f"i{n}": f"g{min(n, 7)}" for n in range(9)})
    assert eight["group"].nunique() == MOST_GROUPS == 8


def test_the_catalogue_has_at_most_eight_groups() -> None:
    assert len(set(GROUPS.values())) <= MOST_GROUPS


def test_within_a_group_the_points_are_split_as_the_log_odds_are() -> None:
    found = drivers(Given(), pd.DataFrame({"a": [1.0], "b": [0.5], "c": [-0.3]}), {"a": "use", "b": "use", "c": "pay"})
    points = found.set_index("indicator")["contribution"]
    assert points["a"] == pytest.approx(2 * points["b"])
    assert points["c"] < 0 < points["b"]
    assert found.loc[found["indicator"] == "a", "group"].item() == "use"


@pytest.mark.parametrize("b", [-1.0, -0.999, -1.001, -0.8, -1 + 1e-15])
def test_a_group_whose_log_odds_cancel_still_adds_up_without_blowing_up(b: float) -> None:
    frame = pd.DataFrame({"a": [1.0], "b": [b], "c": [0.7]})
    found = drivers(Given(), frame, {"a": "use", "b": "use", "c": "pay"})
    total = base_points(Given(), frame) + found["contribution"].sum()
    assert total == pytest.approx(100 * Given().score(frame)[0], abs=1e-9)
    assert found["contribution"].abs().max() < 100


def test_where_the_log_odds_of_a_group_cancel_the_little_that_is_left_is_shared_equally() -> None:
    found = drivers(Given(), pd.DataFrame({"a": [1.0], "b": [-0.99]}), {"a": "use", "b": "use"})
    assert found["contribution"].tolist() == pytest.approx(
        [100 * (Given().score(pd.DataFrame({"a": [0.01]}))[0] - Given().score(pd.DataFrame({"a": [0.0]}))[0]) / 2] * 2
    )


def test_an_indicator_without_a_group_is_told_as_other() -> None:
    assert drivers(Given(), pd.DataFrame({"a": [1.0]}), {})["group"].tolist() == ["other"]


def test_row_order_does_not_matter(scorers: Mapping[str, Scorer], test: pd.DataFrame) -> None:
    def told(frame: pd.DataFrame) -> pd.Series:
        return drivers(scorers["ensemble"], frame, GROUPS).set_index(["row", "indicator"])["contribution"].sort_index()

    pd.testing.assert_series_equal(told(test), told(test.sample(frac=1, random_state=2)), rtol=0, atol=1e-12)


def test_every_row_and_indicator_appears_once(scorers: Mapping[str, Scorer], test: pd.DataFrame) -> None:
    found = drivers(scorers["lightgbm"], test, GROUPS)
    assert not found.duplicated(["row", "indicator"]).any()
    assert set(found["row"]) == set(test.index)
