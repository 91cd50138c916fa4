"""The snapshots of one run: as_of dates that share a weekday, and their place on the week grid."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from policy.errors import UsageError

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Snapshots:
    """As-of dates, ascending, all on one weekday.

    >>> Snapshots.of([date(2026, 5, 4), date(2026, 5, 18)]).anchor
    4
    """

    dates: tuple[date, ...]

    @classmethod
    def of(cls, dates: Iterable[date]) -> Snapshots:
        """Snapshots at these dates. UsageError where they fall on different weekdays: windows are whole weeks."""
        ordered = tuple(sorted(set(dates)))
        if not ordered:
            raise UsageError("there is no as_of date to build.", cure="Give at least one date.")
        if len({d.weekday() for d in ordered}) > 1:
            raise UsageError(
                f"as_of dates {ordered[0]} … {ordered[-1]} fall on different weekdays.",
                cure="Build one weekday at a time.",
            )
        return cls(ordered)

    @classmethod
    def every(cls, stride_weeks: int, first: date, last: date, *, weekday: str = "monday") -> Snapshots:
        """Every `stride_weeks` weeks on `weekday` from `first` to `last`, both inclusive, anchored at `last`'s week."""
        back = (last.weekday() - WEEKDAYS.index(weekday)) % 7
        day, found = last - timedelta(days=back), []
        while day >= first:
            found.append(day)
            day -= timedelta(weeks=stride_weeks)
        return cls.of(found)

    @property
    def anchor(self) -> int:
        """The day number (mod 7) on which weeks begin."""
        return day_number(self.dates[0]) % 7

    def index(self, as_of: date) -> int:
        """Place of a snapshot on the week grid: snapshot s looks back at weeks s-1, s-2, …"""
        return (day_number(as_of) - self.anchor) // 7

    def grid(self) -> Any:
        """Ibis table snapshot (int64), as_of (date), as_of_day (int64)."""
        import ibis
        import pyarrow as pa

        days = [day_number(d) for d in self.dates]
        return ibis.memtable(
            pa.table(
                {
                    "snapshot": pa.array([(d - self.anchor) // 7 for d in days], pa.int64()),
                    "as_of": pa.array(list(self.dates), pa.date32()),
                    "as_of_day": pa.array(days, pa.int64()),
                }
            )
        )


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return (day - EPOCH).days


def day_of(column: Any) -> Any:
    """An Ibis date or timestamp column as days since 1970-01-01 (int64); null stays null."""
    import ibis

    return column.cast("date").delta(ibis.date("1970-01-01"), unit="day").cast("int64")
