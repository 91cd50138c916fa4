"""Seeded choices of days, moments and delays, most of them unlucky."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

FIRST, LAST = date(2024, 1, 1), date(2025, 12, 1)  # both Mondays
DAY = timedelta(days=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


class Dice:
    """Facts fall on as_of midnight and one second before; they are learned at once, late, or on an as_of midnight."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def maybe(self, share: float, value: Any) -> Any:
        return value if self.chance(share) else None

    def pick(self, *values: Any) -> Any:
        return self.random.choice(values)

    def number(self, low: int, high: int) -> int:
        return self.random.randint(low, high)

    def day(self, low: date = FIRST, high: date = LAST) -> date:
        return low + timedelta(days=self.number(0, max((high - low).days, 0)))

    def snapshot_day(self, near: date) -> date:
        """A Monday or Thursday on or after a day: where as_of dates fall."""
        return near + timedelta(days=(self.pick(0, 3) - near.weekday()) % 7)

    def moment(self, low: date = FIRST, high: date = LAST) -> datetime:
        day = self.day(low, high)
        roll = self.random.random()
        if roll < 0.15:
            return midnight(self.snapshot_day(day))
        if roll < 0.3:
            return midnight(self.snapshot_day(day)) - timedelta(seconds=1)
        return midnight(day) + timedelta(seconds=self.number(0, 86_399))

    def after(self, moment: datetime, days: int) -> datetime:
        return max(moment + timedelta(seconds=1), self.moment(moment.date(), moment.date() + timedelta(days=days)))

    def known(self, moment: datetime) -> datetime:
        """When a fact of that moment is learned: at once, late, or on an as_of midnight."""
        roll = self.random.random()
        if roll < 0.65:
            return moment
        if roll < 0.85:
            return moment + timedelta(seconds=self.number(1, 40 * 86_400))
        return midnight(self.snapshot_day(moment.date() + DAY * self.number(1, 20)))
