"""What chance alone would show as a calibration error, and when an error is a verdict."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models import metrics
from models.bootstrap import Resampler
from models.calibration_figures import _Bins, calibration_curve, calibration_verdict, noise_floor

MONDAY = date(2026, 1, 5)


def book(accounts: int, weeks: int) -> pd.DataFrame:
    return pd.DataFrame(
        [(f"a{i:03d}", MONDAY + timedelta(weeks=w)) for i in range(accounts) for w in range(weeks)],
        columns=["account_id", "as_of"],
    )


def test_the_error_of_a_simulated_labelling_is_the_cards_own_error() -> None:
    rng = np.random.default_rng(0)
    for digits in (1, 6):  # with ties and without
        probability = np.round(rng.random(137), digits)
        churned = (rng.random(137) < 0.4).astype(float)
        wanted = metrics.expected_calibration_error(churned, probability)
        assert _Bins(probability).error(churned) == pytest.approx(wanted)


def test_the_floor_of_rows_that_share_their_fate_is_that_of_their_accounts() -> None:
    # All rows of an account within one horizon, one probability: |share drawn − .5| of 25 coins against 500 coins.
    tied = noise_floor(np.full(500, 0.5), book(25, 20), horizon_days=10_000, simulations=400)
    free = noise_floor(np.full(500, 0.5), book(500, 1), horizon_days=90, simulations=400)
    # Mean distance of a mean of n fair coins from a half: .5 √(2 / (π n)).
    assert tied.mean() == pytest.approx(0.5 * np.sqrt(2 / (np.pi * 25)), rel=0.15)
    assert free.mean() == pytest.approx(0.5 * np.sqrt(2 / (np.pi * 500)), rel=0.15)


def test_rows_further_apart_than_a_horizon_are_drawn_apart() -> None:
    # Two rows 90 days apart are two coins, whatever the cut: 200 coins in all.
    rows = pd.concat([book(100, 1), book(100, 1).assign(as_of=MONDAY + timedelta(days=90))], ignore_index=True)
    apart = noise_floor(np.full(200, 0.5), rows, horizon_days=90, simulations=400)
    assert apart.mean() == pytest.approx(0.5 * np.sqrt(2 / (np.pi * 200)), rel=0.15)


def test_the_floor_is_the_same_every_time_and_zero_for_certain_rows() -> None:
    rows = book(30, 5)
    probability = np.linspace(0.01, 0.3, 150)
    assert (noise_floor(probability, rows, horizon_days=90) == noise_floor(probability, rows, horizon_days=90)).all()
    assert noise_floor(np.zeros(150), rows, horizon_days=90).max() == 0


def test_an_error_is_a_verdict_from_200_churned_accounts_on() -> None:
    floor = np.linspace(0, 0.1, 101)  # its 95th percentile is .095
    assert calibration_verdict(0.5, floor, 199) == "insufficient events"
    assert calibration_verdict(0.094, floor, 200) == "within noise"
    assert calibration_verdict(0.096, floor, 200) == "beyond noise"


def test_the_curve_compares_equally_full_parts_with_an_interval_by_account() -> None:
    probability = np.repeat(np.arange(10) / 10, 20)
    churned = (np.arange(200) % 20 < probability * 20).astype(float)
    resampler = Resampler.of(pd.Series([f"a{i % 50}" for i in range(200)]), draws=200)
    curve = calibration_curve(churned, probability, resampler)
    assert [p["n_rows"] for p in curve] == [20] * 10
    assert [p["promised"] for p in curve] == pytest.approx([i / 10 for i in range(10)])
    assert [p["observed"] for p in curve] == pytest.approx([i / 10 for i in range(10)])
    low, high = curve[5]["ci"]
    assert low < 0.5 < high
    # Of the first 20 accounts nobody left: with chance .025 so it would be if 16.8 % of such accounts leave.
    assert curve[0]["ci"] == pytest.approx((0.0, 0.168), abs=0.001)
