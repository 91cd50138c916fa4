"""The cheapest choice of one option a group whose gains add up to what is needed: exact, by its efficient frontier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Options:
    """What one group offers: hours and gain of each option. Doing nothing is always allowed and not listed.

    An option can be taken in part where it costs more at its end than behind its start, `hours_from`: hours and gain
    then rise on a straight line. Without a start it is all or nothing.
    """

    hours: Numbers
    gains: Numbers
    hours_from: Numbers = field(default_factory=lambda: np.empty(0))
    gains_from: Numbers = field(default_factory=lambda: np.empty(0))


@dataclass(frozen=True)
class Choice:
    """The option of each group, null where nothing is done; of one group perhaps only a share of the way to it."""

    picks: tuple[int | None, ...]
    part: tuple[int, float] | None = None


def cheapest_in_part(groups: Sequence[Options], need: float) -> Choice | None:
    """Like `cheapest`, but one option may be taken in part; null where nothing reaches `need`.

    Exact: hours and gains are straight between two levels, so that of two options that stop on the way one could go back
    and the other on at no more hours. Each option is tried as that one, with every choice of the others worth making.

    >>> pair = [Options(np.array([4.0]), np.array([8.0]), np.array([2.0]), np.array([0.0])),
    ...         Options(np.array([0.5]), np.array([3.0]))]
    >>> cheapest_in_part(pair, 5.0)
    Choice(picks=(0, 0), part=(0, 0.25))
    """
    picks = cheapest(groups, need)
    if picks is None:
        return None
    fewest = sum(float(g.hours[p]) for g, p in zip(groups, picks, strict=True) if p is not None)
    best = Choice(picks)
    firsts, lasts = _frontiers(groups, need), _frontiers(groups[::-1], need)[::-1]
    for place, group in enumerate(groups):
        if not len(group.hours_from) or not (group.hours_from < group.hours).any():
            continue
        before, after = firsts[place], lasts[place + 1]
        hours = np.add.outer(before.hours, after.hours).ravel()
        left = need - np.add.outer(before.gains, after.gains).ravel()
        for option in np.flatnonzero((group.hours_from < group.hours) & (group.gains_from < group.gains)):
            start, end = float(group.gains_from[option]), float(group.gains[option])
            kept = np.flatnonzero((left > start) & (left < end) & (hours + group.hours_from[option] < fewest))
            if not len(kept):
                continue
            share = (left[kept] - start) / (end - start)
            total = hours[kept] + group.hours_from[option] + share * (group.hours[option] - group.hours_from[option])
            least = int(np.argmin(total))
            if total[least] < fewest - 1e-9:
                fewest = float(total[least])
                first, last = divmod(int(kept[least]), len(after.hours))
                others = (before.picks(first), after.picks(last)[::-1])
                best = Choice((*others[0], int(option), *others[1]), (place, float(share[least])))
    return best


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
    last = _frontiers(groups, need)[-1]
    reached = np.flatnonzero(last.gains >= need)
    return last.picks(int(reached[0])) if len(reached) else None


def most(groups: Sequence[Options]) -> tuple[int | None, ...]:
    """The option of each group that gains most, the cheapest of those; null where nothing gains."""
    found: list[int | None] = []
    for group in groups:
        order = np.lexsort((group.hours, -group.gains))
        found.append(int(order[0]) if len(order) and group.gains[order[0]] > 0 else None)
    return tuple(found)


@dataclass(frozen=True)
class _Frontier:
    """Choices of the first few groups worth going on with, by rising hours and gains; how each was come by."""

    hours: Numbers
    gains: Numbers
    picked: tuple[tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], ...]

    def picks(self, place: int) -> tuple[int | None, ...]:
        """The options of one choice."""
        chosen: list[int | None] = []
        for parents, options in reversed(self.picked):
            option = int(options[place])
            chosen.append(option - 1 if option else None)
            place = int(parents[place])
        return tuple(reversed(chosen))


def _frontiers(groups: Sequence[Options], need: float) -> list[_Frontier]:
    """Of no group, of the first, of the first two and so on."""
    gained = [max(0.0, float(g.gains.max(initial=0.0))) for g in groups]
    ahead = np.append(np.cumsum(gained[::-1])[::-1], 0.0)
    found = [_Frontier(np.zeros(1), np.zeros(1), ())]
    for place, group in enumerate(groups):
        last, width = found[-1], len(group.hours) + 1
        # Option 0 is doing nothing.
        hours = np.add.outer(last.hours, np.append(0.0, group.hours)).ravel()
        gains = np.add.outer(last.gains, np.append(0.0, group.gains)).ravel()
        kept = _kept(hours, gains, need, float(ahead[place + 1]))
        found.append(_Frontier(hours[kept], gains[kept], (*last.picked, (kept // width, kept % width))))
    return found


def _kept(hours: Numbers, gains: Numbers, need: float, ahead: float) -> npt.NDArray[np.intp]:
    # A hair of room: sums in another order may differ in their last digits.
    order = np.lexsort((-gains, hours))
    order = order[gains[order] + ahead >= need - 1e-12]
    sorted_gains = gains[order]
    before = np.append(-np.inf, np.maximum.accumulate(sorted_gains)[:-1])
    order = order[sorted_gains > before]
    reached = np.flatnonzero(gains[order] >= need)
    return order[: reached[0] + 1] if len(reached) else order
