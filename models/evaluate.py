"""Out-of-time figures, one row per scorer, with account-bootstrap intervals and paired differences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models import metrics
from models.bootstrap import Resampler, interval
from models.scorer import Array

RANK_ONLY = "health_score"
REFERENCE = "recency"


@dataclass(frozen=True)
class Sample:
    """Test rows: account_id, as_of, churned (0/1), in_window, in the order of every score array."""

    rows: pd.DataFrame
    training_base_rate: float
    capacity_share: float

    @property
    def churned(self) -> Array:
        """The label as floats."""
        return self.rows["churned"].to_numpy(dtype=float)


def ranking_of_health(health_score: pd.Series) -> tuple[Array, float]:
    """(100 − score with nulls at the median, share of nulls): how the rule-based score ranks risk (H21)."""
    missing = float(health_score.isna().mean())
    middle = float(health_score.median()) if missing < 1 else 50.0
    return (100.0 - health_score.fillna(middle)).to_numpy(dtype=float), missing


def evaluate(
    sample: Sample, scores: Mapping[str, Array], *, share_null: Mapping[str, float]
) -> dict[str, dict[str, Any]]:
    """Figures by scorer name. Probability figures of `health_score` are null: it only ranks."""
    resampler = Resampler.of(sample.rows["account_id"])
    return {name: _figures(sample, name, score, resampler, share_null.get(name, 0.0)) for name, score in scores.items()}


def _figures(sample: Sample, name: str, score: Array, resampler: Resampler, share_null: float) -> dict[str, Any]:
    y, rows = sample.churned, sample.rows
    window = rows["in_window"].to_numpy(dtype=bool)
    enough = rows.loc[window & (y == 1), "account_id"].nunique() >= metrics.LEAST_CHURNED
    found: dict[str, Any] = {
        "roc_auc": metrics.roc_auc(y, score),
        "roc_auc_ci": interval(resampler.auc(y, score)) if y.any() and not y.all() else None,
        "roc_auc_in_window": metrics.roc_auc(y[window], score[window]) if enough else None,
        "pr_auc": metrics.pr_auc(y, score),
        "base_rate": float(y.mean()),
        "log_loss": None,
        "log_loss_constant": metrics.log_loss(y, np.full(len(y), sample.training_base_rate)),
        "brier": None,
        "ece": None,
        "calibration_slope": None,
        "observed_expected": None,
        "lift_at_10": metrics.lift_at(y, score, share=0.10),
        "recall_at_capacity": metrics.recall_at_capacity(y, score, rows["as_of"], share=sample.capacity_share),
        "share_null": share_null,
    }
    if name != RANK_ONLY:
        found |= {
            "log_loss": metrics.log_loss(y, score),
            "brier": metrics.brier(y, score),
            "ece": metrics.expected_calibration_error(y, score),
            "calibration_slope": metrics.calibration_slope(y, score),
            "observed_expected": float(y.sum() / score.sum()) if score.sum() else None,
        }
    return found


def paired(sample: Sample, scores: Mapping[str, Array], *, vs: str = REFERENCE) -> dict[str, dict[str, Any]]:
    """ROC-AUC of each scorer less that of `vs`, with the interval of the difference over the same account draws."""
    y = sample.churned
    if not y.any() or y.all():
        return {}
    resampler = Resampler.of(sample.rows["account_id"])
    reference, base = resampler.auc(y, scores[vs]), metrics.roc_auc(y, scores[vs])
    found = {}
    for name, score in scores.items():
        own = metrics.roc_auc(y, score)
        if name == vs or own is None or base is None:
            continue
        found[name] = {"vs": vs, "roc_auc_diff": own - base, "ci": interval(resampler.auc(y, score) - reference)}
    return found


def log_loss_gain(
    rows: pd.DataFrame, challenger: Array, holder: Array, *, share: float = 0.95
) -> tuple[float, tuple[float, float] | None]:
    """Mean log-loss of the holder less the challenger's, and its paired account-bootstrap interval."""
    y = rows["churned"].to_numpy(dtype=float)
    gain = metrics.row_loss(y, holder) - metrics.row_loss(y, challenger)
    return float(gain.mean()), interval(Resampler.of(rows["account_id"]).mean(gain), share=share)
