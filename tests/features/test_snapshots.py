"""As-of dates share a weekday, and their place on the week grid follows it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import ibis
import pyarrow as pa
import pytest

from features.snapshots import Snapshots, day_number, day_of
from policy.errors import UsageError


def test_dates_are_sorted_and_given_once() -> None:
    dates = [date(2026, 5, 18), date(2026, 5, 4), date(2026, 5, 18)]
    assert Snapshots.of(dates).dates == (date(2026, 5, 4), date(2026, 5, 18))


def test_no_date_and_mixed_weekdays_are_refused_with_a_cure() -> None:
    with pytest.raises(UsageError, match="at least one date"):
        Snapshots.of([])
    with pytest.raises(UsageError, match="one weekday at a time"):
        Snapshots.of([date(2026, 5, 4), date(2026, 5, 5)])


def test_every_stride_counts_back_from_the_last_weekday() -> None:
    found = Snapshots.every(4, date(2026, 1, 1), date(2026, 4, 1))
    assert found.dates == (date(2026, 1, 5), date(2026, 2, 2), date(2026, 3, 2), date(2026, 3, 30))
    found = Snapshots.every(1, date(2026, 4, 2), date(2026, 4, 9), weekday="thursday")
    assert found.dates == (date(2026, 4, 2), date(2026, 4, 9))
    with pytest.raises(UsageError):
        Snapshots.every(1, date(2026, 4, 3), date(2026, 4, 8), weekday="thursday")


@pytest.mark.parametrize("first", [date(2025, 6, 2) + timedelta(days=i) for i in range(7)])
def test_the_week_before_as_of_is_the_seven_days_before_it_on_any_weekday(first: date) -> None:
    snapshots = Snapshots.of([first, first + timedelta(weeks=3)])
    index = snapshots.index(first)
    assert snapshots.index(snapshots.dates[1]) == index + 3
    weeks = [(day_number(first - timedelta(days=back)) - snapshots.anchor) // 7 for back in (0, 1, 7, 8)]
    assert weeks == [index, index - 1, index - 1, index - 2]


def test_the_grid_has_one_row_a_snapshot() -> None:
    snapshots = Snapshots.of([date(2026, 5, 4), date(2026, 5, 18)])
    assert snapshots.grid().to_pyarrow().sort_by("snapshot").to_pylist() == [
        {"snapshot": snapshots.index(d), "as_of": d, "as_of_day": day_number(d)} for d in snapshots.dates
    ]


def test_days_count_from_1970_for_dates_and_moments_alike() -> None:
    moments = pa.array([datetime.fromisoformat("2025-06-01 23:59:59"), None], pa.timestamp("us"))
    table = ibis.memtable(pa.table({"at": moments, "on": pa.array([date(2025, 6, 2), None])}))
    found = table.select(at=day_of(table["at"]), on=day_of(table["on"])).to_pyarrow().to_pylist()
    assert found == [{"at": day_number(date(2025, 6, 1)), "on": day_number(date(2025, 6, 2))}, {"at": None, "on": None}]
    assert day_number(date(1970, 1, 2)) == 1
