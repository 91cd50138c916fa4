"""The cheapest choice of one option a group whose gains add up to what is needed: exact, by its efficient frontier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """What one group offers: hours and gain of each option. Doing nothing is always allowed and not listed."""

    hours: Numbers
    gains: Numbers


def cheapest(groups: Sequence[Options], need: float) -> tuple[int | None, ...] | None:
    """The option of each group (null: nothing done) with the fewest hours whose gains reach `need`; null where none do.

    Of equally cheap choices the one that gains most. Exact: a partial choice is dropped only where another costs no
    more and gains no less, or where even everything else could not make it reach what is needed.

    >>> pair = [Options(np.array([1.0, 2.0]), np.array([3.0, 4.0])), Options(np.array([5.0]), np.array([6.0]))]
    >>> cheapest(pair, 7.0), cheapest(pair, 4.0), cheapest(pair, 11.0)
    ((0, 0), (1, None), None)
    """
    if need <= 0:
        return (None,) * len(groups)
    most = [max(0.0, float(g.gains.max(initial=0.0))) for g in groups]
    ahead = np.append(np.cumsum(most[::-1])[::-1], 0.0)
    hours, gains = np.zeros(1), np.zeros(1)
    picked: list[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]] = []
    for place, group in enumerate(groups):
        # Option 0 is doing nothing.
        all_hours = np.add.outer(hours, np.append(0.0, group.hours)).ravel()
        all_gains = np.add.outer(gains, np.append(0.0, group.gains)).ravel()
        kept = _frontier(all_hours, all_gains, need, float(ahead[place + 1]))
        if not len(kept):
            return None
        width = len(group.hours) + 1
        picked.append((kept // width, kept % width))
        hours, gains = all_hours[kept], all_gains[kept]
    reached = np.flatnonzero(gains >= need)
    if not len(reached):
        return None
    return _back(picked, int(reached[0]))


def most(groups: Sequence[Options]) -> tuple[int | None, ...]:
    """The option of each group that gains most, the cheapest of those; null where nothing gains."""
    found: list[int | None] = []
    for group in groups:
        order = np.lexsort((group.hours, -group.gains))
        found.append(int(order[0]) if len(order) and group.gains[order[0]] > 0 else None)
    return tuple(found)


def _frontier(hours: Numbers, gains: Numbers, need: float, ahead: float) -> npt.NDArray[np.intp]:
    """Places of the choices worth going on with, by rising hours and gains."""
    # A hair of room: sums in another order may differ in their last digits.
    order = np.lexsort((-gains, hours))
    order = order[gains[order] + ahead >= need - 1e-12]
    sorted_gains = gains[order]
    before = np.append(-np.inf, np.maximum.accumulate(sorted_gains)[:-1])
    order = order[sorted_gains > before]
    reached = np.flatnonzero(gains[order] >= need)
    return order[: reached[0] + 1] if len(reached) else order


def _back(picked: Sequence[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]], place: int) -> tuple[int | None, ...]:
    chosen: list[int | None] = []
    for parents, options in reversed(picked):
        option = int(options[place])
        chosen.append(option - 1 if option else None)
        place = int(parents[place])
    return tuple(reversed(chosen))
