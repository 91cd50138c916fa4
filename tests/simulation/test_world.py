"""A world says what is wrong with it, and how to put it right."""

from __future__ import annotations

from datetime import date

import pytest

import simulation
from simulation import World


def test_the_public_names_are_these_four() -> None:
    assert sorted(simulation.__all__) == ["Company", "World", "simulate", "write_company"]


def test_the_data_end_must_be_a_monday() -> None:
    with pytest.raises(ValueError, match="not a Monday"):
        World(data_until=date(2026, 6, 2))


def test_churn_is_a_share_and_not_a_percentage() -> None:
    with pytest.raises(ValueError, match="not a percentage"):
        World(annual_churn=15.0)


def test_a_world_too_small_to_simulate_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 20 accounts"):
        World(accounts=5)


def test_weeks_are_counted_back_from_the_data_end() -> None:
    world = World(weeks=52, burn_in_weeks=26)
    assert world.until_day - world.first_day == 52 * 7
    assert world.until_day - world.origin_day == 78 * 7
