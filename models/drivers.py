"""What moves a probability: contributions in percentage points that add up exactly to the number shown.

The game is v(S) = probability(base + Σ over groups in S of their log-odds), played over at most eight driver groups;
its Shapley values are exact over all coalitions. Within a group the points are split as the log-odds are.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from math import factorial

import numpy as np
import pandas as pd

from models.scorer import Array, Scorer, sigmoid

MOST_GROUPS = 8


def drivers(scorer: Scorer, features: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    """Long table row, group, indicator, contribution (percentage points): block by block of one group.

    For each row `base_points + contribution.sum()` is 100 × its probability; `base_points` is the probability of a
    customer of whom nothing is known.
    """
    base, margins = scorer.margins(features)
    by_group: dict[str, list[str]] = {}
    for indicator in map(str, margins):
        by_group.setdefault(groups.get(indicator, "other"), []).append(indicator)
    names = sorted(by_group)
    if len(names) > MOST_GROUPS:
        raise ValueError(
            f"{len(names)} driver groups ({', '.join(names)}); at most {MOST_GROUPS} can be played exactly."
        )
    totals = np.column_stack([margins[by_group[g]].to_numpy().sum(axis=1) for g in names])
    points = 100 * shapley(base, totals)
    frames = []
    for place, group in enumerate(names):
        inner = margins[by_group[group]].to_numpy()
        frames.append(_split(points[:, place], inner, by_group[group], group, features.index))
    return pd.concat(frames, ignore_index=True)


def base_points(scorer: Scorer, features: pd.DataFrame) -> float:
    """100 × the probability of a customer of whom nothing is known."""
    base, _ = scorer.margins(features.head(1))
    return float(100 * sigmoid(np.array([base]))[0])


def shapley(base: float, groups: Array) -> Array:
    """Exact Shapley values of v(S) = sigmoid(base + Σ_{g∈S} groups[:, g]), one column per group.

    >>> values = shapley(-2.0, np.array([[1.0, -0.5]]))
    >>> bool(np.isclose(values.sum(), 1 / (1 + np.exp(1.5)) - 1 / (1 + np.exp(2.0))))
    True
    """
    rows, count = groups.shape
    coalitions = np.arange(2**count)
    members = (coalitions[:, None] >> np.arange(count)) & 1
    value = sigmoid(base + groups @ members.T.astype(float))
    found = np.zeros((rows, count))
    sizes = members.sum(axis=1)
    for player in range(count):
        without = coalitions[members[:, player] == 0]
        weight = np.array([_weight(count, int(s)) for s in sizes[without]])
        found[:, player] = (value[:, without | (1 << player)] - value[:, without]) @ weight
    return found


@cache
def _weight(players: int, size: int) -> float:
    return factorial(size) * factorial(players - size - 1) / factorial(players)


def _split(points: Array, inner: Array, indicators: list[str], group: str, index: pd.Index) -> pd.DataFrame:
    """A group's points over its indicators, as their log-odds divide it; equal shares where those cancel to nothing."""
    total = inner.sum(axis=1, keepdims=True)
    # Where log-odds nearly cancel, dividing by their sum would blow single shares up: add the rest evenly instead.
    scale = np.abs(inner).sum(axis=1, keepdims=True)
    slope = np.divide(points[:, None], total, out=np.zeros_like(total), where=np.abs(total) > 0.1 * scale)
    shares = inner * slope
    rest = points[:, None] - shares.sum(axis=1, keepdims=True)
    shares = shares + rest / inner.shape[1]
    rows, columns = inner.shape
    return pd.DataFrame(
        {
            "row": np.repeat(index.to_numpy(), columns),
            "group": group,
            "indicator": np.tile(np.array(indicators, dtype=object), rows),
            "contribution": shares.ravel(),
        }
    )
