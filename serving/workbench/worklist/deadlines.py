"""Which promises can be kept where each has its own time: by earliest deadline first, exactly."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import numpy as np

from policy.work import BusinessHours
from serving.due import WEEKDAYS

WEEK_DAYS = 7


def share_of_week(due_at: datetime, zone: str | None, as_of: date, open_: BusinessHours) -> Fraction:
    """Share of the working time of the week from `as_of` on that has passed when something is due.

    `due_at` is UTC and naive, the clock that of `zone` (null: UTC). Whole minutes: what is left of one is not counted.

    >>> from policy.policy import load_policy
    >>> tuesday_evening, monday = datetime(2026, 6, 2, 15, 0), date(2026, 6, 1)
    >>> share_of_week(tuesday_evening, "Europe/Berlin", monday, load_policy().tasks.business_hours)
    Fraction(2, 5)
    """
    local = due_at.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None)
    days = [as_of + timedelta(days=n) for n in range(WEEK_DAYS)]
    passed = whole = 0
    for day in days:
        if WEEKDAYS[day.weekday()] not in open_.weekdays:
            continue
        opens, closes = (datetime.combine(day, time()) + timedelta(hours=h) for h in (open_.from_hour, open_.to_hour))
        whole += (closes - opens) // timedelta(minutes=1)
        passed += (min(max(local, opens), closes) - opens) // timedelta(minutes=1)
    return Fraction(passed, whole) if whole else Fraction(1)


def all_on_time(minutes: Sequence[int], limits: Sequence[int]) -> bool:
    """Whether everything is done in time where what is due first is done first; `limits`: the minutes there are until then."""
    used = 0
    for place in sorted(range(len(minutes)), key=lambda p: limits[p]):
        used += minutes[place]
        if used > limits[place]:
            return False
    return True


def most_on_time(
    worth: Sequence[int], minutes: Sequence[int], limits: Sequence[int], must: Collection[int] = ()
) -> frozenset[int]:
    """Places of the most worth that can all be done in time; of equals the most of them, and those in the least time.

    Exact, whole numbers only (Lawler and Moore 1969). `must` are kept whatever they are worth; they have to fit together.
    Of two alike the earlier is kept, so that one order of items has one answer.
    """
    if all_on_time(minutes, limits):
        return frozenset(range(len(minutes)))
    unit = math.gcd(*minutes)
    size = max(0, *limits) // unit + 1
    # By the time that is used: what the best choice that uses just so much is worth, and how many it keeps; -1: none does.
    best, count = np.full(size, -1, dtype=np.int64), np.full(size, -1, dtype=np.int64)
    best[0] = count[0] = 0
    order = sorted(range(len(minutes)), key=lambda p: (limits[p], -worth[p], minutes[p], p))
    taken = []
    for place in order:
        took = np.zeros(size, dtype=bool)
        length, last = minutes[place] // unit, limits[place] // unit
        with_worth, with_count = (np.full(size, -1, dtype=np.int64) for _ in range(2))
        if length <= last:
            before = slice(0, last + 1 - length)
            there = best[before] >= 0
            with_worth[length : last + 1] = np.where(there, best[before] + worth[place], -1)
            with_count[length : last + 1] = np.where(there, count[before] + 1, -1)
        if place in must:
            took = with_worth >= 0
            best, count = with_worth, with_count
        else:
            took = (with_worth > best) | ((with_worth == best) & (with_count > count))
            best, count = np.where(took, with_worth, best), np.where(took, with_count, count)
        taken.append(took)
    at = max(range(size), key=lambda t: (int(best[t]), int(count[t]), -t))
    chosen = set()
    for place, took in zip(reversed(order), reversed(taken), strict=True):
        if took[at]:
            chosen.add(place)
            at -= minutes[place] // unit
    return frozenset(chosen)
