"""What every scorer can do, and the step between probability and log-odds."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

Array = npt.NDArray[np.float64]


class Scorer(Protocol):
    """A fitted scorer: frames in, numbers out, no IO."""

    @property
    def name(self) -> str:
        """Which scorer this is."""
        ...

    def score(self, features: pd.DataFrame) -> Array:
        """The probability that the decision to leave falls into the label window, one per row."""
        ...

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(base, contributions): log-odds = base + the row's sum, one column per indicator."""
        ...

    def parameters(self) -> dict[str, Any]:
        """Everything needed to build it again, as JSON."""
        ...


def sigmoid(margin: Array) -> Array:
    """Log-odds to probability, without overflow.

    >>> sigmoid(np.array([0.0, -800.0])).tolist()
    [0.5, 0.0]
    """
    return np.asarray(
        np.where(
            margin >= 0, 1 / (1 + np.exp(-np.abs(margin))), np.exp(-np.abs(margin)) / (1 + np.exp(-np.abs(margin)))
        )
    )


def logit(probability: Array) -> Array:
    """Probability to log-odds, held away from 0 and 1 by 1e-9."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)))
