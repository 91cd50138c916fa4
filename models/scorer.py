"""What every scorer can do, and the plain logistic pieces they share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.prepare import stands_for

Array = npt.NDArray[np.float64]


class Scorer(Protocol):
    """A fitted scorer: frames in, numbers out, no IO."""

    @property
    def name(self) -> str:
        """Which scorer this is."""
        ...

    def score(self, features: pd.DataFrame) -> Array:
        """The probability that the decision to leave falls into the label window, one per row."""
        ...

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(base, contributions): log-odds = base + the row's sum, one column per indicator."""
        ...

    def parameters(self) -> dict[str, Any]:
        """Everything needed to build it again, as JSON."""
        ...


def sigmoid(margin: Array) -> Array:
    """Log-odds to probability, without overflow.

    >>> sigmoid(np.array([0.0, -800.0])).tolist()
    [0.5, 0.0]
    """
    return np.asarray(
        np.where(
            margin >= 0, 1 / (1 + np.exp(-np.abs(margin))), np.exp(-np.abs(margin)) / (1 + np.exp(-np.abs(margin)))
        )
    )


def logit(probability: Array) -> Array:
    """Probability to log-odds, held away from 0 and 1 by 1e-9."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)))


@dataclass(frozen=True)
class Column:
    """One input of a linear scorer: the indicator, its rank transform (quantile grid), its coefficients."""

    indicator: str
    grid: tuple[float, ...]
    coefficient: float
    missing: float


@dataclass(frozen=True)
class Linear:
    """Log-odds linear in rank-transformed indicators; a missing value has its own coefficient.

    The rank transform maps a value to where it stands in the training data, −1 to 1: no value can run away.
    """

    name: str
    intercept: float
    columns: tuple[Column, ...]

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(intercept, coefficient × transformed value), one column per indicator."""
        found: dict[str, Array] = {}
        for column in self.columns:
            raw = features[column.indicator].to_numpy(dtype=float)
            part = np.where(np.isnan(raw), column.missing, column.coefficient * ranked(raw, column.grid))
            name = stands_for(column.indicator)
            found[name] = found[name] + part if name in found else part
        return self.intercept, pd.DataFrame(found, index=features.index)

    def score(self, features: pd.DataFrame) -> Array:
        """Probability of each row."""
        base, contributions = self.margins(features)
        return sigmoid(base + contributions.to_numpy().sum(axis=1))

    def parameters(self) -> dict[str, Any]:
        """Name, intercept and columns."""
        return {
            "kind": "linear",
            "name": self.name,
            "intercept": self.intercept,
            "columns": [
                {"indicator": c.indicator, "grid": list(c.grid), "coefficient": c.coefficient, "missing": c.missing}
                for c in self.columns
            ],
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Linear:
        """Build it again."""
        columns = tuple(
            Column(c["indicator"], tuple(c["grid"]), c["coefficient"], c["missing"]) for c in given["columns"]
        )
        return cls(given["name"], given["intercept"], columns)


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
    name: str, features: pd.DataFrame, churned: Array, indicators: list[str], *, strength: float, quantiles: int = 50
) -> Linear:
    """Ridge logistic regression on rank-transformed indicators. `strength` is the inverse penalty C of scikit-learn.

    Indicators that never vary in training are left out.
    """
    from sklearn.linear_model import LogisticRegression

    kept, blocks, grids = [], [], []
    for indicator in indicators:
        raw = features[indicator].to_numpy(dtype=float)
        seen = raw[~np.isnan(raw)]
        if not len(seen) or (seen.min() == seen.max() and len(seen) == len(raw)):
            continue
        grid = tuple(float(q) for q in np.quantile(seen, np.linspace(0, 1, quantiles + 1)))
        missing = np.isnan(raw)
        blocks.append(np.column_stack([np.where(missing, 0.0, ranked(raw, grid)), missing.astype(float)]))
        kept.append(indicator)
        grids.append(grid)
    if not kept:
        prior = float(np.mean(churned))
        return Linear(name, float(logit(np.array([prior]))[0]), ())
    model = LogisticRegression(C=strength, max_iter=2000).fit(np.hstack(blocks), churned)
    weights = model.coef_[0]
    columns = tuple(
        Column(indicator, grid, float(weights[2 * i]), float(weights[2 * i + 1]))
        for i, (indicator, grid) in enumerate(zip(kept, grids, strict=True))
    )
    return Linear(name, float(model.intercept_[0]), columns)
