"""What every draw of the accounts says of a figure: the intervals of the evaluation card."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.bootstrap import Resampler, bins_of
from models.scorer import Array, logit, sigmoid

BINS = 500
"""Distinct scores beyond this are taken together, for intervals only."""
SLOPE_BINS, NEWTON_STEPS = 100, 12


@dataclass(frozen=True)
class Counts:
    """Churned and kept rows of every draw by score, the riskiest first: scores × draws."""

    churned: Array
    kept: Array

    @classmethod
    def of(cls, resampler: Resampler, churned: Array, score: Array) -> Counts:
        """Count each draw once; every figure of a ranking follows."""
        bins = bins_of(score, most=BINS)
        return cls(resampler.per_bin(bins, churned == 1)[::-1], resampler.per_bin(bins, churned == 0)[::-1])

    def roc_auc(self) -> Array:
        """ROC-AUC of every draw; NaN where a draw has only one kind of row."""
        above = np.cumsum(self.churned, axis=0) - self.churned
        wins = (self.kept * (above + self.churned / 2)).sum(axis=0)
        return divided(wins, self.churned.sum(axis=0) * self.kept.sum(axis=0))

    def average_precision(self) -> Array:
        """PR-AUC of every draw; NaN where a draw has no churn."""
        rows = np.cumsum(self.churned + self.kept, axis=0)
        precision = np.divide(np.cumsum(self.churned, axis=0), rows, out=np.zeros_like(rows), where=rows > 0)
        return divided((self.churned * precision).sum(axis=0), self.churned.sum(axis=0))

    def lift(self, share: float) -> Array:
        """Lift at the riskiest share of every draw; ties share their churn. NaN where a draw has no churn."""
        rows = self.churned + self.kept
        total = rows.sum(axis=0)
        before = np.cumsum(rows, axis=0) - rows
        taken = np.clip(np.divide(share * total - before, rows, out=np.zeros_like(rows), where=rows > 0), 0, 1)
        return divided((taken * self.churned).sum(axis=0) / share, self.churned.sum(axis=0))


def ratio(resampler: Resampler, above: Array, below: Array) -> Array:
    """Σ above ÷ Σ below of every draw; NaN where nothing lies below."""
    return divided(resampler.total(above), resampler.total(below))


def slope(resampler: Resampler, churned: Array, probability: Array) -> Array:
    """Calibration slope of every draw, by Newton's steps on the log-odds in equally full bins; NaN where undefined."""
    x = logit(probability)
    bins = bins_of(x, most=SLOPE_BINS)
    counts = np.bincount(bins)
    middle = (np.bincount(bins, weights=x) / np.maximum(counts, 1))[:, None]
    events = resampler.per_bin(bins, churned == 1)
    rows = events + resampler.per_bin(bins, churned == 0)
    shift, found = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    with np.errstate(all="ignore"):
        for _ in range(NEWTON_STEPS):
            p = sigmoid(shift + found * middle)
            error, weight = events - rows * p, rows * p * (1 - p)
            g0, g1 = error.sum(axis=0), (error * middle).sum(axis=0)
            h00, h01, h11 = weight.sum(axis=0), (weight * middle).sum(axis=0), (weight * middle**2).sum(axis=0)
            determinant = h00 * h11 - h01**2
            shift = shift + (h11 * g0 - h01 * g1) / determinant
            found = found + (h00 * g1 - h01 * g0) / determinant
    settled = np.isfinite(found) & (np.abs(g1) < 1e-3 * np.maximum(1, events.sum(axis=0)))
    return np.where(settled, found, np.nan)


def divided(above: Array, below: Array) -> Array:
    """Elementwise ratio; NaN where the divisor is 0."""
    top = np.asarray(above, dtype=float)
    return np.asarray(np.divide(top, below, out=np.full_like(top, np.nan), where=below > 0))


def median(values: Array, multiplicity: npt.NDArray[np.float32]) -> Array:
    """The lower median of every draw, one value an account; NaN where a draw has none of the accounts."""
    order = np.argsort(values, kind="stable")
    held = np.cumsum(multiplicity[order], axis=0)
    total = held[-1]
    place = (held >= total / 2).argmax(axis=0)
    return np.where(total > 0, values[order][place], np.nan)
