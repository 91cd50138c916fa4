"""The cheapest set below the cut: what trying every set finds, whatever the model makes of them."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.workbench.back_to_green.below_cut import Lowered, below_cut
from serving.workbench.back_to_green.moves import changed
from serving.workbench.back_to_green.reach import Reach
from serving.workbench.back_to_green.search import Within, within_reach
from tests.serving.back_to_green.accounts import accounts, all_got, any_coverage

POLICY = any_coverage()
MOVED = all_got(open_escalations=1, past_due_days=20, learning_91d=3, seat_utilisation_28d=0.4)
READ = ("open_escalations", "past_due_days", "learning_91d", "seat_utilisation_28d")


def within() -> Within:
    return within_reach(accounts(), Reach(MOVED, POLICY, 28), POLICY)


def model(weights: list[float], together: float) -> Any:
    """A made-up model in which inputs also count together, so that nothing adds up."""

    def score(rows: pd.DataFrame) -> Any:
        x = np.column_stack([rows[name].to_numpy(dtype=float) for name in READ]) / [1, 48, 3, 1]
        log_odds = x @ np.array(weights) + together * x[:, 0] * (1 - x[:, 2])
        return 1 / (1 + np.exp(-log_odds))

    return score


def brute_force(score: Any, cut: float) -> tuple[float | None, float]:
    """(fewest hours of any set below the cut, lowest probability of any set)."""
    held = within()
    lists = [[(), *group] for group in held.groups[0]]
    sets = [sum(picked, ()) for picked in product(*lists)]
    said = score(changed(held.rows.loc[[0] * len(sets)], sets))
    below = [sum(m.hours for m in moves) for moves, p in zip(sets, said, strict=True) if p < cut]
    return (min(below) if below else None), float(min(said))


def found(score: Any, cut: float, sets: int = 256) -> Lowered:
    return below_cut(within(), [0], score, cut, sets=sets)[0]


WEIGHTS = st.lists(st.floats(-2, 2), min_size=4, max_size=4)


@settings(max_examples=40, deadline=None)
@given(WEIGHTS, st.floats(-2, 2), st.floats(0.05, 0.95))
def test_the_cheapest_set_is_the_one_that_trying_all_finds(weights: list[float], together: float, cut: float) -> None:
    score = model(weights, together)
    hours, lowest = brute_force(score, cut)
    low = found(score, cut)
    assert low.every_set
    assert low.reachable == (hours is not None)
    if hours is None:
        assert low.probability == pytest.approx(lowest)
    else:
        assert sum(m.hours for m in low.moves) == pytest.approx(hours)
        assert low.probability < cut


def test_the_probability_is_that_of_the_row_with_the_moves_made() -> None:
    score = model([1.0, 2.0, -1.0, -1.0], 0.5)
    low = found(score, 0.3)
    assert low.probability == pytest.approx(float(score(changed(within().rows, [low.moves]))[0]))


@settings(max_examples=40, deadline=None)
@given(WEIGHTS, st.floats(0.05, 0.95))
def test_step_by_step_it_never_claims_what_is_not_so_and_says_that_sets_are_untried(
    weights: list[float], cut: float
) -> None:
    score = model(weights, 0.0)
    hours, lowest = brute_force(score, cut)
    low = found(score, cut, sets=3)
    if not low.every_set:
        # Where every input counts alone, one change at a time always finds whether there is a way.
        assert low.reachable == (hours is not None)
    if low.reachable:
        assert hours is not None
        assert low.probability < cut
        spent = sum(m.hours for m in low.moves)
        assert spent == pytest.approx(hours) if low.every_set else spent >= hours - 1e-9
    else:
        assert low.probability == pytest.approx(lowest)


def test_many_rows_are_asked_about_in_one_call() -> None:
    calls = []
    inner = model([1.0, 2.0, -1.0, -1.0], 0.5)

    def score(rows: pd.DataFrame) -> Any:
        calls.append(len(rows))
        return inner(rows)

    frame = accounts({}, {}, {})
    below_cut(within_reach(frame, Reach(MOVED, POLICY, 28), POLICY), [0, 1, 2], score, 0.3)
    assert len(calls) == 1
    assert calls[0] % 3 == 0
    assert calls[0] > 3


def test_what_is_below_the_cut_on_the_day_anyway_takes_nothing() -> None:
    low = found(lambda rows: np.full(len(rows), 0.2), 0.25)
    assert (low.reachable, low.moves, low.every_set) == (True, (), True)


def test_a_row_that_the_model_says_nothing_of_is_not_below_the_cut() -> None:
    low = found(lambda rows: np.full(len(rows), np.nan), 0.25)
    assert not low.reachable
