"""Skill on fresh accounts: against the base rate, the ceiling and the oracle."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from trials.skill import Fresh, skills


def fresh(n: int = 400) -> Fresh:
    rng = np.random.default_rng(1)
    window = np.arange(n) % 4 == 0
    true = np.where(window, rng.uniform(0.05, 0.4, n), 0.01)
    return Fresh(pd.DataFrame({"hazard_90d": true, "in_window": window}), np.clip(true * 1.1, 0, 1))


def test_nobody_is_better_than_the_oracle_and_the_base_rate_is_the_worst_honest_word() -> None:
    world = fresh()
    found = skills(world, {"flat": np.full(400, world.true.mean())})
    assert found["flat"]["log_loss"] == pytest.approx(found["base"]["log_loss"])
    for figure in ("log_loss", "log_loss_in_window"):
        assert found["oracle"][figure] < found["ceiling"][figure] < found["base"][figure]
    assert found["oracle"]["auc"] > found["flat"]["auc"]
    assert found["flat"]["auc"] == pytest.approx(0.5)


def test_inside_the_window_the_base_is_the_rate_inside_the_window() -> None:
    world = fresh()
    inside = world.true[world.in_window]
    rate = inside.mean()
    expected = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    assert skills(world, {})["base"]["log_loss_in_window"] == pytest.approx(expected)


def test_observed_over_expected_is_the_true_sum_over_the_promised() -> None:
    world = fresh()
    assert skills(world, {"double": np.clip(2 * world.true, 0, 1)})["double"]["observed_expected"] == pytest.approx(0.5)
