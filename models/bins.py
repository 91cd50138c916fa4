"""Where an indicator's values are cut: ten equally full bins, a bin of its own for what is frequent, one for missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.scorer import Array

TENTHS = np.arange(1, 10) / 10
SAME = 0.01
"""Values nearer than this share of the spread are one: a month of 30 days is one of 31, a year of 365 one of 366."""


@dataclass(frozen=True)
class Bins:
    """A value's bin is the number of cuts it has passed: those of `at` on reaching them, those of `above` beyond them.

    Missing is the last bin.
    """

    at: tuple[float, ...]
    above: tuple[float, ...]

    @property
    def size(self) -> int:
        """How many bins there are, missing included."""
        return len(self.at) + len(self.above) + 2

    def places(self, values: Array) -> npt.NDArray[np.int64]:
        """The bin of every value."""
        passed = np.searchsorted(self.at, values, side="right") + np.searchsorted(self.above, values, side="left")
        return np.where(np.isnan(values), self.size - 1, passed).astype(np.int64)

    def counts(self, values: Array) -> Array:
        """How many values fall into each bin."""
        return np.bincount(self.places(values), minlength=self.size).astype(float)


def bins_of(values: Array) -> Bins:
    """Bins that hold about a tenth of the values each.

    A value that fills more than a tenth stands alone, so that a constant that moves is seen in either direction.

    >>> bins_of(np.array([7.0, 7.0, 7.0]))
    Bins(at=(7.0,), above=(7.0,))
    >>> bins_of(np.array([0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 100.0, 500.0]))
    Bins(at=(-1.0,), above=(1.0, 100.0))
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return Bins((), ())
    edges = np.quantile(known, TENTHS, method="inverted_cdf")
    near = SAME * float(edges[-1] - edges[0])
    groups: list[list[float]] = []
    for edge in edges.tolist():
        if groups and edge - groups[-1][-1] <= near:
            groups[-1].append(edge)
        else:
            groups.append([edge])
    return Bins(
        tuple(g[0] - near for g in groups if len(g) > 1),
        tuple(g[-1] + near if len(g) > 1 else g[-1] for g in groups),
    )
