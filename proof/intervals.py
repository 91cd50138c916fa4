"""Intervals of an AUC at an error rate that resampling alone cannot resolve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from models import metrics
from models.bootstrap import Resampler
from models.scorer import Array, logit, sigmoid

EDGE = 1e-6  # an AUC of 1 stands at 1 − EDGE: its log-odds are infinite


@dataclass(frozen=True)
class Auc:
    """An AUC with two intervals: `judged` at the error rate of the verdict, `usual` at 95 %."""

    value: float
    judged: tuple[float, float]
    usual: tuple[float, float]

    def as_json(self) -> dict[str, Any]:
        """Four digits are more than the data carry."""
        return {
            "auc": round(self.value, 4),
            "interval": [round(x, 4) for x in self.judged],
            "interval_95": [round(x, 4) for x in self.usual],
        }


def auc(churned: Array, score: Array, resampler: Resampler, *, error_rate: float) -> Auc | None:
    """The AUC of a ranking with its account-bootstrap intervals; null without both kinds of rows."""
    value = metrics.roc_auc(churned, score)
    return None if value is None else mean_auc([value], [resampler.auc(churned, score)], error_rate=error_rate)


def mean_auc(values: Sequence[float], draws: Sequence[Array], *, error_rate: float) -> Auc:
    """The mean of independent AUCs. Spread: the bootstrap's standard error in log-odds, the tails those of a normal.

    `error_rate` is two-sided: divide it by the number of AUCs that are judged together.
    """
    from scipy.stats import norm

    centre = float(np.mean([_odds(v) for v in values]))
    spread = float(np.sqrt(np.sum([np.nanvar(logit(np.clip(d, EDGE, 1 - EDGE))) for d in draws])) / len(values))

    def within(error: float) -> tuple[float, float]:
        reach = float(norm.isf(error / 2)) * spread
        low, high = sigmoid(np.array([centre - reach, centre + reach]))
        return float(low), float(high)

    return Auc(float(np.mean(values)), within(error_rate), within(0.05))


def _odds(value: float) -> float:
    return float(logit(np.array([min(max(value, EDGE), 1 - EDGE)]))[0])
