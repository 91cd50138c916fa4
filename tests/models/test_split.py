"""Time splits: what is purged, on which day exactly, and what the default test period is."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from models.split import EMBARGO_DAYS, Split, default_split, purged, rolling_origins
from policy.errors import NotEnoughData

MONDAYS = [date(2024, 1, 1) + timedelta(weeks=w) for w in range(60)]


def test_a_row_whose_window_ends_on_the_first_test_day_stays_and_a_day_later_is_dropped() -> None:
    # Window of 104 days: from 19 September it ends (exclusively) on 1 January.
    as_of = pd.Series([date(2025, 9, 18), date(2025, 9, 19), date(2025, 9, 20), date(2025, 12, 31)])
    assert purged(as_of, window_days=104, test_from=date(2026, 1, 1)).tolist() == [False, False, True, True]


def test_the_default_test_period_is_the_last_26_mature_weeks() -> None:
    found = default_split(date(2026, 6, 1), window_days=104)
    # 17 February + 104 days = 1 June: the newest mature day; 182 days end with it.
    assert found == Split(date(2025, 8, 19), date(2025, 8, 20), date(2026, 2, 17))
    assert (found.test_until - found.test_from).days + 1 == 26 * 7
    days = [found.test_from + timedelta(days=d) for d in range(182)]
    assert sum(d.weekday() == 0 for d in days) == 26


@pytest.mark.parametrize(
    ("train_until", "test_from", "test_until"),
    [
        (date(2025, 1, 6), date(2025, 1, 6), date(2025, 2, 3)),
        (date(2025, 1, 7), date(2025, 1, 6), date(2025, 2, 3)),
        (date(2025, 1, 1), date(2025, 2, 4), date(2025, 2, 3)),
    ],
)
def test_dates_out_of_order_are_refused_with_a_cure(train_until: date, test_from: date, test_until: date) -> None:
    with pytest.raises(NotEnoughData, match="--train-until before --test-from"):
        Split(train_until, test_from, test_until)


def test_a_test_period_of_one_day_is_allowed() -> None:
    assert Split(date(2025, 1, 5), date(2025, 1, 6), date(2025, 1, 6)).test_until == date(2025, 1, 6)


@pytest.mark.parametrize("window", [30, 104, 194])
def test_rolling_origins_never_train_on_what_had_not_matured(window: int) -> None:
    as_of = pd.Series(MONDAYS * 2)
    days = pd.to_datetime(as_of)
    found = list(rolling_origins(as_of, window_days=window, folds=4))
    assert len(found) == 4
    for train, test in found:
        kept_apart = pd.Timedelta(days=window + EMBARGO_DAYS)
        assert days[train].max() + kept_apart <= days[test].min()
        # And nothing that had matured is thrown away.
        assert train.sum() == (days + kept_apart <= days[test].min()).sum()


def test_a_window_that_ends_on_the_blocks_first_day_trains() -> None:
    as_of = pd.Series([date(2025, 1, 6), date(2025, 1, 13), date(2025, 1, 20), date(2025, 1, 27)])
    (train, test), (later, _) = rolling_origins(as_of, window_days=14, folds=2, embargo_days=0)
    assert as_of[test].tolist() == [date(2025, 1, 20)]
    assert as_of[train].tolist() == [date(2025, 1, 6)]
    assert as_of[later].tolist() == [date(2025, 1, 6), date(2025, 1, 13)]


def test_the_embargo_drops_what_late_entries_may_still_change() -> None:
    as_of = pd.Series([date(2025, 1, 6), date(2025, 1, 13), date(2025, 1, 20), date(2025, 1, 27)])
    ((train, _),) = rolling_origins(as_of, window_days=7, folds=1, embargo_days=7)
    assert as_of[train].tolist() == [date(2025, 1, 6)]
    assert EMBARGO_DAYS == 7


def test_rolling_origins_test_each_later_row_once() -> None:
    as_of = pd.Series(MONDAYS)
    tested = sum(test.astype(int) for _, test in rolling_origins(as_of, window_days=30, folds=4))
    assert tested.tolist() == [0] * 30 + [1] * 30


def test_blocks_without_anything_matured_are_left_out() -> None:
    assert list(rolling_origins(pd.Series(MONDAYS[:4]), window_days=104, folds=4)) == []
