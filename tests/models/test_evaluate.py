"""The evaluation table: who is null and when, and how health ranks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.evaluate import Sample, evaluate, log_loss_gain, paired, ranking_of_health
from models.metrics import LEAST_CHURNED


def sample(*, in_window: int, rows_each: int = 1) -> tuple[Sample, np.ndarray]:
    """40 accounts: the first 20 churn, `in_window` of them and 10 others inside the window."""
    accounts = np.repeat([f"a{i:02d}" for i in range(40)], rows_each)
    number = np.repeat(np.arange(40), rows_each)
    rows = pd.DataFrame(
        {
            "account_id": accounts,
            "as_of": "2025-01-06",
            "churned": (number < 20).astype(float),
            "in_window": (number < in_window) | (number >= 30),
        }
    )
    return Sample(rows, training_base_rate=0.25, capacity_share=0.10), np.linspace(0.9, 0.1, len(rows))


def test_below_10_churned_accounts_in_window_figures_are_null_however_many_rows() -> None:
    few, score = sample(in_window=LEAST_CHURNED - 1, rows_each=3)
    assert evaluate(few, {"calendar": score}, share_null={})["calendar"]["roc_auc_in_window"] is None
    enough, score = sample(in_window=LEAST_CHURNED)
    assert evaluate(enough, {"calendar": score}, share_null={})["calendar"]["roc_auc_in_window"] == 1.0


def test_in_window_looks_at_rows_of_the_window_alone() -> None:
    given, _ = sample(in_window=10)
    # Outside the window everything is ranked upside down.
    score = np.concatenate([np.full(10, 0.8), np.full(10, 0.1), np.full(10, 0.9), np.full(10, 0.2)])
    found = evaluate(given, {"calendar": score}, share_null={})["calendar"]
    assert found["roc_auc_in_window"] == 1.0
    assert found["roc_auc"] == pytest.approx((10 * 10) / 400)


def test_health_only_ranks_so_its_probability_figures_are_null() -> None:
    given, score = sample(in_window=10)
    found = evaluate(given, {"health_score": 100 * score, "logistic": score}, share_null={"health_score": 0.25})
    null = {k for k, v in found["health_score"].items() if v is None}
    assert null == {"log_loss", "brier", "ece", "calibration_slope", "observed_expected"}
    assert found["health_score"]["share_null"] == 0.25
    assert found["logistic"]["share_null"] == 0.0
    assert found["health_score"]["roc_auc"] == found["logistic"]["roc_auc"] == 1.0
    assert found["logistic"]["observed_expected"] == pytest.approx(20 / score.sum())


def test_the_constant_log_loss_uses_the_training_base_rate() -> None:
    given, score = sample(in_window=10)
    found = evaluate(given, {"logistic": score}, share_null={})["logistic"]
    assert found["log_loss_constant"] == pytest.approx(-(np.log(0.25) + np.log(0.75)) / 2)
    assert found["base_rate"] == 0.5


def test_a_null_health_score_ranks_at_the_median_and_its_share_is_told() -> None:
    ranking, share = ranking_of_health(pd.Series([90.0, None, 20.0, 60.0]))
    assert ranking.tolist() == [10.0, 40.0, 80.0, 40.0]
    assert share == 0.25


def test_health_scores_that_are_all_null_rank_equally() -> None:
    ranking, share = ranking_of_health(pd.Series([None, None], dtype=float))
    assert ranking.tolist() == [50.0, 50.0]
    assert share == 1.0


def test_paired_differences_leave_out_the_reference_and_are_null_without_churn() -> None:
    given, score = sample(in_window=10)
    found = paired(given, {"recency": np.full(40, 0.5), "logistic": score})
    assert set(found) == {"logistic"}
    assert found["logistic"] == {"vs": "recency", "roc_auc_diff": 0.5, "ci": (0.5, 0.5)}
    quiet = Sample(given.rows.assign(churned=0.0), 0.25, 0.1)
    assert paired(quiet, {"recency": score, "logistic": score}) == {}


def test_log_loss_gain_by_hand_and_with_its_sign() -> None:
    given, _ = sample(in_window=10)
    y = given.churned
    better, worse = np.where(y == 1, 0.8, 0.2), np.full(40, 0.5)
    gain, bounds = log_loss_gain(given.rows, better, worse)
    assert gain == pytest.approx(np.log(0.8) - np.log(0.5))
    assert bounds == pytest.approx((gain, gain))
    assert log_loss_gain(given.rows, worse, better)[0] == pytest.approx(-gain)
