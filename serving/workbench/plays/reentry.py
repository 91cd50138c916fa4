"""When a play is begun again: a relapse and one round too many are looked at by a manager; a talk is not pressed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from policy.work import Tasks


class Round(NamedTuple):
    """Which time an account goes through a play, this one included, and what is to be thought of it; null: nothing."""

    number: int
    note: str | None

    @property
    def to_manager(self) -> bool:
        """Whether it begins one level higher."""
        return self.note is not None


def round_of(asked: Sequence[date], ended: Sequence[date], tasks: Tasks) -> Round:
    """The round that is gone on with, from the days on which one play was asked for and those that ended an episode.

    What was asked for again before the episode ended is the same round: it began the first time. Counted are the rounds
    of the last `reentry.within_days` days. A fall is never kept quiet because it is the third: instead somebody else
    looks at it, since the same play has just failed to hold.
    """
    rule = tasks.reentry
    began: dict[int, date] = {}
    for day in sorted(set(asked)):
        began.setdefault(sum(end <= day for end in ended), day)
    last = max(began.values())
    number = sum((last - day).days < rule.within_days for day in began.values())
    before = [day for day in ended if day <= last]
    if number > rule.most:
        return Round(number, f"round {number} within {rule.within_days} days: another play, or another person")
    if before and (last - max(before)).days < rule.quiet_days:
        return Round(number, f"a relapse: the last round ended on {max(before).isoformat()}")
    return Round(number, None)


def rests_until(closed_on: date | None, tasks: Tasks) -> date | None:
    """The day from which a talk that was closed may be raised again; null where none was."""
    return None if closed_on is None else closed_on + timedelta(days=tasks.reentry.quiet_days)
