"""What every scorer can do, and the step between probability and log-odds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

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
        """The probability that the decision to leave falls into the label window: `probability` of `log_odds`."""
        ...

    def log_odds(self, features: pd.DataFrame) -> Array:
        """What the scorer adds up, one per row, before any calibration."""
        ...

    def probability(self, margin: Array) -> Array:
        """The probability shown where these log-odds are found; never falls as they rise."""
        ...

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(base, contributions): log-odds = base + the row's sum, one column per indicator."""
        ...

    def parameters(self) -> dict[str, Any]:
        """Everything needed to build it again, as JSON."""
        ...


@runtime_checkable
class Bagged(Protocol):
    """A scorer that is the mean of several which differ only by chance."""

    def members(self) -> Sequence[Scorer]:
        """Each of them alone."""
        ...


class FromLogOdds(ABC):
    """A scorer that shows the logistic function of its log-odds."""

    @abstractmethod
    def log_odds(self, features: pd.DataFrame) -> Array:
        """The log-odds of each row."""

    def probability(self, margin: Array) -> Array:
        """The logistic function."""
        return sigmoid(margin)

    def score(self, features: pd.DataFrame) -> Array:
        """Probability of each row."""
        return self.probability(self.log_odds(features))


def added(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The log-odds of two parts by indicator; what only one of them speaks for keeps its own.

    >>> added(pd.DataFrame({"a": [1.0], "b": [2.0]}), pd.DataFrame({"b": [0.5], "c": [3.0]})).to_dict("records")
    [{'a': 1.0, 'b': 2.5, 'c': 3.0}]
    """
    # By hand: `add(fill_value=0.0)` takes longer over a million rows than TreeSHAP itself does.
    columns = list(dict.fromkeys([*one, *other]))
    found = np.zeros((len(one), len(columns)))
    found[:, : one.shape[1]] = one.to_numpy()
    found[:, [columns.index(c) for c in other]] += other.to_numpy()
    return pd.DataFrame(found, columns=columns, index=one.index, copy=False)


def sigmoid(margin: Array) -> Array:
    """Log-odds to probability.

    >>> sigmoid(np.array([0.0, -800.0])).tolist()
    [0.5, 0.0]
    """
    # Where exp overflows to infinity, the quotient is the 0 it should be.
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-margin)))


def logit(probability: Array) -> Array:
    """Probability to log-odds, held away from 0 and 1 by 1e-9."""
    p = np.clip(probability, 1e-9, 1 - 1e-9)
    return np.asarray(np.log(p / (1 - p)))
