"""What an explanation is told against: a few rows that stand for the whole book, versioned with the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.scorer import Array, Scorer

ROWS = 16


@dataclass(frozen=True)
class Reference:
    """Log-odds by indicator of the rows that stand for the book, and how many of it each stands for (shares of 1).

    The weighted mean of their probabilities is the mean probability of the book they were chosen from.
    """

    indicators: tuple[str, ...]
    margins: tuple[tuple[float, ...], ...]
    shares: tuple[float, ...]

    @cached_property
    def weights(self) -> Array:
        """The shares as an array."""
        return np.asarray(self.shares)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """One row a row, one column an indicator."""
        return pd.DataFrame(list(self.margins), columns=list(self.indicators))

    def totals(self) -> Array:
        """Log-odds of each row, above the scorer's base."""
        return self.frame.to_numpy().sum(axis=1)

    def by_group(self, inside: Mapping[str, list[str]]) -> Array:
        """Log-odds by row and group."""
        return np.column_stack([self.frame[names].to_numpy().sum(axis=1) for names in inside.values()])

    def mean(self, indicators: list[str]) -> Array:
        """Mean log-odds of each of these indicators."""
        return np.asarray(self.weights @ self.frame[indicators].to_numpy())

    def parameters(self) -> dict[str, Any]:
        """Indicators, margins and shares, as JSON."""
        return {
            "indicators": list(self.indicators),
            "margins": [list(row) for row in self.margins],
            "shares": list(self.shares),
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Reference:
        """Build it again."""
        margins = tuple(tuple(map(float, row)) for row in given["margins"])
        return cls(tuple(given["indicators"]), margins, tuple(map(float, given["shares"])))


def fit_reference(scorer: Scorer, frame: pd.DataFrame, groups: Mapping[str, str], *, rows: int = ROWS) -> Reference:
    """Of each `rows`-th of the frame, by probability, the row nearest to its mean by group; order does not matter."""
    base, margins = scorer.margins(frame)
    log_odds = base + margins.to_numpy().sum(axis=1)
    probability = scorer.probability(log_odds)
    totals = margins.T.groupby([groups.get(str(i), "other") for i in margins]).sum().T.to_numpy()
    # Rows of equal log-odds stand in the order of their groups, so that the frame's own order cannot matter.
    order = np.lexsort((*totals.T, log_odds))
    chosen = [_nearest(totals, part) for part in np.array_split(order, rows) if len(part)]
    shares = _shares(probability[chosen], float(probability.mean()))
    picked = margins.to_numpy()[chosen]
    return Reference(tuple(map(str, margins)), tuple(map(tuple, picked.tolist())), tuple(shares.tolist()))


def _nearest(totals: Array, part: Any) -> int:
    distance = ((totals[part] - totals[part].mean(axis=0)) ** 2).sum(axis=1)
    return int(part[distance.argmin()])


def _shares(probability: Array, mean: float) -> Array:
    """Equal shares, tilted by as little as gives them this mean probability; equal where none does."""
    from scipy.optimize import brentq

    distance = probability - mean
    spread = float(np.abs(distance).max(initial=0.0))
    if not (distance.min() < 0 < distance.max()):
        return np.full(len(probability), 1 / len(probability))

    def tilted(by: float) -> Array:
        raw = np.exp(by * distance / spread)
        return np.asarray(raw / raw.sum())

    # Within ±50 a share is as good as alone: the mean of any two rows that lie on both sides is in between.
    by = brentq(lambda tilt: float(tilted(tilt) @ distance), -50, 50, xtol=1e-14)
    return tilted(float(by))
