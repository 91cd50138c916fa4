"""Bins: tenths, what is frequent by itself, what is nearly the same together, missing apart."""

from __future__ import annotations

import numpy as np
import pytest

from models.bins import Bins, bins_of

NAN = float("nan")


def test_values_that_are_all_different_fall_into_ten_equal_bins() -> None:
    values = np.arange(1.0, 101.0)
    bins = bins_of(values)
    assert bins == Bins((), (10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0))
    assert bins.counts(values).tolist() == [10.0] * 10 + [0.0]


def test_a_frequent_value_has_a_bin_of_its_own() -> None:
    # 0 fills half; what lies below it and above it is another matter.
    values = np.array([0.0] * 5 + [100.0, 200.0, 300.0, 400.0, 500.0])
    bins = bins_of(values)
    assert bins.places(np.array([-9.0, 0.0, 9.0])).tolist() == [0, 1, 2]
    assert bins.counts(values)[1] == 5


@pytest.mark.parametrize("moved", [6.0, 8.0])
def test_a_constant_that_moves_is_seen_in_either_direction(moved: float) -> None:
    bins = bins_of(np.full(20, 7.0))
    assert bins.counts(np.full(5, 7.0)).tolist() == [0, 5, 0, 0]
    assert bins.counts(np.full(5, moved))[1] == 0


def test_a_year_of_365_days_is_one_of_366_and_a_month_of_30_one_of_31() -> None:
    bins = bins_of(np.array([31.0] * 30 + [365.0] * 40 + [366.0] * 30))
    month, other, leap, year, two = bins.places(np.array([30.0, 31.0, 366.0, 365.0, 730.0])).tolist()
    assert month == other != year == leap != two


def test_missing_is_the_last_bin_and_no_value_comes_after_it() -> None:
    bins = bins_of(np.array([1.0, 2.0, NAN, NAN]))
    assert bins.places(np.array([NAN, 1e300])).tolist() == [bins.size - 1, bins.size - 2]


def test_an_indicator_that_was_always_missing_has_two_bins() -> None:
    assert bins_of(np.array([NAN, NAN])).counts(np.array([NAN, 3.0, NAN])).tolist() == [1, 2]
