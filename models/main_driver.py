"""The one group that stands out for an account, where one does; where none does, none is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from models.drivers import indicator_points
from models.reference import Reference
from models.scorer import Array, Bagged, Scorer


def main_drivers(
    scorer: Scorer,
    features: pd.DataFrame,
    groups: Mapping[str, str],
    clocks: Collection[str],
    *,
    reference: Reference | None,
    least_points: float,
    least_gap: float,
) -> pd.Series:
    """The driver group that raises each row's risk most; null where none stands out.

    What the customer does comes first: `clocks`, the indicators that time alone moves, count only where nothing else
    raises the risk by `least_points`. A group that leads the next by less than `least_gap`, or by less than its lead
    differs between the members of a bag (one standard deviation), is not named: another bag might name the next.
    """
    scorers = [scorer, *(scorer.members() if isinstance(scorer, Bagged) else ())]
    points = [indicator_points(s, features, groups, reference=reference) for s in scorers]
    clock = [c for c in map(str, points[0]) if c in clocks]
    found = _standing_out([_by_group(p.drop(columns=clock), groups) for p in points], least_points, least_gap)
    own = _by_group(points[0].drop(columns=clock), groups)
    silent = (own < least_points).all(axis=1).to_numpy()
    if clock and silent.any():
        whole = _standing_out([_by_group(p, groups) for p in points], least_points, least_gap)
        found = found.where(~silent, whole)
    return found


def _by_group(points: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Points by row and group; a column of nothing at all beside them, so that there is always a second."""
    sums = points.T.groupby([groups.get(str(i), "other") for i in points]).sum().T
    return sums.assign(**{"": 0.0})


def _standing_out(every: Sequence[pd.DataFrame], least_points: float, least_gap: float) -> pd.Series:
    """`every` holds the points by group of the scorer, then of its members."""
    points = every[0].to_numpy()
    order = np.argsort(-points, axis=1, kind="stable")
    first, second = order[:, 0], order[:, 1]
    rows = np.arange(len(points))

    def lead(of: pd.DataFrame) -> Array:
        return of.to_numpy()[rows, first] - of.to_numpy()[rows, second]

    spread = np.std([lead(of) for of in every[1:]], axis=0, ddof=1) if len(every) > 2 else np.zeros(len(points))
    clear = (points[rows, first] >= least_points) & (lead(every[0]) >= np.maximum(spread, least_gap))
    names = [str(name) for name in every[0]]
    told = [names[place] if stands else None for place, stands in zip(first, clear, strict=True)]
    return pd.Series(told, index=every[0].index, dtype="object")
