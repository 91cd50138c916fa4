"""The most value that fits a number of minutes: the one door to the solver."""

from __future__ import annotations

import math
from collections.abc import Sequence


def most_valuable(values: Sequence[int], minutes: Sequence[int], capacity: int) -> frozenset[int]:
    """Places of the items whose values add up to the most that fits into `capacity` minutes. Exact, whole numbers only.

    What is worth nothing or less is never taken; of two items alike the earlier is, so that one order of items has one
    answer.

    >>> sorted(most_valuable([60, 100, 120], [10, 20, 30], 50))
    [1, 2]
    """
    if any(m < 0 for m in minutes):
        raise ValueError("minutes below 0: an item cannot give time back")
    worth = [place for place, value in enumerate(values) if value > 0 and minutes[place] <= capacity]
    if sum(minutes[place] for place in worth) <= capacity:
        return frozenset(worth)
    # What takes no time is always taken; the solver's dynamic programming would leave it out.
    free, timed = [p for p in worth if not minutes[p]], [p for p in worth if minutes[p]]
    return frozenset((*free, *_earlier_of_alike(timed, _solved(timed, values, minutes, capacity), values, minutes)))


def _solved(worth: Sequence[int], values: Sequence[int], minutes: Sequence[int], capacity: int) -> list[int]:
    from ortools.algorithms.python.knapsack_solver import KnapsackSolver, SolverType

    # Dynamic programming walks every unit of time: hours instead of minutes where all work is counted in hours.
    unit = math.gcd(*(minutes[place] for place in worth))
    solver = KnapsackSolver(SolverType.KNAPSACK_DYNAMIC_PROGRAMMING_SOLVER, "work list")
    solver.init([values[p] for p in worth], [[minutes[p] // unit for p in worth]], [capacity // unit])
    solver.solve()
    return [p for at, p in enumerate(worth) if solver.best_solution_contains(at)]


def _earlier_of_alike(
    worth: Sequence[int], taken: Sequence[int], values: Sequence[int], minutes: Sequence[int]
) -> list[int]:
    kinds: dict[tuple[int, int], list[int]] = {}
    for place in worth:
        kinds.setdefault((values[place], minutes[place]), []).append(place)
    chosen = set(taken)
    return [p for alike in kinds.values() for p in sorted(alike)[: sum(q in chosen for q in alike)]]
