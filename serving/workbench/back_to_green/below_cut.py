"""The cheapest changes that would bring a churn probability below the cut, by asking the model about many sets at once (I8).

A model may do anything between two inputs, so that nothing adds up: sets are asked about one by one, the cheapest first.
Where that takes too many, the search goes on step by step and says that it has not tried every set.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd

from serving.workbench.back_to_green.moves import Move, Option, changed
from serving.workbench.back_to_green.search import Within

Score = Callable[[pd.DataFrame], Any]
"""Feature rows → a churn probability each."""
Picks = tuple[int, ...]
"""The option of each group; 0 is doing nothing."""
SETS = 256
"""The cheapest sets of each account that are asked about before its search goes step by step."""
AT_ONCE = 20_000
"""Rows that the model is given together."""


@dataclass(frozen=True)
class Lowered:
    """The set found for one row: the cheapest below the cut, else the one with the lowest probability."""

    reachable: bool
    every_set: bool
    moves: tuple[Move, ...]
    probability: float


class _Account:
    """One row's options, and what the model said of every set asked about so far."""

    def __init__(self, groups: Sequence[Sequence[Option]]) -> None:
        self.groups = [
            sorted([(), *group], key=lambda option: (sum(m.hours for m in option), len(option))) for group in groups
        ]
        self.hours = [[sum(m.hours for m in option) for option in group] for group in self.groups]
        self.said: dict[Picks, float] = {}

    def cost(self, picks: Picks) -> float:
        return sum(hours[p] for hours, p in zip(self.hours, picks, strict=True))

    def moves(self, picks: Picks) -> tuple[Move, ...]:
        return tuple(m for group, p in zip(self.groups, picks, strict=True) for m in group[p])

    def cheapest_first(self) -> Iterator[Picks]:
        """Every set, by rising hours."""
        start = (0,) * len(self.groups)
        heap, seen = [(0.0, start)], {start}
        while heap:
            _, picks = heapq.heappop(heap)
            yield picks
            for place, pick in enumerate(picks):
                further = (*picks[:place], pick + 1, *picks[place + 1 :])
                if pick + 1 < len(self.groups[place]) and further not in seen:
                    seen.add(further)
                    heapq.heappush(heap, (self.cost(further), further))

    def beside(self, picks: Picks) -> list[Picks]:
        """Every set that differs in one group."""
        return [
            (*picks[:place], other, *picks[place + 1 :])
            for place, pick in enumerate(picks)
            for other in range(len(self.groups[place]))
            if other != pick
        ]

    def lowest(self) -> Picks:
        """The set with the lowest probability, the cheapest of those."""
        return min(self.said, key=lambda picks: (self.said[picks], self.cost(picks)))

    def below(self, cut: float) -> Picks | None:
        """The cheapest set below the cut, the lowest of those; null where none was found."""
        found = [picks for picks, p in self.said.items() if p < cut]
        return min(found, key=lambda picks: (self.cost(picks), self.said[picks])) if found else None


def below_cut(
    within: Within, places: Sequence[Any], score: Score, cut: float, *, sets: int = SETS
) -> dict[Any, Lowered]:
    """Row → the cheapest set found whose probability on the day lies below the cut, or the lowest probability found.

    Exact wherever the set is among the `sets` cheapest, or the account has no more than that. Elsewhere one change at a
    time is added, the one that lowers the log-odds most for its hours, and then whatever can be spared is taken away.
    """
    accounts = {place: _Account(within.groups[place]) for place in places}
    asked = {place: list(islice(a.cheapest_first(), sets + 1)) for place, a in accounts.items()}
    _ask(within, accounts, {place: some[:sets] for place, some in asked.items()}, score)
    every = {p: len(asked[p]) <= sets or accounts[p].below(cut) is not None for p in places}
    rest = {place: (0,) * len(accounts[place].groups) for place in places if not every[place]}
    _step_by_step(within, accounts, rest, score, cut)
    found = {}
    for place, account in accounts.items():
        picks = account.below(cut)
        chosen = account.lowest() if picks is None else picks
        found[place] = Lowered(picks is not None, every[place], account.moves(chosen), account.said[chosen])
    return found


def _step_by_step(
    within: Within, accounts: Mapping[Any, _Account], stands: dict[Any, Picks], score: Score, cut: float
) -> None:
    """Goes on from one set to the best beside it until nothing is better; what was asked is kept with the accounts."""
    while stands:
        beside = {place: accounts[place].beside(picks) for place, picks in stands.items()}
        _ask(within, accounts, beside, score)
        further = {p: _better(accounts[p], picks, beside[p], cut) for p, picks in stands.items()}
        stands = {place: picks for place, picks in further.items() if picks is not None}


def _better(account: _Account, picks: Picks, beside: Sequence[Picks], cut: float) -> Picks | None:
    """Above the cut: what lowers the log-odds most for its hours. Below it: the cheapest that stays below. Null: neither."""
    now, cost = account.said[picks], account.cost(picks)
    if now < cut:
        spared = [b for b in beside if account.said[b] < cut and account.cost(b) < cost]
        return min(spared, key=account.cost, default=None)
    lower = [b for b in beside if account.said[b] < now]
    # Less work and a lower probability at once is the best of all.
    return max(lower, key=lambda b: _fall(now, account.said[b]) / max(account.cost(b) - cost, 1e-9), default=None)


def _fall(before: float, after: float) -> float:
    """By how much the log-odds fall."""
    low, high = np.clip([after, before], 1e-12, 1 - 1e-12)
    return float(np.log(high / (1 - high)) - np.log(low / (1 - low)))


def _ask(within: Within, accounts: Mapping[Any, _Account], wanted: Mapping[Any, Sequence[Picks]], score: Score) -> None:
    """Asks the model about what it was not asked about, many rows at once. A row it says nothing of counts as certain."""
    flat = [(p, picks) for p, some in wanted.items() for picks in some if picks not in accounts[p].said]
    for start in range(0, len(flat), AT_ONCE):
        part = flat[start : start + AT_ONCE]
        rows = changed(within.rows.loc[[p for p, _ in part]], [accounts[p].moves(picks) for p, picks in part])
        said = np.asarray(score(rows), dtype=float).tolist()
        for (place, picks), probability in zip(part, said, strict=True):
            accounts[place].said[picks] = 1.0 if probability != probability else probability
