"""Intervals by resampling accounts, paired across scorers: the same accounts are drawn for all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.scorer import Array

DRAWS = 2000
BINS = 4000  # distinct scores beyond this are ranked in equally full bins, for intervals only


@dataclass(frozen=True)
class Resampler:
    """Account multiplicities of every draw, one row per account."""

    account: npt.NDArray[np.int64]
    multiplicity: npt.NDArray[np.float32]

    @classmethod
    def of(cls, accounts: pd.Series, *, draws: int = DRAWS, seed: int = 0) -> Resampler:
        """Draws with replacement of the accounts in these rows. Seeded: a figure can be computed again."""
        codes, names = pd.factorize(accounts)
        rng = np.random.default_rng(seed)
        n = len(names)
        multiplicity = np.empty((n, draws), dtype=np.float32)
        for draw in range(draws):
            multiplicity[:, draw] = np.bincount(rng.integers(0, n, n), minlength=n)
        return cls(codes.astype(np.int64), multiplicity)

    def auc(self, churned: Array, score: Array) -> Array:
        """ROC-AUC of every draw; NaN where a draw has only one kind of row."""
        bins = bins_of(score)
        positives = self.per_bin(bins, churned == 1)
        negatives = self.per_bin(bins, churned == 0)
        below = np.cumsum(negatives, axis=0) - negatives
        wins = (positives * (below + negatives / 2)).sum(axis=0)
        total = positives.sum(axis=0) * negatives.sum(axis=0)
        return np.asarray(np.divide(wins, total, out=np.full_like(wins, np.nan), where=total > 0))

    def mean(self, values: Array) -> Array:
        """Row-weighted mean of every draw."""
        sums = np.bincount(self.account, weights=values, minlength=len(self.multiplicity))
        counts = np.bincount(self.account, minlength=len(self.multiplicity)).astype(float)
        return np.asarray((sums @ self.multiplicity) / (counts @ self.multiplicity))

    def total(self, values: Array) -> Array:
        """Sum over the rows of every draw, to the seven digits that an interval needs."""
        sums = np.bincount(self.account, weights=values, minlength=len(self.multiplicity))
        return np.asarray(sums.astype(np.float32) @ self.multiplicity, dtype=float)

    def per_bin(self, bins: Array, rows: Array) -> Array:
        """bins × draws: how many of these rows each draw puts into each bin."""
        from scipy.sparse import coo_matrix

        picked = coo_matrix(
            (np.ones(int(rows.sum()), dtype=np.float32), (bins[rows], self.account[rows])),
            shape=(int(bins.max()) + 1, len(self.multiplicity)),
        ).tocsr()
        return np.asarray(picked @ self.multiplicity, dtype=np.float64)


def bins_of(score: Array, *, most: int = BINS) -> Array:
    """The place of each score among the distinct ones, or among `most` equally full bins where there are more."""
    values, codes = np.unique(score, return_inverse=True)
    if len(values) <= most:
        return codes.astype(np.int64)
    edges = np.quantile(score, np.linspace(0, 1, most + 1)[1:-1])
    return np.asarray(np.searchsorted(np.unique(edges), score, side="right"), dtype=np.int64)


def interval(draws: Array, *, share: float = 0.95) -> tuple[float, float] | None:
    """The middle `share` of the draws; null where fewer than half are defined."""
    seen = draws[~np.isnan(draws)]
    if len(seen) * 2 < len(draws):
        return None
    low, high = np.quantile(seen, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)
