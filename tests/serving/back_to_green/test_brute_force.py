"""The search equals trying all sets of a grid, and what it finds is green when it is applied."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.health_score import health_scores
from policy.policy import Policy
from serving.workbench.back_to_green import applied
from serving.workbench.back_to_green.levers import levels
from serving.workbench.back_to_green.moves import Move
from serving.workbench.back_to_green.reach import Reach
from serving.workbench.back_to_green.search import Found, find, offers_of, within_reach
from tests.serving.back_to_green.accounts import accounts, all_got, any_coverage

DAYS = 28

VALUES = {
    "user_days_per_seat_28d": st.sampled_from([0.5, 2.0, 5.0, None]),
    "seat_utilisation_28d": st.sampled_from([0.1, 0.3, 0.6, None]),
    "learning_91d": st.sampled_from([0.0, 1.0, 2.0]),
    "past_due_days": st.sampled_from([0.0, 10.0, 40.0]),
    "open_escalations": st.sampled_from([0.0, 1.0, 2.0]),
    "nps": st.sampled_from([2.0, 8.0, 10.0, None]),
    "login_change_28d": st.sampled_from([-0.5, -0.1, None]),
    "tenure_days": st.sampled_from([30.0, 400.0]),
}
CHANGES = {
    "user_days_per_seat_28d": st.sampled_from([0.0, 1.5, 6.0]),
    "seat_utilisation_28d": st.sampled_from([0.0, 0.2, 0.7]),
    "learning_91d": st.sampled_from([0.0, 1.0, 4.0]),
    "past_due_days": st.sampled_from([5.0, 40.0]),
    "open_escalations": st.sampled_from([0.0, 1.0, 2.0]),
}


@settings(max_examples=25, deadline=None)
@given(st.fixed_dictionaries(VALUES), st.fixed_dictionaries(CHANGES))
def test_the_search_equals_brute_force_and_is_green_when_applied(
    values: dict[str, float | None], changes: dict[str, float]
) -> None:
    frame = accounts({**values, "active_user_days_28d": 20.0, "active_user_days_84d": 90.0}).astype(
        dict.fromkeys(VALUES, float)
    )
    policy = any_coverage(similar_points=100)
    movements = all_got(**changes)
    found = way(frame, movements, policy)
    hours, step, best = brute_force(frame, movements, policy)
    assert found.reachable == (hours is not None)
    after = health_scores(applied(frame, {0: found.moves}, DAYS), policy).loc[0, "health_score"]
    assert after == pytest.approx(found.score_after)
    if hours is None:
        assert after == pytest.approx(best)
    else:
        # No set of the grid is cheaper; and what is found lies at most a step of the grid below its cheapest.
        assert hours - step - 1e-6 <= sum(m.hours for m in found.moves) <= hours + 1e-6
        assert after >= 75


def way(frame: pd.DataFrame, movements: pd.DataFrame, policy: Policy) -> Found:
    return find(within_reach(frame, Reach(movements, policy, DAYS), policy), [0], policy)[0]


PARTS = 4
"""How often an input that need not come in whole numbers stops between two of its levels."""


def brute_force(frame: pd.DataFrame, movements: pd.DataFrame, policy: Policy) -> tuple[float | None, float, float]:
    """(fewest hours of any set that makes the score green, dearest step of the grid, best score), from all sets' scores."""
    offered, _ = offers_of(frame.loc[0], Reach(movements, policy, DAYS), policy)
    row = {str(k): float(v) for k, v in frame.loc[0].items() if isinstance(v, float | np.floating)}
    lists, step = [], 0.0
    for offer in offered:
        lever = policy.back_to_green.inputs[offer.indicator]
        values = levels(offer.indicator, offer.value, offer.bound, row, policy)
        if offer.indicator in ("user_days_per_seat_28d", "seat_utilisation_28d"):
            ends = [offer.value, *values]
            step = max(step, *(lever.hours(b - offer.value) - lever.hours(a - offer.value) for a, b in pairwise(ends)))
            values = [a + (b - a) * n / PARTS for a, b in pairwise(ends) for n in range(1, PARTS + 1)]
        lists.append([None, *(Move(offer, v, lever.hours(v - offer.value)) for v in values)])
    sets = [tuple(m for m in picked if m) for picked in product(*lists)]
    tried = applied(pd.concat([frame] * len(sets), ignore_index=True), dict(enumerate(sets)), DAYS)
    scores = health_scores(tried, policy)["health_score"]
    green = [sum(m.hours for m in moves) for moves, score in zip(sets, scores, strict=True) if score >= 75]
    return (min(green) if green else None), step, float(scores.max())
