"""What is too good to be true raises an alarm; what is good, or may be chance, does not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from policy.proof import TooGood
from proof.alarms import pooled_auc, single_indicator
from proof.finding import Finding
from tests.proof.rows import monday

SINGLE, POOLED = TooGood(limit=0.8, observable=0.7), TooGood(limit=0.9, observable=0.8)


def rows(lost: int, kept: int, **columns: object) -> pd.DataFrame:
    """One row an account, all in the renewal window, of an annual term; those who leave first."""
    accounts = [f"a{i}" for i in range(lost + kept)]
    base = {"account_id": accounts, "as_of": monday(0), "churned": [1.0] * lost + [0.0] * kept, "in_window": True}
    return pd.DataFrame({**base, "term_days": 365, **columns})


def normal(lost: int, kept: int, shift: float, seed: int = 1) -> np.ndarray:
    found = np.random.default_rng(seed).normal(size=lost + kept)
    found[:lost] += shift
    return found


def single(found: pd.DataFrame, *columns: str) -> Finding:
    return single_indicator(found, columns, rule=SINGLE, error_rate=0.001)


def test_a_column_that_knows_the_outcome_is_named_in_either_direction() -> None:
    flag = [0.0] * 20 + [1.0] * 200
    finding = single(rows(20, 200, seats=flag, noise=normal(20, 200, 0)), "seats", "noise")
    assert len(finding.failures) == 1
    assert finding.failures[0].startswith("`seats` alone reaches AUC 1.000")


def test_gaps_that_know_the_outcome_are_named_too() -> None:
    values = normal(20, 200, 0)
    values[:20] = np.nan
    assert single(rows(20, 200, nps=values), "nps").verdict == "failed"


def test_gaps_and_high_values_may_know_it_together() -> None:
    values = normal(40, 400, 0)
    values[:20], values[20:40] = np.nan, 9.0
    assert single(rows(40, 400, use=values), "use").measured["strongest"]["use"]["auc"] == 1.0


def test_the_interval_need_not_lie_above_the_limit_only_above_what_can_be_observed() -> None:
    finding = single(rows(40, 600, use=normal(40, 600, 1.8)), "use")
    found = finding.measured["strongest"]["use"]
    assert 0.7 < found["interval"][0] < 0.8 < found["auc"]
    assert finding.verdict == "failed"


def test_a_good_indicator_is_none() -> None:
    finding = single(rows(100, 1000, use=normal(100, 1000, 0.9)), "use")
    assert 0.68 < finding.measured["strongest"]["use"]["auc"] < 0.8
    assert finding.passed


def test_a_high_figure_on_few_accounts_may_be_chance() -> None:
    found = rows(10, 30, use=normal(10, 30, 1.4, seed=4))
    finding = single(found, "use")
    assert finding.measured["strongest"]["use"]["auc"] > 0.8
    assert finding.passed


def test_below_ten_churned_accounts_nothing_is_judged() -> None:
    assert single(rows(9, 200, flag=[1.0] * 9 + [0.0] * 200), "flag").verdict == "not judged"
    assert single(rows(10, 200, flag=[1.0] * 10 + [0.0] * 200), "flag").verdict == "failed"


def test_rows_outside_the_renewal_window_do_not_count() -> None:
    outside = rows(20, 200, flag=[1.0] * 20 + [0.0] * 200).assign(in_window=[i % 2 == 0 for i in range(220)])
    finding = single(outside, "flag")
    assert finding.measured["rows"] == 110
    assert finding.measured["churned_accounts"] == 10


def pooled(found: pd.DataFrame, score: np.ndarray, *, horizon: int = 90) -> Finding:
    return pooled_auc(
        found,
        {"lightgbm": score},
        rule=POOLED,
        annual_term_days=300,
        horizon_days=horizon,
        longest_horizon_days=90,
        error_rate=0.001,
    )


def test_a_scorer_beyond_the_limit_is_named() -> None:
    assert "`lightgbm` reaches AUC 0.9" in pooled(rows(60, 600), normal(60, 600, 2.6)).failures[0]
    assert pooled(rows(60, 600), normal(60, 600, 1.2)).passed


def test_the_limit_holds_for_annual_terms_and_a_quarter_ahead_only() -> None:
    score = normal(60, 600, 2.6)
    assert pooled(rows(60, 600).assign(term_days=30), score).verdict == "not judged"
    assert pooled(rows(60, 600), score, horizon=180).verdict == "not judged"
    assert pooled(rows(60, 600), score).verdict == "failed"
