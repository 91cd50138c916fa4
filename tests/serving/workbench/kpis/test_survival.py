"""Kaplan–Meier: who stays counts as far as is known, and a median that is not reached is null."""

from __future__ import annotations

import pandas as pd
import pytest

from policy.policy import load_policy
from serving.workbench.kpis.moment import Known
from serving.workbench.kpis.survival import DEFINITIONS, curve, lives, median_of
from tests.serving.workbench.kpis.twelve import DAY, accounts, ledger, term, twelve


def test_the_curve_by_hand() -> None:
    found = curve(pd.Series([1.0, 2.0, 2.0, 3.0, 4.0]), pd.Series([True, True, False, True, False]))
    assert found["days"].to_list() == [0, 1, 2, 3, 4]
    assert found["surviving"].to_list() == pytest.approx([1, 4 / 5, 3 / 5, 3 / 10, 3 / 10])
    assert found["at_risk"].to_list() == [5, 5, 4, 2, 1]
    assert found["events"].to_list() == [0, 1, 1, 1, 0]
    assert (found["low"] <= found["surviving"]).all()
    assert (found["surviving"] <= found["high"]).all()


def test_the_median_is_where_the_curve_falls_to_a_half_and_null_where_it_never_does() -> None:
    assert median_of(pd.Series([1.0, 2.0, 2.0, 3.0, 4.0]), pd.Series([True, True, False, True, False])) == 3.0
    assert median_of(pd.Series([1.0, 2.0, 3.0, 4.0]), pd.Series([True, False, False, False])) is None


def test_the_mean_of_who_left_ignores_survivors_and_the_median_does_not() -> None:
    rows = [term("a", "2026-01-01", "2026-02-01", 1), *(term(x, "2024-01-01", "2027-01-01", 1) for x in "bcd")]
    moment = Known(ledger(rows), accounts("abcd"), load_policy()).at(DAY)
    median, mean = (d.fold(d.parts(moment).assign(as_of=DAY, slice_by="all", slice="all")) for d in DEFINITIONS)
    assert mean["value"].to_list() == pytest.approx([31 / (365.25 / 12)])
    assert median["value"].isna().all()


def test_a_life_ends_once_and_a_later_one_is_not_counted() -> None:
    found = lives(twelve().at(DAY)).set_index("account_id")
    assert (found.loc["f", "days"], found.loc["f", "observed"]) == (366, True)
    assert (found.loc["e", "days"], found.loc["e", "observed"]) == (537, False)  # its lapse was none
