"""The game of the driver groups, held against its definition over all orders of arrival."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from models import game
from models.game import shapley
from models.scorer import Array, sigmoid


def by_arrival(base: float, groups: Array, reference: Array, weights: Array) -> Array:
    """Every order of arrival, every row of the reference: what each group changes as it becomes known."""
    rows, count = groups.shape
    found = np.zeros((rows, count))
    orders = list(permutations(range(count)))
    for row in range(rows):
        for given, weight in zip(reference, weights, strict=True):
            for order in orders:
                known = given.copy()
                for player in order:
                    before = sigmoid(base + known.sum())
                    known[player] = groups[row, player]
                    found[row, player] += weight * (sigmoid(base + known.sum()) - before) / len(orders)
    return found


def test_shapley_equals_the_mean_over_all_orders_of_arrival() -> None:
    groups = np.random.default_rng(0).normal(scale=2, size=(5, 4))
    expected = by_arrival(-1.3, groups, np.zeros((1, 4)), np.ones(1))
    np.testing.assert_allclose(shapley(-1.3, groups), expected, atol=1e-14)


def test_what_is_not_known_is_as_in_the_reference() -> None:
    rng = np.random.default_rng(1)
    groups, reference, weights = rng.normal(size=(3, 4)), rng.normal(size=(2, 4)), np.array([0.3, 0.7])
    found = shapley(-1.3, groups, reference=reference, weights=weights)
    np.testing.assert_allclose(found, by_arrival(-1.3, groups, reference, weights), atol=1e-14)
    equal = by_arrival(-1.3, groups, reference, np.array([0.5, 0.5]))
    np.testing.assert_allclose(shapley(-1.3, groups, reference=reference), equal, atol=1e-14)


def test_shapley_of_one_group_is_the_whole_difference() -> None:
    assert shapley(0.0, np.array([[np.log(3.0)]])).tolist() == [[pytest.approx(0.25)]]
    # From a reference of one half to three quarters.
    found = shapley(0.0, np.array([[np.log(3.0)]]), reference=np.array([[np.log(1 / 3)], [np.log(3.0)]]))
    assert found.tolist() == [[pytest.approx(0.25)]]


def test_equal_groups_share_equally_and_an_idle_group_gets_nothing() -> None:
    found = shapley(-1.0, np.array([[0.7, 0.7, 0.0]]))[0]
    assert found[0] == pytest.approx(found[1])
    assert found[2] == pytest.approx(0.0, abs=1e-15)


def test_the_probability_that_is_played_for_may_be_another_than_the_logistic() -> None:
    found = shapley(-1.0, np.array([[0.7, 0.2]]), probability=lambda margin: 0.1 * margin + 0.5)
    assert found.tolist() == [[pytest.approx(0.07), pytest.approx(0.02)]]


def test_rows_beyond_one_block_are_played_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = np.random.default_rng(2).normal(size=(10, 3))
    whole = shapley(-2.0, groups)
    monkeypatch.setattr(game, "ROWS", 4)
    np.testing.assert_allclose(shapley(-2.0, groups), whole, atol=1e-15)
    assert shapley(-2.0, groups[:0]).shape == (0, 3)
