"""Log-odds linear in what each value ranks among the training data, with the calendar's course beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.calendar import Calendar, calendar_design, fitted_calendar
from models.ridge import ridge
from models.scorer import Array, FromLogOdds

QUANTILES = 50


@dataclass(frozen=True)
class Column:
    """One input of a linear scorer: the indicator, its rank transform (quantile grid), its coefficients.

    `center` is what the average row of the training data gets: contributions are told against it.
    """

    indicator: str
    grid: tuple[float, ...]
    coefficient: float
    missing: float
    center: float = 0.0


@dataclass(frozen=True)
class Linear(FromLogOdds):
    """Log-odds linear in rank-transformed indicators and in the calendar; a missing value has its own coefficient.

    The rank transform maps a value to where it stands in the training data, −1 to 1: no value can run away.
    """

    name: str
    intercept: float
    columns: tuple[Column, ...]
    calendar: Calendar | None = None

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(log-odds of the average row, what each indicator adds to them), one column per indicator."""
        found = self.calendar.margins(features).to_dict("series") if self.calendar else {}
        for column in self.columns:
            raw = features[column.indicator].to_numpy(dtype=float)
            ranks = column.coefficient * ranked(raw, column.grid)
            part = np.where(np.isnan(raw), column.missing, ranks) - column.center
            found[column.indicator] = found[column.indicator] + part if column.indicator in found else part
        return self.intercept, pd.DataFrame(found, index=features.index)

    def log_odds(self, features: pd.DataFrame) -> Array:
        """The log-odds of each row."""
        base, contributions = self.margins(features)
        # Row by row in memory: else a row alone is summed in another order than among others.
        return np.asarray(base + np.ascontiguousarray(contributions.to_numpy()).sum(axis=1))

    def parameters(self) -> dict[str, Any]:
        """Name, intercept, columns and calendar."""
        return {
            "kind": "linear",
            "name": self.name,
            "intercept": self.intercept,
            "columns": [{**asdict(c), "grid": list(c.grid)} for c in self.columns],
            "calendar": None if self.calendar is None else self.calendar.parameters(),
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Linear:
        """Build it again."""
        columns = tuple(Column(**{**c, "grid": tuple(c["grid"])}) for c in given["columns"])
        calendar = None if given["calendar"] is None else Calendar(**given["calendar"])
        return cls(given["name"], given["intercept"], columns, calendar)


def ranked(values: Array, grid: tuple[float, ...]) -> Array:
    """Where each value stands on the grid of training quantiles, −1 to 1; equal quantiles share their middle.

    >>> ranked(np.array([0.0, 5.0, 10.0]), (0.0, 5.0, 10.0)).tolist()
    [-1.0, 0.0, 1.0]
    """
    xs = np.asarray(grid)
    n = len(xs) - 1
    if n < 1:
        return np.zeros(len(values))
    below = np.searchsorted(xs, values, side="left")
    upto = np.searchsorted(xs, values, side="right")
    exact = (below + upto - 1) / 2
    between = np.interp(values, xs, np.arange(n + 1))
    place = np.where(upto > below, exact, between)
    return np.asarray(2 * np.clip(place, 0, n) / n - 1)


def fit_linear(
    name: str,
    features: pd.DataFrame,
    churned: Array,
    directions: Mapping[str, int],
    *,
    strength: float,
    calendar: bool = False,
) -> Linear:
    """Ridge logistic regression on rank-transformed indicators, and on the calendar if asked for.

    `directions` names the indicators and the side of their coefficients: 1 riskier when higher, −1 when lower, 0 free.
    `strength` is the inverse penalty of the indicators; the calendar's is 1. Indicators that never vary in training are
    left out.
    """
    kept, grids, blocks = [], [], []
    for indicator in directions:
        raw = features[indicator].to_numpy(dtype=float)
        missing = np.isnan(raw)
        seen = raw[~missing]
        if not len(seen) or (seen.min() == seen.max() and not missing.any()):
            continue
        grid = tuple(float(q) for q in np.quantile(seen, np.linspace(0, 1, QUANTILES + 1)))
        blocks += [np.where(missing, 0.0, ranked(raw, grid)), missing.astype(float)]
        kept.append(indicator)
        grids.append(grid)
    inputs = np.column_stack(blocks) if blocks else np.empty((len(features), 0))
    days = calendar_design(features) if calendar else np.empty((len(features), 0))
    penalty = np.concatenate([np.full(inputs.shape[1], 1 / strength), np.ones(days.shape[1])])
    sides = np.concatenate([[side for c in kept for side in (directions[c], 0)], np.zeros(days.shape[1])])
    intercept, weights = ridge(np.hstack([inputs, days]), churned, penalty, sides)
    pairs = weights[: inputs.shape[1]].reshape(-1, 2)
    centers = (inputs.mean(axis=0) * weights[: inputs.shape[1]]).reshape(-1, 2).sum(axis=1)
    columns = tuple(
        Column(indicator, grid, float(own), float(gap), float(center))
        for indicator, grid, (own, gap), center in zip(kept, grids, pairs, centers, strict=True)
    )
    course, moved = fitted_calendar(weights[inputs.shape[1] :], features) if calendar else (None, 0.0)
    return Linear(name, intercept + float(centers.sum()) + moved, columns, course)
