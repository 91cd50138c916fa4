"""What the contract and the date alone say: when notice can be given, and what kind of term runs.

The risk of a decision is no straight line in time: it is high in the weeks before a notice is due and nearly nothing
elsewhere. Its course is a chain of straight lines between knots two weeks apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from models.scorer import Array

KNOTS = (-28, -14, 0, 14, 28, 42, 56, 70, 84, 98, 112, 126, 140, 182, 273, 365)
"""Days to the last day of notice. Before the first and beyond the last knot the line is level."""
MONTH, YEAR = 45, 400
OPEN, NO_NOTICE = "calendar_open", "calendar_open_to_the_end"
MONTHLY, MULTI_YEAR = "calendar_monthly", "calendar_multi_year"
SIGNED, MONTHLY_SIGNED = "calendar_signed", "calendar_monthly_signed"
_COURSE = tuple(f"{kind}_{knot}" for kind in (OPEN, NO_NOTICE) for knot in KNOTS)
CALENDAR = (*_COURSE, MONTHLY, MONTHLY_SIGNED, SIGNED, MULTI_YEAR)
"""Columns of the design, all between 0 and 1."""
_SPEAKS_FOR = {
    **dict.fromkeys(_COURSE, "days_to_notice"),
    **dict.fromkeys((MONTHLY, MULTI_YEAR), "term_length_days"),
    **dict.fromkeys((SIGNED, MONTHLY_SIGNED), "renewal_signed"),
}
READS = ("days_to_notice", "days_to_term_end", "term_length_days", "renewal_signed")


def calendar_design(features: pd.DataFrame) -> Array:
    """Rows × CALENDAR. An unknown date counts as far away, an unknown length as a year, no signature as none.

    The course before notice has a second set of lines for terms without a notice period, where one may decide up to the
    last day. A month-to-month term is always open: it has no course. Where the following term is signed, none is left.
    """
    notice, end, length, signed = (features[name].to_numpy(dtype=float) for name in READS)
    monthly, signed_ahead = length <= MONTH, np.nan_to_num(signed) > 0
    course = _hats(np.nan_to_num(notice, nan=float(KNOTS[-1]))) * (~monthly & ~signed_ahead)[:, None]
    return np.column_stack(
        [
            course,
            course * (notice == end)[:, None],
            monthly & ~signed_ahead,
            monthly & signed_ahead,
            ~monthly & signed_ahead,
            length > YEAR,
        ]
    ).astype(np.float64)


def _hats(days: Array) -> Array:
    """How much of each knot a day has: two neighbours share it."""
    knots = np.asarray(KNOTS, dtype=float)
    held = np.clip(days, knots[0], knots[-1])
    left = np.clip(np.searchsorted(knots, held, side="right") - 1, 0, len(knots) - 2)
    share = (held - knots[left]) / (knots[left + 1] - knots[left])
    found = np.zeros((len(days), len(knots)))
    rows = np.arange(len(days))
    found[rows, left], found[rows, left + 1] = 1 - share, share
    return found


@dataclass(frozen=True)
class Calendar:
    """Fitted log-odds of every column, and the mean in training of what each indicator adds."""

    coefficients: Mapping[str, float]
    centers: Mapping[str, float]

    def margins(self, features: pd.DataFrame) -> pd.DataFrame:
        """Log-odds by indicator, 0 for the average row of the training data.

        A signed term is never told as riskier than the same term unsigned: its few rows could say so by chance.
        """
        parts = calendar_design(features) @ self._weights()
        signed = np.nan_to_num(features["renewal_signed"].to_numpy(dtype=float)) > 0
        if signed.any():
            same = calendar_design(features[signed].assign(renewal_signed=0.0)) @ self._weights()
            above = np.maximum(0.0, parts[signed].sum(axis=1) - same.sum(axis=1))
            parts[signed, _indicators().index("renewal_signed")] -= above
        return pd.DataFrame(parts, columns=list(_indicators()), index=features.index) - self._centers()

    def total(self, features: pd.DataFrame) -> Array:
        """The log-odds of each row, all indicators together."""
        return np.asarray(np.ascontiguousarray(self.margins(features).to_numpy()).sum(axis=1))

    def _centers(self) -> pd.Series:
        return pd.Series(dict(self.centers), dtype=float).reindex(_indicators(), fill_value=0.0)

    def parameters(self) -> dict[str, dict[str, float]]:
        """Coefficients and centres, as JSON."""
        return {"coefficients": dict(self.coefficients), "centers": dict(self.centers)}

    def _weights(self) -> Array:
        """CALENDAR × indicators: each column's coefficient under the indicator it speaks for."""
        names = _indicators()
        weights = np.zeros((len(CALENDAR), len(names)))
        for row, column in enumerate(CALENDAR):
            weights[row, names.index(_SPEAKS_FOR[column])] = self.coefficients.get(column, 0.0)
        return weights


@cache
def _indicators() -> tuple[str, ...]:
    return tuple(sorted(set(_SPEAKS_FOR.values())))


def fitted_calendar(coefficients: Array, features: pd.DataFrame) -> tuple[Calendar, float]:
    """(the calendar with these coefficients, centred on the rows it was fitted on; what centring took off the sum)."""
    raw = Calendar(dict(zip(CALENDAR, map(float, coefficients), strict=True)), dict.fromkeys(_indicators(), 0.0))
    means = raw.margins(features).mean()
    centers = {str(name): float(value) for name, value in means.items()}
    return Calendar(raw.coefficients, centers), sum(centers.values())
