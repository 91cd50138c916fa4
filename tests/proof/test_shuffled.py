"""Shuffled labels: whole histories move, nothing can be predicted, and what is predicted all the same is named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.bootstrap import Resampler
from proof.shuffled import Judged, shuffled, shuffled_labels, within_dates
from tests.proof.rows import monday

ACCOUNTS, WEEKS = 400, 10


@pytest.fixture(scope="module")
def book() -> tuple[pd.DataFrame, pd.DataFrame]:
    """400 accounts over ten weeks; one in eight leaves and is gone after its last label; `sign` gives it away."""
    rng = np.random.default_rng(5)
    leaves = rng.random(ACCOUNTS) < 0.125
    last = np.where(leaves, rng.integers(2, WEEKS + 1, ACCOUNTS), WEEKS)
    rows = [
        (f"a{i:03d}", monday(w), float(leaves[i]) + rng.normal(), float(leaves[i] and w >= last[i] - 3))
        for i in range(ACCOUNTS)
        for w in range(last[i])
    ]
    found = pd.DataFrame(rows, columns=["account_id", "as_of", "sign", "churned"])
    frame = found[["account_id", "as_of", "sign"]].assign(known_loss=False)
    truth = found[["account_id", "as_of", "churned"]].assign(in_window=False, decided_in_gap=False, mature=True)
    return frame, truth


def judged(book: tuple[pd.DataFrame, pd.DataFrame], seeds: range, score: str) -> list[Judged]:
    found = []
    for seed in seeds:
        frame, truth = shuffled(*book, seed=seed)
        rows = frame.merge(truth, on=["account_id", "as_of"])
        values = rows["churned"] + rows["sign"] if score == "label" else rows[score]
        found.append(Judged(rows, {score: values.to_numpy(dtype=float)}))
    return found


def test_features_stay_with_their_row_and_a_history_moves_as_a_whole(book: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    frame, truth = shuffled(*book, seed=1)
    merged = frame.merge(book[0], on=["account_id", "as_of"], suffixes=("", "_was"))
    assert (merged["sign"] == merged["sign_was"]).all()
    histories = {tuple(g["churned"]) for _, g in book[1].groupby("account_id")}
    whole = [h for _, g in truth.groupby("account_id") if len(h := tuple(g["churned"])) == WEEKS]
    assert len(whole) > 100
    assert set(whole) <= histories
    assert list(frame["account_id"]) == list(truth["account_id"])


def test_the_base_rate_of_each_week_stays_about_the_same(book: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    before = book[1].groupby("as_of")["churned"].mean()
    after = pd.concat([shuffled(*book, seed=s)[1] for s in range(20)]).groupby("as_of")["churned"].mean()
    assert (before - after).abs().max() < 0.02


def test_a_sign_that_gives_the_real_label_away_says_nothing_of_a_shuffled_one(
    book: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    finding = shuffled_labels(judged(book, range(1, 6), "sign"), error_rate=0.001)
    assert finding.passed
    low, high = finding.measured["scorers"]["sign"]["interval"]
    assert low < 0.5 < high
    assert high - low < 0.25


def test_a_score_that_reads_the_label_is_named(book: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    finding = shuffled_labels(judged(book, range(1, 4), "label"), error_rate=0.001)
    assert finding.verdict == "failed"
    assert "`label` reaches AUC" in finding.failures[0]


def test_with_few_churned_accounts_it_is_not_judged(book: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    some = [
        Judged(j.rows[j.rows["account_id"] < "a030"].reset_index(drop=True), {}) for j in judged(book, range(1), "sign")
    ]
    assert shuffled_labels(some, error_rate=0.001).verdict == "not judged"
    assert shuffled_labels([], error_rate=0.001).verdict == "not judged"


def test_only_rows_of_one_date_are_compared() -> None:
    # Week 0: many leave, a tenth scores high. Week 1: few leave, all score the same. Ranks would put week 1 on top.
    week_0 = [(f"a{i}", 0, float(i % 10 == 0), float(i % 2)) for i in range(100)]
    week_1 = [(f"a{i}", 1, 0.5, float(i < 5)) for i in range(100)]
    rows = pd.DataFrame([*week_0, *week_1], columns=["account_id", "as_of", "score", "churned"])
    # By hand: of week 0's 2,500 pairs the ten high scorers, all kept, beat each of the 50 lost; the rest are ties.
    sampler = Resampler.of(rows["account_id"], draws=200)
    value, draws = within_dates(rows, rows["score"].to_numpy(), sampler)
    assert value == pytest.approx((50 * 40 / 2 + 5 * 95 / 2) / (50 * 50 + 5 * 95))
    assert abs(float(np.mean(draws)) - value) < 0.01
