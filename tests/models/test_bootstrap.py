"""Intervals by resampling accounts: equal to the naive way, paired, repeatable."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from models.bootstrap import BINS, Resampler, interval
from models.evaluate import log_loss_gain
from models.metrics import roc_auc
from models.scorer import Array, sigmoid


def clustered(accounts: int = 40, rows: int = 5, seed: int = 0) -> tuple[pd.Series, Array, Array]:
    """(account, churned, score): all rows of an account share their label and most of their score."""
    rng = np.random.default_rng(seed)
    risk = rng.normal(size=accounts)
    y = np.repeat((rng.random(accounts) < sigmoid(risk - 0.5)).astype(float), rows)
    score = np.round(np.repeat(risk, rows) + rng.normal(scale=0.3, size=accounts * rows), 1)
    return pd.Series(np.repeat([f"a{i}" for i in range(accounts)], rows)), y, score


def test_each_draw_equals_copying_the_rows_of_the_drawn_accounts() -> None:
    account, y, score = clustered()
    resampler = Resampler.of(account, draws=40)
    found, means = resampler.auc(y, score), resampler.mean(score)
    for draw in range(40):
        copies = resampler.multiplicity[:, draw].astype(int)[resampler.account]
        rows = np.repeat(np.arange(len(y)), copies)
        assert found[draw] == pytest.approx(roc_auc(y[rows], score[rows]), abs=1e-9)
        assert means[draw] == pytest.approx(score[rows].mean(), abs=1e-9)


def test_the_interval_agrees_with_naive_resampling_of_accounts() -> None:
    account, y, score = clustered()
    rng = np.random.default_rng(99)
    rows_of = [np.flatnonzero(account == a) for a in account.unique()]
    naive = []
    for _ in range(1500):
        rows = np.concatenate([rows_of[i] for i in rng.integers(0, len(rows_of), len(rows_of))])
        naive.append(roc_auc(y[rows], score[rows]))
    low, high = np.quantile(np.array(naive, dtype=float), [0.025, 0.975])
    assert interval(Resampler.of(account).auc(y, score)) == pytest.approx((low, high), abs=0.02)


def test_copies_of_an_accounts_rows_do_not_narrow_the_interval() -> None:
    account, y, score = clustered(rows=1)
    once = interval(Resampler.of(account).auc(y, score))
    ten = interval(Resampler.of(account.repeat(10)).auc(y.repeat(10), score.repeat(10)))
    assert ten == pytest.approx(once)
    rowwise = Resampler.of(pd.Series(range(len(y) * 10))).auc(y.repeat(10), score.repeat(10))
    assert np.ptp(interval(rowwise)) < np.ptp(once) / 2


def test_many_distinct_scores_are_binned_close_to_exact() -> None:
    rng = np.random.default_rng(1)
    n = 3 * BINS
    y = (rng.random(n) < 0.2).astype(float)
    score = rng.normal(size=n) + y
    account = pd.Series(np.arange(n) // 4)
    resampler = Resampler.of(account, draws=5)
    for draw, found in enumerate(resampler.auc(y, score)):
        rows = np.repeat(np.arange(n), resampler.multiplicity[:, draw].astype(int)[resampler.account])
        assert found == pytest.approx(roc_auc(y[rows], score[rows]), abs=1e-4)


def test_a_paired_interval_is_narrower_than_one_of_independent_draws() -> None:
    account, y, score = clustered(accounts=100)
    other = score + np.random.default_rng(5).normal(scale=0.1, size=len(score))
    one, again = Resampler.of(account, seed=0), Resampler.of(account, seed=1)
    together = interval(one.auc(y, score) - one.auc(y, other))
    apart = interval(one.auc(y, score) - again.auc(y, other))
    assert together is not None
    assert apart is not None
    assert np.ptp(together) < np.ptp(apart) / 3


def test_the_same_seed_draws_the_same_accounts() -> None:
    account, y, score = clustered()
    one, same, other = (Resampler.of(account, draws=50, seed=s).auc(y, score) for s in (0, 0, 1))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


def test_a_draw_without_both_kinds_of_rows_is_no_figure() -> None:
    account, y, score = pd.Series(["a", "b"]), np.array([1.0, 0.0]), np.array([0.9, 0.1])
    draws = Resampler.of(account, draws=200).auc(y, score)
    assert np.isnan(draws).sum() == pytest.approx(100, abs=40)
    assert set(draws[~np.isnan(draws)]) == {1.0}


def test_an_interval_mostly_undefined_is_null() -> None:
    assert interval(np.array([np.nan, np.nan, 1.0])) is None
    assert interval(np.array([np.nan, 1.0, 1.0])) == (1.0, 1.0)
    assert interval(np.linspace(0, 1, 41)) == pytest.approx((0.025, 0.975))


def test_a_real_gain_excludes_zero_and_noise_contains_it() -> None:
    rng = np.random.default_rng(3)
    margin = np.repeat(rng.normal(scale=1.5, size=200), 3)
    rows = pd.DataFrame(
        {
            "account_id": np.repeat(np.arange(200), 3),
            "churned": np.repeat((rng.random(200) < sigmoid(margin[::3])).astype(float), 3),
        }
    )
    constant = np.full(600, rows["churned"].mean())
    _, real = log_loss_gain(rows, sigmoid(margin), constant)
    assert real is not None
    assert real[0] > 0
    _, noise = log_loss_gain(rows, sigmoid(margin + rng.normal(scale=0.05, size=600)), sigmoid(margin))
    assert noise is not None
    assert noise[0] < 0 < noise[1]
    assert log_loss_gain(rows, constant, constant) == (0.0, (0.0, 0.0))
