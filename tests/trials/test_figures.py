"""Figures against the true risk are what the usual figures come to when labels are drawn from it again and again."""

from __future__ import annotations

import numpy as np
import pytest

from models import metrics
from models.scorer import sigmoid
from trials.figures import (
    expected_auc,
    expected_calibration_error,
    expected_log_loss,
    expected_slope,
    share_of_gap,
)

RNG = np.random.default_rng(5)
MARGIN = RNG.normal(-2.0, 1.2, 1500)
TRUE = sigmoid(MARGIN)
SAID = sigmoid(0.6 * MARGIN + RNG.normal(0.0, 0.5, 1500)).round(2)
"""Rounded: many rows tie."""
DRAWN = [(RNG.random(1500) < TRUE).astype(float) for _ in range(300)]


def test_log_loss_and_slope_are_the_mean_over_drawn_labels() -> None:
    said = np.clip(SAID, 0.005, 0.995)
    assert expected_log_loss(TRUE, said) == pytest.approx(np.mean([metrics.log_loss(y, said) for y in DRAWN]), abs=2e-3)
    slopes = [metrics.calibration_slope(y, said) for y in DRAWN[:60]]
    assert expected_slope(TRUE, said) == pytest.approx(np.mean([s for s in slopes if s is not None]), abs=0.03)


def test_auc_is_the_mean_over_drawn_labels_and_ties_count_half() -> None:
    found = [metrics.roc_auc(y, SAID) for y in DRAWN]
    assert expected_auc(TRUE, SAID) == pytest.approx(np.mean([a for a in found if a is not None]), abs=2e-3)
    assert expected_auc(TRUE, np.zeros(1500)) == pytest.approx(0.5)
    assert expected_auc(TRUE, SAID) == pytest.approx(1 - expected_auc(TRUE, -SAID))


def test_the_truth_itself_is_calibrated_and_nothing_has_less_loss() -> None:
    assert expected_calibration_error(TRUE, TRUE) < 1e-12
    assert expected_slope(TRUE, TRUE) == pytest.approx(1.0, abs=1e-6)
    assert expected_slope(TRUE, sigmoid(2 * MARGIN)) == pytest.approx(0.5, abs=1e-6)
    assert expected_calibration_error(TRUE, np.full(1500, TRUE.mean() + 0.05)) == pytest.approx(0.05, abs=1e-9)
    assert expected_log_loss(TRUE, TRUE) < expected_log_loss(TRUE, np.clip(TRUE + 0.02, 0, 1))


def test_the_share_of_the_gap_is_0_at_the_base_and_1_at_the_ceiling() -> None:
    assert share_of_gap(0.5, 0.4, 0.5) == 0
    assert share_of_gap(0.5, 0.4, 0.4) == pytest.approx(1)
    assert share_of_gap(0.5, 0.4, 0.55) == pytest.approx(-0.5)
