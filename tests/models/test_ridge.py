"""Ridge with sides: scikit-learn's solution where all are free, the best allowed one where they are not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from models.ridge import ridge
from models.scorer import Array, sigmoid

TRUE = np.array([0.8, -0.6, 0.3, 0.0])


@pytest.fixture(scope="module")
def drawn() -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    design = rng.normal(size=(3000, 4))
    return design, (rng.random(3000) < sigmoid(design @ TRUE - 2)).astype(float)


@pytest.mark.parametrize("strength", [0.005, 1.0])
def test_with_every_coefficient_free_it_is_scikit_learns_logistic_regression(
    drawn: tuple[Array, Array], strength: float
) -> None:
    design, churned = drawn
    known = LogisticRegression(C=strength, tol=1e-10, max_iter=5000).fit(design, churned)
    intercept, weights = ridge(design, churned, np.full(4, 1 / strength), np.zeros(4))
    assert intercept == pytest.approx(known.intercept_[0], abs=1e-4)
    np.testing.assert_allclose(weights, known.coef_[0], atol=1e-4)


def test_a_coefficient_that_would_cross_its_side_is_0_and_the_others_are_fitted_without_it(
    drawn: tuple[Array, Array],
) -> None:
    design, churned = drawn
    intercept, weights = ridge(design, churned, np.ones(4), np.array([1.0, 1.0, -1.0, 0.0]))
    assert weights[1] == weights[2] == 0
    alone = ridge(design[:, [0, 3]], churned, np.ones(2), np.zeros(2))
    assert intercept == pytest.approx(alone[0], abs=1e-4)
    np.testing.assert_allclose(weights[[0, 3]], alone[1], atol=1e-4)


def test_sides_that_the_data_keep_anyway_change_nothing(drawn: tuple[Array, Array]) -> None:
    design, churned = drawn
    free = ridge(design, churned, np.ones(4), np.zeros(4))
    bound = ridge(design, churned, np.ones(4), np.array([1.0, -1.0, 1.0, 0.0]))
    np.testing.assert_allclose(bound[1], free[1], atol=1e-4)


def test_each_column_has_its_own_penalty(drawn: tuple[Array, Array]) -> None:
    design, churned = drawn
    weights = ridge(design, churned, np.array([1.0, 1e6, 1.0, 1.0]), np.zeros(4))[1]
    assert abs(weights[1]) < 0.01 < 0.5 < weights[0]


def test_a_row_that_stands_for_three_counts_as_three_rows(drawn: tuple[Array, Array]) -> None:
    design, churned = (part[:200] for part in drawn)
    counts = np.where(np.arange(200) % 2 == 0, 3, 1)
    weighed = ridge(design, churned, np.ones(4), np.zeros(4), weights=counts.astype(float))
    written_out = ridge(np.repeat(design, counts, axis=0), np.repeat(churned, counts), np.ones(4), np.zeros(4))
    assert weighed[0] == pytest.approx(written_out[0], abs=1e-5)
    np.testing.assert_allclose(weighed[1], written_out[1], atol=1e-5)
