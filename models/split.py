"""Time splits: training rows whose label window reaches into the test period are purged."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from policy.errors import NotEnoughData

DEFAULT_TEST_WEEKS = 26
EMBARGO_DAYS = 7
"""Between training and test inside the training period: late entries may still change what was known."""


@dataclass(frozen=True)
class Split:
    """Inclusive as_of dates of training and test."""

    train_until: date
    test_from: date
    test_until: date

    def __post_init__(self) -> None:
        if not self.train_until < self.test_from <= self.test_until:
            raise NotEnoughData(
                f"training until {self.train_until} and test {self.test_from} to {self.test_until} are out of order.",
                cure="Give --train-until before --test-from, and that before --test-until.",
            )


def default_split(data_until: date, window_days: int) -> Split:
    """Test on the last 26 mature weeks, train on everything before."""
    newest = data_until - timedelta(days=window_days)
    test_from = newest - timedelta(weeks=DEFAULT_TEST_WEEKS) + timedelta(days=1)
    return Split(test_from - timedelta(days=1), test_from, newest)


def purged(as_of: pd.Series, *, window_days: int, test_from: date) -> pd.Series:
    """True for training rows to drop: their label window ends after the test begins."""
    return pd.to_datetime(as_of) + pd.Timedelta(days=window_days) > pd.Timestamp(test_from)


def matured(
    as_of: pd.Series, by: date | pd.Timestamp, *, window_days: int, embargo_days: int = EMBARGO_DAYS
) -> pd.Series:
    """True for rows whose label was known by that day, late entries included."""
    return pd.to_datetime(as_of) + pd.Timedelta(days=window_days + embargo_days) <= pd.Timestamp(by)


def fold_of(account_id: str, folds: int) -> int:
    """0 to folds − 1 by a hash of the key: the same in every run, on every machine.

    >>> [fold_of(a, 2) for a in ("acc-1", "acc-2", "acc-3", "acc-4")]
    [1, 1, 1, 0]
    """
    return hashlib.sha256(account_id.encode()).digest()[0] % folds


def account_folds(accounts: pd.Series, *, folds: int) -> Iterator[tuple[pd.Series, pd.Series]]:
    """(train, test) row masks: every account is tested once, by what never saw it. Not out of time: dates are shared."""
    mine = accounts.astype(str).map(lambda account: fold_of(account, folds))
    for fold in range(folds):
        if (mine == fold).any() and (mine != fold).any():
            yield mine != fold, mine == fold


def rolling_origins(
    as_of: pd.Series, *, window_days: int, folds: int, embargo_days: int = EMBARGO_DAYS
) -> Iterator[tuple[pd.Series, pd.Series]]:
    """(train, test) row masks: the last half of the dates in equal blocks, each tested on everything matured before.

    A row trains if its label window has ended `embargo_days` before the block begins. Blocks whose purged training side
    is empty are left out.
    """
    days = pd.to_datetime(as_of)
    dates = sorted(days.unique())
    later = dates[len(dates) // 2 :]
    size = max(1, len(later) // folds)
    for i in range(folds):
        block = later[i * size : (i + 1) * size if i < folds - 1 else len(later)]
        if not len(block):
            continue
        train = matured(days, block[0], window_days=window_days, embargo_days=embargo_days)
        test = days.isin(block)
        if train.any() and test.any():
            yield train, test
