"""The game of the driver groups: exact Shapley values, over all coalitions, of the probability that is shown.

A coalition knows its own groups of an account; what it does not know is as in the reference rows. Its worth is the mean
probability over the reference, so that nobody known is worth the reference's mean, and everybody the account's own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import factorial

import numpy as np

from models.scorer import Array, sigmoid

MOST_GROUPS = 8
ROWS = 512
"""Rows played at a time: their coalitions' worth stays in the processor's cache."""
Link = Callable[[Array], Array]
"""From log-odds to the probability shown; never falls."""


def shapley(
    base: float,
    groups: Array,
    probability: Link = sigmoid,
    *,
    reference: Array | None = None,
    weights: Array | None = None,
) -> Array:
    """Exact Shapley values of v(S) = Σ_k weight_k · probability(base + Σ_{g∈S} groups[:, g] + Σ_{g∉S} reference[k, g]).

    One column per group. Without a reference what is not known adds nothing to the base.

    >>> values = shapley(-2.0, np.array([[1.0, -0.5]]))
    >>> bool(np.isclose(values.sum(), 1 / (1 + np.exp(1.5)) - 1 / (1 + np.exp(2.0))))
    True
    """
    rows, count = groups.shape
    known = _members(count)
    others = (np.zeros((1, count)) if reference is None else reference) @ (1 - known).T
    shares = np.full(len(others), 1 / len(others)) if weights is None else weights
    gains = _gains(count)
    found = np.empty((rows, count))
    for start in range(0, rows, ROWS):
        margins = known @ groups[start : start + ROWS].T + base
        worth = np.zeros_like(margins)
        for rest, share in zip(others, shares, strict=True):
            part = probability(margins + rest[:, None])
            part *= share
            worth += part
        found[start : start + ROWS] = (gains @ worth).T
    return found


@cache
def _members(count: int) -> Array:
    """Coalitions × groups: 1 where the group is in it."""
    return ((np.arange(2**count)[:, None] >> np.arange(count)) & 1).astype(float)


@cache
def _gains(count: int) -> Array:
    """Groups × coalitions: what each coalition's worth adds to a group's Shapley value."""
    inside = _members(count).T
    sizes = inside.sum(axis=0).astype(int)
    joined = np.array([_weight(count, size - 1) if size else 0.0 for size in sizes])
    left = np.array([_weight(count, size) if size < count else 0.0 for size in sizes])
    return inside * joined - (1 - inside) * left


def _weight(players: int, others: int) -> float:
    """The chance that exactly these others arrive before a player."""
    return factorial(others) * factorial(players - others - 1) / factorial(players)
