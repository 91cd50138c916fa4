"""How far the probability shown may be off: of accounts of which as much was said before, how many did leave.

Venn-Abers (Vovk, Petej and Fedorova 2015): the calibration curve is drawn twice for each probability, as if the account
asked about stayed and as if it left. Its two ends differ by the weight of one account; how far the curve itself would
move with other accounts, it does not say. So the range also spans curves drawn on accounts taken at random.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.bootstrap import Resampler
from models.scorer import Array, sigmoid

LEAST_CHURNED = 30
SHARE = 0.90
DRAWS = 200
GRID = tuple(float(p) for p in sigmoid(np.linspace(-6.0, 3.0, 91)))
LEAST_BEYOND = 20
"""Earlier predictions on which either end of the curve rests: beyond fewer, an account would be judged by itself."""


@dataclass(frozen=True)
class Range:
    """Ends of the range by steps: `low[i]` and `high[i]` hold from probability `starts[i]` on, up to the next start.

    `rows`, `churned_accounts` and `dates` say what it was learned from.
    """

    starts: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rows: int
    churned_accounts: int
    dates: int

    def of(self, probability: Array) -> pd.DataFrame:
        """range_low, range_high and range_widened of each probability.

        The range always holds the probability shown; where it had to be stretched for that, `range_widened` is true.
        """
        place = np.clip(np.searchsorted(self.starts, probability, side="right") - 1, 0, len(self.starts) - 1)
        low, high = np.asarray(self.low)[place], np.asarray(self.high)[place]
        return pd.DataFrame(
            {
                "range_low": np.minimum(low, probability),
                "range_high": np.maximum(high, probability),
                "range_widened": (probability < low) | (probability > high),
            }
        )

    def parameters(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Range:
        """Build it again."""
        parts: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in given.items()}
        return cls(**parts)


def thinned(rows: pd.DataFrame, *, horizon_days: int) -> pd.DataFrame:
    """The rows of snapshots whose label windows do not overlap, from the newest back: one churn counts once."""
    kept: list[date] = []
    for day in sorted(rows["as_of"].unique(), reverse=True):
        if not kept or (kept[-1] - day).days >= horizon_days:
            kept.append(day)
    return rows[rows["as_of"].isin(kept)]


def fit_range(rows: pd.DataFrame, *, horizon_days: int) -> tuple[Range | None, str | None]:
    """(the range, null) from rows with account_id, as_of, churned and `said` before it was known; else (null, why)."""
    if rows.empty:
        return None, "no scorer was tried at earlier dates: too few churned accounts for a contest"
    rows = thinned(rows, horizon_days=horizon_days)
    lost = rows.loc[rows["churned"] == 1, "account_id"].nunique()
    if lost < LEAST_CHURNED:
        return None, (
            f"{lost} churned accounts among predictions made before the outcome was known, in windows that do not "
            f"overlap; a range needs {LEAST_CHURNED}"
        )
    rows = rows.sort_values("said", kind="stable")
    said, churned = rows["said"].to_numpy(dtype=float), rows["churned"].to_numpy(dtype=float)
    asked, said = _within(said, np.asarray(GRID)), _within(said, said)
    stays, leaves = venn_abers(said, churned, asked)
    curves = _drawn_curves(rows["account_id"], said, churned, asked)
    tail = (1 - SHARE) / 2
    low = np.minimum(stays, np.quantile(curves, tail, axis=0))
    high = np.maximum(leaves, np.quantile(curves, 1 - tail, axis=0))
    # Both ends rise with the probability, as the curves do: equal steps become one.
    first = np.concatenate([[True], (np.diff(low) != 0) | (np.diff(high) != 0)])
    starts, lows, highs = (tuple(map(float, np.asarray(v)[first])) for v in (GRID, low, high))
    return Range(starts, lows, highs, len(rows), int(lost), int(rows["as_of"].nunique())), None


def venn_abers(said: Array, churned: Array, asked: Sequence[float] | Array) -> tuple[Array, Array]:
    """The calibrated probability of each probability asked about, had it stayed and had it left.

    >>> stays, leaves = venn_abers(np.array([0.1, 0.2, 0.8, 0.9]), np.array([0.0, 0.0, 1.0, 1.0]), [0.15, 0.85])
    >>> stays.round(3).tolist(), leaves.round(3).tolist()
    ([0.0, 0.5], [0.5, 1.0])
    """
    ends = [[_isotonic(np.append(said, p), np.append(churned, label), [p])[0] for p in asked] for label in (0.0, 1.0)]
    return np.asarray(ends[0]), np.asarray(ends[1])


def _within(said: Array, asked: Array) -> Array:
    """What is asked, no further out than the sorted `said` have LEAST_BEYOND on either side."""
    end = min(LEAST_BEYOND, len(said) // 2)
    return np.clip(asked, said[end - 1], said[-end])


def _drawn_curves(accounts: pd.Series, said: Array, churned: Array, asked: Array) -> Array:
    """Draws × asked: the calibration curve of accounts drawn with replacement."""
    drawn = Resampler.of(accounts, draws=DRAWS)
    weights = drawn.multiplicity[drawn.account].T.astype(float)
    return np.array([_isotonic(said[w > 0], churned[w > 0], asked, w[w > 0]) for w in weights])


def _isotonic(said: Array, churned: Array, asked: Sequence[float] | Array, weights: Array | None = None) -> Array:
    from sklearn.isotonic import IsotonicRegression

    curve = IsotonicRegression(out_of_bounds="clip").fit(said, churned, sample_weight=weights)
    return np.asarray(curve.predict(np.asarray(asked)))
