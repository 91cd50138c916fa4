"""Does a probability mean what it says: the curve, and the calibration error beside what chance alone would show."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from models.bootstrap import Resampler, interval
from models.draws import ratio
from models.scorer import Array

BINS = 10
ENOUGH_EVENTS = 200
"""Unique churned accounts below which a calibration error is no verdict."""
SIMULATIONS = 200
Verdict = Literal["insufficient events", "within noise", "beyond noise"]


def calibration_curve(churned: Array, probability: Array, resampler: Resampler) -> list[dict[str, Any]]:
    """Promised and observed churn over equally full parts of the rows, riskiest last, each with its interval."""
    found = []
    for part in np.array_split(np.argsort(probability, kind="stable"), BINS):
        if not len(part):
            continue
        inside = np.zeros(len(churned))
        inside[part] = 1.0
        found.append(
            {
                "promised": float(probability[part].mean()),
                "observed": float(churned[part].mean()),
                "ci": _interval(resampler, inside, churned),
                "n_rows": len(part),
            }
        )
    return found


def _interval(resampler: Resampler, inside: Array, churned: Array) -> tuple[float, float] | None:
    """95 % of the observed share; where nobody left, up to the share at which so many accounts would still show nobody.

    The draws of a part without a leaver are all 0: that none was seen would read as that none can be.
    """
    if not (inside * churned).any():
        accounts = len(np.unique(resampler.account[inside > 0]))
        return 0.0, float(1 - 0.025 ** (1 / accounts))
    return interval(ratio(resampler, inside * churned, inside))


def noise_floor(
    probability: Array, rows: pd.DataFrame, *, horizon_days: int, simulations: int = SIMULATIONS, seed: int = 0
) -> Array:
    """The calibration error of labels that were drawn from the probabilities themselves, once per simulation.

    What a perfectly calibrated model would show on these rows (account_id, as_of). Two rows of an account share their
    fate as their label windows overlap: each account's time is cut, at a random place, into stretches one horizon long,
    and the rows of a stretch are drawn by one number. So every row keeps its probability, and rows k days apart share
    the number with chance 1 − k / horizon, the overlap of their windows.
    """
    rng = np.random.default_rng(seed)
    account, names = pd.factorize(rows["account_id"])
    day = (pd.to_datetime(rows["as_of"]) - pd.Timestamp(0)).dt.days.to_numpy()
    day = day - day.min() if len(day) else day
    most = int(day.max() // horizon_days) + 2 if len(day) else 1
    by_bin = _Bins(probability)
    found = np.empty(simulations)
    for i in range(simulations):
        stretch = (day + rng.integers(0, horizon_days, len(names))[account]) // horizon_days
        fate = rng.random((len(names), most))
        found[i] = by_bin.error((fate[account, stretch] < probability).astype(float))
    return found


class _Bins:
    """`metrics.expected_calibration_error` with the sorting done once for many labellings."""

    def __init__(self, probability: Array) -> None:
        order = np.argsort(probability, kind="stable")
        self._tied = np.unique(probability, return_inverse=True)[1]
        self._ties = np.bincount(self._tied)
        self._order, self._promised = order, probability[order]
        sizes = [len(part) for part in np.array_split(order, BINS)]
        self._starts = np.cumsum([0, *[s for s in sizes if s][:-1]])

    def error(self, churned: Array) -> float:
        shared = (np.bincount(self._tied, weights=churned) / self._ties)[self._tied]
        gaps = np.add.reduceat(shared[self._order] - self._promised, self._starts)
        return float(np.abs(gaps).sum() / len(churned))


def calibration_verdict(ece: float, floor: Array, churned_accounts: int) -> Verdict:
    """Whether the error exceeds what 95 in 100 perfectly calibrated models would show; no verdict on few events."""
    if churned_accounts < ENOUGH_EVENTS:
        return "insufficient events"
    return "beyond noise" if ece > float(np.quantile(floor, 0.95)) else "within noise"
