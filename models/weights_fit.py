"""Weights for the components of the health score, from a book's own departures: shrunk towards the policy's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.scorer import Array, sigmoid
from policy.policy import COMPONENTS

POINTS = 20.0
"""Coefficients are per so many points of a component, as in the recalibrated score."""
DEVIATION = 0.1
"""How far a component's log-odds per 20 points are expected to lie from the policy's share of them, one SD."""
FIRM = 1e-3
"""Penalty along the policy's own direction: only so that a book without signal has an answer."""
STEPS, SWEEPS, TOLERANCE = 12, 60, 1e-6
AT_ONCE = 3_000_000
"""Rows × draws held at a time."""


@dataclass(frozen=True)
class Components:
    """What the weights are fitted on: `columns` (rows × components), the policy's score, the calendar's log-odds, churn.

    `columns` are such that their mean under weights that sum to 1 is the health score: exactly where nothing is missing,
    and to the first order around the policy's weights where what is missing is renormalised over.
    """

    columns: Array
    score: Array
    offset: Array
    churned: Array
    account: npt.NDArray[np.int64]


def components_of(
    scores: pd.DataFrame, weights: Mapping[str, float], offset: Array, churned: Array, accounts: pd.Series
) -> Components:
    """From component scores (`usage_score`, …; null where unknown) and the policy's weights.

    A row of which nothing is known counts as the mean, for the score and for every component.
    """
    points = component_points(scores)
    share = shares(weights)
    present = ~np.isnan(points)
    weighed = (present * share).sum(axis=1)
    known = weighed > 0
    score = np.where(known, (np.nan_to_num(points) * share).sum(axis=1) / np.where(known, weighed, 1.0), np.nan)
    score = np.where(known, score, score[known].mean() if known.any() else 50.0)
    away = np.where(present, np.nan_to_num(points) - score[:, None], 0.0)
    columns = score[:, None] + away / np.where(known, weighed, 1.0)[:, None]
    return Components(columns, score, offset, churned, pd.factorize(accounts)[0].astype(np.int64))


def component_points(scores: pd.DataFrame) -> Array:
    """Rows × components, NaN where a component is not known."""
    return scores[[f"{c}_score" for c in COMPONENTS]].to_numpy(dtype=float)


def shares(weights: Mapping[str, float]) -> Array:
    """Weights in the order of the components, as shares of 1."""
    found = np.array([float(weights[c]) for c in COMPONENTS])
    return found / found.sum()


def score_under(scores: pd.DataFrame, share: Array) -> Array:
    """The health score under other weights, renormalised over what is known; NaN where nothing is."""
    points = component_points(scores)
    held = ~np.isnan(points) * share
    total = held.sum(axis=1)
    return np.divide(
        (np.nan_to_num(points) * held).sum(axis=1), total, out=np.full(len(points), np.nan), where=total > 0
    )


def protection(
    given: Components, policy: Array, multiplicity: npt.NDArray[np.floating[Any]] | None = None
) -> tuple[Array, Array]:
    """(intercepts, log-odds that 20 points of each component take away), one column per draw of the accounts.

    Logistic regression on top of the calendar, no coefficient below 0. The direction of the policy's weights is free,
    what lies across it is drawn to 0, as firmly as the book has departures: an account that leaves stands in several
    overlapping label windows, and its rows count as one. `multiplicity` is accounts × draws; without it, one fit on the
    rows as they are.
    """
    draws = np.ones((int(given.account.max()) + 1, 1)) if multiplicity is None else multiplicity
    design = np.column_stack([np.ones(len(given.score)), -(given.columns - given.score.mean()) / POINTS])
    lost = given.churned == 1
    overlap = lost.sum() / max(1, len(np.unique(given.account[lost])))
    along = policy / np.linalg.norm(policy)
    penalty = np.zeros((5, 5))
    penalty[1:, 1:] = (np.eye(4) - np.outer(along, along)) * overlap / DEVIATION**2 + FIRM * np.eye(4)
    size = max(1, AT_ONCE // len(design))
    parts = [
        _fitted(design, given, penalty, draws[:, start : start + size]) for start in range(0, draws.shape[1], size)
    ]
    found = np.concatenate(parts, axis=1)
    return found[0], found[1:]


def slope(given: Components) -> tuple[float, float]:
    """(intercept, log-odds that 20 points of the policy's score take away): the policy as it is, on top of the calendar."""
    design = np.column_stack([np.ones(len(given.score)), -(given.score - given.score.mean()) / POINTS])
    once = np.ones((int(given.account.max()) + 1, 1))
    found = _fitted(design, given, np.diag([0.0, FIRM]), once)
    return float(found[0, 0]), float(found[1, 0])


def as_weights(protected: Array, policy: Array) -> Array:
    """Shares of 1, one column per draw; the policy's where no component protects."""
    total = protected.sum(axis=0)
    return np.where(total > 1e-9, protected / np.where(total > 1e-9, total, 1.0), policy[:, None])


def _fitted(design: Array, given: Components, penalty: Array, multiplicity: npt.NDArray[np.floating[Any]]) -> Array:
    """Newton's steps for all draws at once; the first column is free, the others stay at or above 0."""
    columns = design.shape[1]
    pairs = np.einsum("ri,rj->rij", design, design).reshape(len(design), -1)
    times = multiplicity[given.account].astype(float)
    found = np.zeros((columns, times.shape[1]))
    for _ in range(STEPS):
        p = sigmoid(given.offset[:, None] + design @ found)
        gradient = design.T @ (times * (p - given.churned[:, None])) + penalty @ found
        curvature = (pairs.T @ (times * p * (1 - p))).reshape(columns, columns, -1) + penalty[:, :, None]
        moved = _bounded(curvature, gradient, found)
        found = found + moved
        if np.abs(moved).max() < TOLERANCE:
            break
    return found


def _bounded(curvature: Array, gradient: Array, at: Array) -> Array:
    """The step that minimises the quadratic model of every draw while all but the first coordinate stay ≥ 0."""
    step = np.zeros_like(at)
    for _ in range(SWEEPS):
        largest = 0.0
        for i in range(len(at)):
            own = curvature[i, i] + 1e-9
            wanted = step[i] - (gradient[i] + (curvature[i] * step).sum(axis=0)) / own
            if i:
                wanted = np.maximum(wanted, -at[i])
            largest = max(largest, float(np.abs(wanted - step[i]).max()))
            step[i] = wanted
        if largest < TOLERANCE / 10:
            break
    return step
