"""A few rows that stand for the book, and how an explanation starts from them."""

from __future__ import annotations

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from models.reference import Reference, fit_reference
from models.scorer import Scorer
from tests.models.books import GROUPS
from tests.models.test_drivers import Given

TWO = {"a": "use", "b": "pay"}


def test_each_part_of_the_book_is_stood_for_by_the_row_nearest_to_its_mean() -> None:
    # By probability: three calm rows and three at risk; 0.1 and 2.1 are nearest to the means of their three.
    frame = pd.DataFrame({"a": [0.0, 2.1, 0.4, 2.0, 0.1, 2.5], "b": [0.0] * 6})
    found = fit_reference(Given(), frame, TWO, rows=2)
    assert found.indicators == ("a", "b")
    assert found.margins == ((0.1, 0.0), (2.1, 0.0))
    probability = Given().score(frame)
    assert found.weights @ probability[[4, 1]] == pytest.approx(probability.mean(), abs=1e-12)
    assert found.weights.sum() == pytest.approx(1.0)
    assert found.weights == pytest.approx([0.5, 0.5], abs=0.05)


def test_the_order_of_the_book_does_not_matter(scorers: Mapping[str, Scorer], train: pd.DataFrame) -> None:
    whole = fit_reference(scorers["lightgbm"], train, GROUPS)
    again = fit_reference(scorers["lightgbm"], train.sample(frac=1, random_state=3), GROUPS)
    np.testing.assert_allclose(again.margins, whole.margins, rtol=0, atol=1e-12)
    np.testing.assert_allclose(again.shares, whole.shares, rtol=0, atol=1e-9)


def test_a_book_of_one_kind_of_account_or_of_few_has_a_reference_as_well() -> None:
    alike = fit_reference(Given(), pd.DataFrame({"a": [0.3] * 40, "b": [0.1] * 40}), TWO)
    assert set(alike.margins) == {(0.3, 0.1)}
    assert alike.weights.tolist() == [1 / 16] * 16
    few = fit_reference(Given(), pd.DataFrame({"a": [0.3, 0.5], "b": [0.1, 0.1]}), TWO)
    assert len(few.margins) == 2


def test_it_is_stored_as_json_and_built_again_to_the_last_bit(
    scorers: Mapping[str, Scorer], train: pd.DataFrame
) -> None:
    found = fit_reference(scorers["ensemble"], train, GROUPS)
    assert Reference.from_parameters(json.loads(json.dumps(found.parameters()))) == found
