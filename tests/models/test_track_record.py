"""Figures of past probabilities, by hand on a few accounts; null where there is nothing to say."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.metrics import log_loss
from models.track_record import NONE_SEEN, blocks, figures, periods, rate_difference, ratio

MONDAY = date(2026, 1, 5)


def rows(*given: tuple[str, int, float, int], **more: Any) -> pd.DataFrame:
    """(account, week, probability, churned)."""
    frame = pd.DataFrame(
        [(a, MONDAY + timedelta(weeks=w), p, float(c)) for a, w, p, c in given],
        columns=["account_id", "as_of", "probability", "churned"],
    )
    return frame.assign(in_window=True, base_rate=0.25).assign(**more)


def many(churned: int, kept: int, *, week: int = 0) -> pd.DataFrame:
    """So many accounts that churn at .8 and stay at .2."""
    return rows(*((f"c{i}", week, 0.8, 1) for i in range(churned)), *((f"k{i}", week, 0.2, 0) for i in range(kept)))


def test_the_figures_by_hand() -> None:
    found = figures(rows(("a", 0, 0.9, 1), ("b", 0, 0.4, 0), ("c", 0, 0.5, 1), ("d", 1, 0.6, 0)))
    assert (found["n_snapshots"], found["n_rows"], found["n_accounts"], found["n_churned_accounts"]) == (2, 4, 4, 2)
    assert found["base_rate"] == 0.5
    # Of the four pairs of a churned and a kept row, .5 against .6 alone is in the wrong order.
    assert found["roc_auc"] == 0.75
    assert found["observed_expected"] == pytest.approx(2 / 2.4)
    assert found["log_loss"] == pytest.approx(log_loss(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.4, 0.5, 0.6])))
    assert found["log_loss_constant"] == pytest.approx(-(2 * np.log(0.25) + 2 * np.log(0.75)) / 4)


def test_without_churn_there_is_no_ranking_and_without_rows_no_figure() -> None:
    quiet = figures(rows(("a", 0, 0.1, 0), ("b", 0, 0.2, 0)))
    assert (quiet["roc_auc"], quiet["roc_auc_ci"], quiet["observed_expected"]) == (None, None, 0.0)
    none = figures(rows())
    assert (none["n_rows"], none["log_loss"], none["observed_expected"], none["base_rate"]) == (0, None, None, None)


@pytest.mark.parametrize(("churned", "told"), [(9, False), (10, True)])
def test_in_the_window_a_figure_needs_ten_churned_accounts(churned: int, told: bool) -> None:
    assert (figures(many(churned, 10))["roc_auc_in_window"] is not None) is told
    assert figures(many(churned, 10).assign(in_window=False))["roc_auc_in_window"] is None


def test_the_constant_needs_every_models_base_rate() -> None:
    given = many(10, 20)
    assert figures(given)["log_loss_gain_ci"][0] > 0
    given.loc[0, "base_rate"] = float("nan")
    unknown = figures(given)
    assert (unknown["log_loss_constant"], unknown["log_loss_gain_ci"]) == (None, None)
    assert unknown["log_loss"] is not None


def test_a_ratio_without_churn_has_the_interval_of_poisson() -> None:
    # Two snapshots that expect 4 accounts each: seeing none is seeing at most 3.69 of 4.
    quiet = rows(*((f"k{i}", w, 0.2, 0) for i in range(20) for w in (0, 1)))
    assert ratio(quiet) == {"observed_expected": 0.0, "observed_expected_ci": (0.0, pytest.approx(NONE_SEEN / 4))}


def test_the_rows_of_an_account_are_drawn_together() -> None:
    once = ratio(many(10, 40))["observed_expected_ci"]
    copies = pd.concat([many(10, 40, week=w) for w in range(10)])
    assert ratio(copies)["observed_expected_ci"] == pytest.approx(once)


def test_blocks_count_back_from_the_newest_snapshot() -> None:
    given = rows(*((f"a{w}", w, 0.5, w % 2) for w in range(0, 16)))
    assert periods(given, days=91) == [(date(2025, 10, 21), date(2026, 1, 19)), (date(2026, 1, 20), date(2026, 4, 20))]
    first, last = blocks(given, days=91)
    assert (first["from"], first["until"], first["n_rows"]) == ("2026-01-05", "2026-01-19", 3)
    assert (last["from"], last["until"], last["n_rows"]) == ("2026-01-26", "2026-04-20", 13)
    assert (last["observed"], last["expected"], last["ratio"]) == (7.0, 6.5, pytest.approx(7 / 6.5))
    assert last["expected_per_snapshot"] == 0.5


def test_blocks_in_which_nothing_was_scored_are_not_there() -> None:
    given = rows(("a", 0, 0.5, 0), ("a", 30, 0.5, 0), ("a", 40, 0.5, 0))
    assert [b["from"] for b in blocks(given, days=91)] == ["2026-01-05", "2026-08-03"]


def test_the_difference_between_two_groups_by_hand() -> None:
    given = many(6, 14)
    held = given["account_id"].isin(["c0", "k0", "k1", "k2", "k3"])
    found = rate_difference(given, held)
    assert (found["rate"], found["rate_of_others"]) == (pytest.approx(1 / 5), pytest.approx(5 / 15))
    assert found["difference"] == pytest.approx(1 / 5 - 5 / 15)
    low, high = found["ci"]
    assert low < -0.3 < 0.2 < high
    assert rate_difference(given, held & False)["difference"] is None
    # Nobody of the one group churns and everybody of the other: so it is in every draw.
    assert rate_difference(given, given["churned"] == 0)["ci"] == (-1.0, -1.0)
