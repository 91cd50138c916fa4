"""Figures against the true risk: no label is drawn, so no luck of the draw stands between two scorers."""

from __future__ import annotations

import numpy as np

from models.scorer import Array, logit, sigmoid


def expected_log_loss(true: Array, said: Array) -> float:
    """Log-loss of `said` expected under the true probabilities, in nats a row.

    >>> round(expected_log_loss(np.array([0.5]), np.array([0.5])), 4)
    0.6931
    """
    p = np.clip(said, 1e-12, 1 - 1e-12)
    return float(-(true * np.log(p) + (1 - true) * np.log(1 - p)).mean())


def at_true_level(true: Array, said: Array) -> Array:
    """What was said, its log-odds shifted so that as many are expected to leave as truly are.

    A market that moves after the data end shifts every risk alike, and no learner sees it coming.

    >>> at_true_level(np.array([0.1, 0.3]), np.array([0.5, 0.5])).round(6).tolist()
    [0.2, 0.2]
    """
    margin, shift = logit(said), 0.0
    for _ in range(50):
        p = sigmoid(margin + shift)
        step = float((true.sum() - p.sum()) / (p * (1 - p)).sum())
        shift += step
        if abs(step) < 1e-12:
            break
    return np.asarray(sigmoid(margin + shift))


def expected_auc(true: Array, score: Array) -> float:
    """ROC-AUC expected under the true probabilities: every row is a leaver with its own risk, and else a stayer.

    >>> expected_auc(np.array([1.0, 0.0]), np.array([0.9, 0.1]))
    1.0
    """
    order = np.argsort(score, kind="stable")
    sorted_score, leaves, stays = score[order], true[order], 1 - true[order]
    _, group = np.unique(sorted_score, return_inverse=True)
    of_group = np.bincount(group, weights=stays)
    below = np.cumsum(of_group) - of_group
    wins = (leaves * (below[group] + 0.5 * of_group[group])).sum()
    # A row does not rank against itself.
    own = 0.5 * (leaves * stays).sum()
    return float((wins - own) / (leaves.sum() * stays.sum() - (leaves * stays).sum()))


def share_of_gap(base: float, ceiling: float, reached: float) -> float:
    """How much of the way from `base` to `ceiling` was made; 1 is the ceiling, below 0 is worse than the base."""
    return (base - reached) / (base - ceiling)


def expected_calibration_error(true: Array, said: Array, *, bins: int = 20) -> float:
    """Mean gap between promised and true risk over equally full bins of `said`: free of the noise that labels add."""
    order = np.argsort(said, kind="stable")
    parts = np.array_split(order, bins)
    return float(sum(len(part) * abs(said[part].mean() - true[part].mean()) for part in parts) / len(order))


def expected_slope(true: Array, said: Array) -> float:
    """Calibration slope expected under the true probabilities: 1 is honest, below 1 too bold."""
    x = np.log(np.clip(said, 1e-9, 1 - 1e-9)) - np.log1p(-np.clip(said, 1e-9, 1 - 1e-9))
    weights = np.zeros(2)
    design = np.column_stack([np.ones(len(x)), x])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        step = np.linalg.solve((design * (p * (1 - p))[:, None]).T @ design, design.T @ (true - p))
        weights = weights + step
        if np.abs(step).max() < 1e-9:
            break
    return float(weights[1])
