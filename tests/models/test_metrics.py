"""Each figure against scikit-learn or a value worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics as sk

from models import metrics
from models.scorer import Array, logit, sigmoid


def sample(seed: int, *, ties: bool) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    y = (rng.random(300) < 0.2).astype(float)
    p = np.clip(0.2 + 0.15 * (y - 0.2) + rng.normal(scale=0.08, size=300), 0.01, 0.99)
    return y, np.round(p, 1).clip(0.05, 0.95) if ties else p


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_figures_agree_with_scikit_learn(seed: int, ties: bool) -> None:
    y, p = sample(seed, ties=ties)
    assert metrics.roc_auc(y, p) == pytest.approx(sk.roc_auc_score(y, p), abs=1e-12)
    assert metrics.pr_auc(y, p) == pytest.approx(sk.average_precision_score(y, p), abs=1e-12)
    assert metrics.log_loss(y, p) == pytest.approx(sk.log_loss(y, p), abs=1e-12)
    assert metrics.brier(y, p) == pytest.approx(sk.brier_score_loss(y, p), abs=1e-12)


def test_auc_counts_a_tie_as_half() -> None:
    assert metrics.roc_auc(np.array([1.0, 0.0]), np.array([0.5, 0.5])) == 0.5
    # Pairs (0.4 over 0.1), (0.4 with 0.4), (0.8 over both): 3.5 of 4.
    assert metrics.roc_auc(np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.1, 0.4, 0.4, 0.8])) == 0.875


def test_figures_that_need_both_kinds_of_rows_are_null_without_them() -> None:
    none, p = np.zeros(4), np.array([0.1, 0.2, 0.3, 0.4])
    assert metrics.roc_auc(none, p) is None
    assert metrics.roc_auc(none + 1, p) is None
    assert metrics.pr_auc(none, p) is None
    assert metrics.lift_at(none, p, share=0.1) is None
    assert metrics.calibration_slope(none, p) is None
    assert metrics.calibration_slope(np.array([0.0, 1.0, 0.0, 1.0]), np.full(4, 0.3)) is None
    assert metrics.recall_at_capacity(none, p, pd.Series([1, 1, 1, 1]), share=0.5) is None


def test_log_loss_of_a_certain_error_is_large_but_finite() -> None:
    assert metrics.log_loss(np.array([1.0]), np.array([0.0])) == pytest.approx(-np.log(1e-12))


def test_lift_divides_ties_evenly_whatever_the_order() -> None:
    churned, score = np.array([1.0, 0, 0, 0, 1, 0, 0, 0, 0, 0]), np.array([0.9, *[0.5] * 4, *[0.1] * 5])
    # The top two rows: one certain churner and one of the four tied, which hold one: 1.25 of 2, against 0.2 on average.
    assert metrics.lift_at(churned, score, share=0.2) == pytest.approx((1.25 / 2) / 0.2)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(10)
        assert metrics.lift_at(churned[order], score[order], share=0.2) == pytest.approx(3.125)


def test_lift_of_one_score_for_all_is_1() -> None:
    assert metrics.lift_at(np.array([1.0, 0, 0, 1, 0]), np.full(5, 0.3), share=0.1) == pytest.approx(1.0)


def test_lift_takes_a_broken_row_in_part() -> None:
    # 10 % of 5 rows is half a row: it holds only churn, so the lift is 1 / 0.2.
    assert metrics.lift_at(np.array([1.0, 0, 0, 0, 0]), np.array([5.0, 4, 3, 2, 1]), share=0.1) == pytest.approx(5.0)


def test_calibration_error_by_hand() -> None:
    churned, probability = np.array([0.0, 1, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])
    # Two bins: promised .15 observed .5, promised .75 observed 1.
    assert metrics.expected_calibration_error(churned, probability, bins=2) == pytest.approx((0.35 + 0.25) / 2)


def test_calibration_error_does_not_depend_on_the_order_of_ties() -> None:
    churned, probability = np.repeat([1.0, 0.0], 50), np.full(100, 0.5)
    # Cut in input order, bins of one tied score would show errors of 0.5 that nobody made.
    assert metrics.expected_calibration_error(churned, probability) == pytest.approx(0.0)
    assert metrics.expected_calibration_error(churned[::-1], probability) == pytest.approx(0.0)


def test_calibration_slope_is_1_when_honest_and_below_when_too_bold() -> None:
    rng = np.random.default_rng(0)
    margin = rng.normal(size=20_000)
    y = (rng.random(20_000) < sigmoid(margin)).astype(float)
    assert metrics.calibration_slope(y, sigmoid(margin)) == pytest.approx(1.0, abs=0.06)
    honest = metrics.calibration_slope(y, sigmoid(margin))
    assert honest is not None
    assert metrics.calibration_slope(y, sigmoid(2 * margin)) == pytest.approx(honest / 2, rel=1e-3)


def test_logit_and_sigmoid_undo_each_other_and_stay_finite() -> None:
    p = np.array([1e-6, 0.2, 0.5, 0.999])
    assert sigmoid(logit(p)) == pytest.approx(p)
    assert np.isfinite(logit(np.array([0.0, 1.0]))).all()
    assert sigmoid(np.array([-1000.0, 1000.0])).tolist() == [0.0, 1.0]


def test_the_high_tier_is_the_top_share_rounded_down() -> None:
    score = pd.Series(np.arange(19) / 100)
    high = metrics.high_tier(score, pd.Series(0, index=score.index), share=0.10)
    assert score[high].tolist() == [0.18]
    # 0.29 × 100 is 28.999999999999996 in floats: the tier still holds 29.
    many = pd.Series(np.arange(100) / 100)
    assert metrics.high_tier(many, pd.Series(0, index=many.index), share=0.29).sum() == 29


def test_a_tie_at_the_cut_goes_to_the_safer_tier() -> None:
    score = pd.Series([0.9, 0.5, 0.5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1])
    day = pd.Series(0, index=score.index)
    assert metrics.high_tier(score, day, share=0.2).tolist() == [True] + [False] * 9
    assert metrics.high_tier(score, day, share=0.3).tolist() == [True] * 3 + [False] * 7
    assert not metrics.high_tier(pd.Series([0.5] * 10), day, share=0.1).any()


def test_recall_at_capacity_cuts_per_as_of_and_pools_the_rows() -> None:
    as_of = pd.Series(["mon"] * 10 + ["tue"] * 10)
    score = np.concatenate([np.linspace(0.1, 0.19, 10), np.linspace(0.8, 0.89, 10)])
    churned = np.zeros(20)
    churned[[9, 18, 19]] = 1  # the riskiest of Monday, the two riskiest of Tuesday
    assert metrics.recall_at_capacity(churned, score, as_of, share=0.10) == pytest.approx(2 / 3)
    # Cut over both days at once it would be (18, 19): 2 of 3 as well, so move the Monday one down.
    churned[[9, 0]] = [0, 1]
    assert metrics.recall_at_capacity(churned, score, as_of, share=0.10) == pytest.approx(1 / 3)
