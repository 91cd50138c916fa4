"""When within half a year: a discrete-time hazard over periods of 30 days, from the calendar that is known ahead.

The calendar says how the risk is spread over the coming months, the probability shown how much of it the customer has:
P(h) = 1 − (1 − p)^(H(h) / H(own)), with H the cumulated hazard and p the probability shown at the model's own horizon.
So the horizons never contradict each other, and the own one is the probability shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.calendar import CALENDAR, READS, YEAR, calendar_design
from models.ridge import ridge
from models.scorer import Array

HORIZONS = (30, 60, 90, 180)
"""Days after the gap."""
PERIOD = 30
WITHIN = (5, 15, 25)
"""Days of a period at which the calendar is read."""
_COLUMNS = [f"p_{days}d" for days in HORIZONS]
_LN2 = float(np.log(2.0))


@dataclass(frozen=True)
class Course:
    """Log-odds of a loss within each period of those still there: level + rising × (months after the first) + calendar."""

    gap_days: int
    horizon_days: int
    level: float
    rising: float
    calendar: Mapping[str, float]

    @property
    def periods(self) -> int:
        """As many as the longest horizon and the own one need."""
        return periods_for(self.horizon_days)

    def cumulated(self, features: pd.DataFrame) -> Array:
        """Rows × (periods + 1): the cumulated hazard at the end of each period, from 0 on; always rising."""
        weights = np.array([self.calendar.get(name, 0.0) for name in CALENDAR])
        steps = [
            np.logaddexp(
                0.0, self.level + self.rising * period + period_calendar(features, period, self.gap_days) @ weights
            )
            for period in range(self.periods)
        ]
        return np.column_stack([np.zeros(len(features)), *np.cumsum(steps, axis=0)])

    def horizons(self, features: pd.DataFrame, probability: Array) -> pd.DataFrame:
        """p_30d, p_60d, p_90d, p_180d and median_days for rows with this probability at the own horizon.

        `median_days`: days after the gap by which half of such customers would have decided to leave; null where that
        is beyond the longest horizon.
        """
        hazard = self.cumulated(features)
        found = pd.DataFrame(given(hazard, probability, self.horizon_days), columns=_COLUMNS, index=features.index)
        found["median_days"] = median_days(hazard, probability, self.horizon_days)
        return found

    def parameters(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {
            "gap_days": self.gap_days,
            "horizon_days": self.horizon_days,
            "level": self.level,
            "rising": self.rising,
            "calendar": dict(self.calendar),
        }


def given(hazard: Array, probability: Array, own: int) -> Array:
    """Rows × HORIZONS: the probabilities at HORIZONS of rows with this cumulated hazard and `probability` at `own` days.

    >>> given(np.array([[0, 0.1, 0.2, 0.4, 0.4, 0.4, 0.5]]), np.array([0.5]), 90).round(4).tolist()
    [[0.1591, 0.2929, 0.5, 0.5796]]
    """
    base = at(hazard, own)
    with np.errstate(divide="ignore"):  # a probability of 1 stays 1 at every horizon
        whole = np.log1p(-probability)
    found = np.column_stack([-np.expm1(whole * (at(hazard, days) / base)) for days in HORIZONS])
    # The last digit of a float may not turn two horizons around.
    before = np.asarray(HORIZONS) <= own
    bounded = np.where(before, np.minimum(found, probability[:, None]), np.maximum(found, probability[:, None]))
    return np.where(np.asarray(HORIZONS) == own, probability[:, None], np.maximum.accumulate(bounded, axis=1))


def median_days(hazard: Array, probability: Array, own: int) -> Array:
    """The day by which half would be lost; NaN beyond the longest horizon, or without a probability."""
    with np.errstate(divide="ignore", over="ignore"):  # of a probability of nearly 0 the day is beyond all days
        needed = _LN2 * at(hazard, own) / -np.log1p(-probability)
    ends = np.arange(hazard.shape[1]) * float(PERIOD)
    # At most 0 days for a probability of 1: the curve is read where it lies flat at its start.
    days = np.array([np.interp(n, h, ends, right=np.nan) for n, h in zip(needed, hazard, strict=True)])
    return np.asarray(np.where(days <= max(HORIZONS), days, np.nan), dtype=float)


def at(hazard: Array, days: int) -> Array:
    """The cumulated hazard on a day: a straight line within a period.

    >>> at(np.array([[0.0, 0.1, 0.4]]), 45).round(3).tolist()
    [0.25]
    """
    whole, part = divmod(days, PERIOD)
    if not part:
        return np.asarray(hazard[:, whole])
    return np.asarray(hazard[:, whole] + (hazard[:, whole + 1] - hazard[:, whole]) * part / PERIOD)


def periods_for(horizon_days: int) -> int:
    """How many periods reach the longest horizon and this one."""
    return -(-max(*HORIZONS, horizon_days) // PERIOD)


def period_calendar(features: pd.DataFrame, period: int, gap_days: int) -> Array:
    """The calendar's design within a period after the gap: the mean over a few of its days."""
    days = [gap_days + period * PERIOD + day for day in WITHIN]
    return np.asarray(np.mean([calendar_design(calendar_ahead(features, d)) for d in days], axis=0))


