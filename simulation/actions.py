"""What people did about accounts at risk, as the simulation is told it: it changes the decisions that follow."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.days import Flags, Ints

LASTS_DAYS = 180
"""A decision in so many days after an action is made under its effect."""
_FAR = 10_000_000
"""More days than there are: keeps the actions of accounts apart in one sorted list."""


@dataclass(frozen=True)
class Actions:
    """One entry an action: the account's home (`Book.home`, the same whatever becomes of the others) and the day."""

    home: Ints
    day: Ints

    def shortly_before(self, home: Ints, day: Ints) -> Flags:
        """True where the account was acted on at most LASTS_DAYS before that day.

        >>> one = Actions(home=np.array([3]), day=np.array([100]))
        >>> one.shortly_before(np.array([3, 3, 3, 4]), np.array([99, 100, 281, 100])).tolist()
        [False, True, False, False]
        """
        if not len(self.home):
            return np.zeros(len(home), dtype=bool)
        acted = np.sort(self.home * _FAR + self.day)
        asked = home * _FAR + day
        last = acted[np.maximum(np.searchsorted(acted, asked, side="right") - 1, 0)]
        return np.asarray((last <= asked) & (asked - last <= LASTS_DAYS))


NOBODY = Actions(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
