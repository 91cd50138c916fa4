"""Every draw's figure is the figure of the rows it drew, accounts repeated as often as they were drawn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models import metrics
from models.bootstrap import Resampler
from models.draws import Counts, median, ratio, slope
from models.scorer import Array, sigmoid

ACCOUNTS = pd.Series(["a", "a", "b", "b", "c", "c", "d", "d"])
CHURNED = np.array([1.0, 0, 0, 0, 1, 1, 0, 0])
SCORE = np.array([0.9, 0.2, 0.3, 0.3, 0.3, 0.8, 0.1, 0.6])


def drawn(resampler: Resampler, draw: int) -> Array:
    """Row numbers of one draw."""
    return np.repeat(np.arange(len(CHURNED)), resampler.multiplicity[resampler.account, draw].astype(int))


def test_every_draw_of_a_ranking_equals_the_figure_of_its_rows() -> None:
    resampler = Resampler.of(ACCOUNTS, draws=40)
    counts = Counts.of(resampler, CHURNED, SCORE)
    auc, precision, lift = counts.roc_auc(), counts.average_precision(), counts.lift(0.25)
    for draw in range(40):
        rows = drawn(resampler, draw)
        y, s = CHURNED[rows], SCORE[rows]
        for found, wanted in (
            (auc, metrics.roc_auc(y, s)),
            (precision, metrics.pr_auc(y, s)),
            (lift, metrics.lift_at(y, s, share=0.25)),
        ):
            assert found[draw] == pytest.approx(np.nan if wanted is None else wanted, nan_ok=True)


def test_a_ratio_is_a_ratio_of_sums_and_missing_where_nothing_lies_below() -> None:
    resampler = Resampler.of(pd.Series(["a", "b"]), draws=50)
    found = ratio(resampler, np.array([3.0, 0.0]), np.array([4.0, 0.0]))
    only_b = resampler.multiplicity[0] == 0
    assert only_b.any()
    assert np.isnan(found[only_b]).all()
    assert found[~only_b] == pytest.approx(0.75)


def test_the_slope_of_a_draw_is_that_of_a_logistic_regression_on_its_rows() -> None:
    rng = np.random.default_rng(0)
    odds = rng.normal(-1, 1, 400)
    churned = (rng.random(400) < sigmoid(0.5 * odds)).astype(float)
    # Few distinct probabilities: binning then loses nothing.
    probability = sigmoid(np.round(odds, 1))
    resampler = Resampler.of(pd.Series(np.arange(400) // 4), draws=5)
    found = slope(resampler, churned, probability)
    for draw in range(5):
        rows = np.repeat(np.arange(400), resampler.multiplicity[resampler.account, draw].astype(int))
        assert found[draw] == pytest.approx(metrics.calibration_slope(churned[rows], probability[rows]), abs=1e-3)


def test_a_slope_is_missing_where_a_draw_has_no_churn() -> None:
    resampler = Resampler.of(pd.Series(["a", "b"]), draws=30)
    found = slope(resampler, np.array([1.0, 0.0]), np.array([0.3, 0.2]))
    assert np.isnan(found[(resampler.multiplicity == 2).any(axis=0)]).all()


def test_the_median_counts_an_account_as_often_as_it_was_drawn() -> None:
    values = np.array([30.0, 10.0, 20.0])
    multiplicity = np.array([[1, 3, 0], [1, 0, 0], [1, 0, 0]], dtype=np.float32)
    assert median(values, multiplicity).tolist() == pytest.approx([20.0, 30.0, np.nan], nan_ok=True)