def calendar_ahead(features: pd.DataFrame, days: int) -> pd.DataFrame:
    """What the contract will say some days ahead: the dates come nearer, and a term that ends is followed by its like.

    A following term that was signed has begun then, and the one after it is not signed. An unknown length is a year.
    """
    notice, end, length, signed = (features[name].to_numpy(dtype=float) for name in READS)
    long = np.maximum(np.nan_to_num(length, nan=float(YEAR)), 1.0)
    over = np.nan_to_num(np.maximum(np.floor((days - end) / long) + 1, 0.0))
    found = {
        "days_to_notice": notice - days + over * long,
        "days_to_term_end": end - days + over * long,
        "term_length_days": length,
        "renewal_signed": np.where(over > 0, 0.0, signed),
    }
    return pd.DataFrame(found, index=features.index)


def person_periods(
    days_seen: Array, days_to_loss: Array, periods: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], Array]:
    """(row, period, lost) of every period that a row has to tell of.

    A row tells of each period that was seen to its end, up to the one in which it was lost. A period seen in part tells
    of nobody: its losses are known already and its survivors are not. `days_to_loss` is NaN for who was not lost.

    >>> row, period, lost = person_periods(np.array([180.0, 75.0]), np.array([40.0, np.nan]), 6)
    >>> list(zip(row.tolist(), period.tolist(), lost.tolist()))
    [(0, 0, 0.0), (1, 0, 0.0), (0, 1, 1.0), (1, 1, 0.0)]
    """
    rows, places, lost = [], [], []
    for period in range(periods):
        begins, ends = period * PERIOD, (period + 1) * PERIOD
        told = np.flatnonzero((days_seen >= ends) & ~(days_to_loss < begins))
        rows.append(told)
        places.append(np.full(len(told), period))
        lost.append((days_to_loss[told] < ends).astype(float))
    return np.concatenate(rows), np.concatenate(places), np.concatenate(lost)


def fit_course(rows: pd.DataFrame, *, gap_days: int, horizon_days: int) -> Course | None:
    """Fit a course on snapshot rows with days_seen and days_to_loss, immature ones included; null without any loss."""
    who, period, lost = person_periods(
        rows["days_seen"].to_numpy(dtype=float), rows["days_to_loss"].to_numpy(dtype=float), periods_for(horizon_days)
    )
    if not lost.any():
        return None
    # Many rows share a calendar: counted together, a large book is no more to fit than a small one.
    told = rows[list(READS)].iloc[who].assign(period=period, lost=lost)
    told = told.groupby([*READS, "period"], dropna=False)["lost"].agg(["mean", "size"]).reset_index()
    told = told.sort_values("period", kind="stable")
    parts = [period_calendar(told[told["period"] == p], p, gap_days) for p in range(int(period.max()) + 1)]
    # The months are stretched to the span of the calendar's columns, so that one penalty suits all.
    last = max(int(period.max()), 1)
    design = np.hstack([np.vstack(parts), (told["period"].to_numpy(dtype=float) / last)[:, None]])
    share, count = told["mean"].to_numpy(dtype=float), told["size"].to_numpy(dtype=float)
    level, weights = ridge(design, share, np.ones(design.shape[1]), np.zeros(design.shape[1]), weights=count)
    calendar = dict(zip(CALENDAR, map(float, weights), strict=False))
    return Course(gap_days, horizon_days, level, float(weights[-1]) / last, calendar)
