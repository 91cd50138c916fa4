"""Figures of a ranking and of a probability. Each is one function of labels and scores; null where undefined."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.scorer import Array, logit

LEAST_CHURNED = 10  # below this many churned accounts an in-window figure is null


def roc_auc(churned: Array, score: Array) -> float | None:
    """Chance that a churned row ranks above a kept one; ties count half. Null without both kinds.

    >>> roc_auc(np.array([0, 1, 0, 1]), np.array([0.1, 0.4, 0.4, 0.8]))
    0.875
    """
    from scipy.stats import rankdata

    positives = float(churned.sum())
    negatives = len(churned) - positives
    if not positives or not negatives:
        return None
    ranks = rankdata(score)
    return float((ranks[churned == 1].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def pr_auc(churned: Array, score: Array) -> float | None:
    """Average precision; compare with the base rate. Null without churn."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(churned, score)) if churned.any() else None


def row_loss(churned: Array, probability: Array) -> Array:
    """Negative log-likelihood of each row."""
    p = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(-(churned * np.log(p) + (1 - churned) * np.log(1 - p)))


def log_loss(churned: Array, probability: Array) -> float:
    """Mean negative log-likelihood per row."""
    return float(row_loss(churned, probability).mean())


def brier(churned: Array, probability: Array) -> float:
    """Mean squared error of the probability."""
    return float(np.mean((probability - churned) ** 2))


def expected_calibration_error(churned: Array, probability: Array, *, bins: int = 10) -> float:
    """Mean gap between promised and observed churn over equally full bins of the probability.

    Ties share their churn evenly, so input order cannot matter.
    """
    order = np.argsort(probability, kind="stable")
    shared = pd.Series(churned).groupby(probability).transform("mean").to_numpy()
    gaps = [
        len(part) / len(order) * abs(shared[part].mean() - probability[part].mean())
        for part in np.array_split(order, bins)
        if len(part)
    ]
    return float(np.sum(gaps))


def calibration_slope(churned: Array, probability: Array) -> float | None:
    """Slope of a logistic regression of churn on the log-odds: 1 is honest, below 1 too bold. Null where undefined."""
    from sklearn.linear_model import LogisticRegression

    x = logit(probability).reshape(-1, 1)
    if not churned.any() or churned.all() or np.ptp(x) < 1e-9:
        return None
    return float(LogisticRegression(C=np.inf, max_iter=1000).fit(x, churned).coef_[0, 0])


def lift_at(churned: Array, score: Array, *, share: float) -> float | None:
    """How many times more churn the riskiest `share` of rows holds than the average row.

    Ties share their churn evenly, so input order cannot matter. 1.0 is no better than chance (Neslin et al. 2006).

    >>> lift_at(np.array([1, 0, 0, 0]), np.array([0.9, 0.1, 0.1, 0.1]), share=0.25)
    4.0
    """
    if not churned.any():
        return None
    groups = pd.DataFrame({"score": score, "churned": churned}).groupby("score")["churned"].agg(["size", "sum"])
    groups = groups.sort_index(ascending=False)
    wanted = share * len(churned)
    before = groups["size"].cumsum() - groups["size"]
    taken = ((wanted - before) / groups["size"]).clip(0, 1)
    return float((taken * groups["sum"]).sum() / wanted / churned.mean())


def high_tier(score: pd.Series, as_of: pd.Series, *, share: float) -> pd.Series:
    """True for the top `share` of each as_of; a tie at the cut goes to the safer tier (H24)."""
    rank = score.groupby(as_of).rank(method="max", ascending=False)
    size = score.groupby(as_of).transform("size")
    return rank <= np.floor(size * share + 1e-9)


def recall_at_capacity(churned: Array, score: Array, as_of: pd.Series, *, share: float) -> float | None:
    """Churned rows in the high tier ÷ churned rows; the tier is cut per as_of, the rows are pooled."""
    if not churned.any():
        return None
    high = high_tier(pd.Series(score, index=as_of.index), as_of, share=share).to_numpy()
    return float(churned[high].sum() / churned.sum())
