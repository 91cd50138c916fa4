"""The range of a probability: from predictions made before, each churn counted once."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from models.score_range import Range, fit_range, thinned, venn_abers

FIRST = date(2025, 1, 6)


def said_before(
    *, accounts: int = 400, weeks: tuple[int, ...] = (0,), share: float = 1.0, seed: int = 0
) -> pd.DataFrame:
    """Predictions that are right on average where `share` is 1: so much of what is said comes true."""
    rng = np.random.default_rng(seed)
    parts = []
    for week in weeks:
        said = rng.permutation(np.linspace(0.01, 0.60, accounts))
        parts.append(
            pd.DataFrame(
                {
                    "account_id": [f"a{i:03d}" for i in range(accounts)],
                    "as_of": FIRST + timedelta(weeks=week),
                    "churned": (rng.random(accounts) < said * share).astype(float),
                    "said": said,
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def test_windows_that_overlap_are_thinned_from_the_newest_back() -> None:
    rows = said_before(accounts=4, weeks=(0, 4, 8, 12, 16, 20, 24, 28))
    kept = thinned(rows, horizon_days=90)
    # 28, then the newest at least 90 days before: 12 (112 days); then none is left but 0 (84 days) and less.
    assert sorted(set(kept["as_of"])) == [FIRST + timedelta(weeks=12), FIRST + timedelta(weeks=28)]
    assert sorted(set(thinned(rows, horizon_days=84)["as_of"])) == [FIRST + timedelta(weeks=w) for w in (4, 16, 28)]


def test_venn_abers_asks_as_if_the_account_had_stayed_and_as_if_it_had_left() -> None:
    # One in four was lost at 0.2 and three in four at 0.6: one more that stays makes 1/5 and 3/5, one that leaves 2/5, 4/5.
    said = np.repeat([0.2, 0.6], 4)
    churned = np.array([0, 0, 0, 1, 1, 1, 1, 0], dtype=float)
    stays, leaves = venn_abers(said, churned, [0.2, 0.6])
    assert stays.tolist() == pytest.approx([1 / 5, 3 / 5])
    assert leaves.tolist() == pytest.approx([2 / 5, 4 / 5])


def test_below_thirty_churned_accounts_there_is_no_range_but_a_reason() -> None:
    rows = said_before(accounts=100)
    rows["churned"] = (np.arange(100) < 29).astype(float)
    found, reason = fit_range(rows, horizon_days=90)
    assert found is None
    assert reason is not None
    assert reason.startswith("29 churned accounts")
    nothing, reason = fit_range(rows.head(0), horizon_days=90)
    assert nothing is None
    assert reason == "no scorer was tried at earlier dates: too few churned accounts for a contest"
    rows.loc[29, "churned"] = 1.0
    found, reason = fit_range(rows, horizon_days=90)
    assert reason is None
    assert found is not None
    assert (found.rows, found.churned_accounts, found.dates) == (100, 30, 1)


def test_the_range_holds_what_truly_happens_and_narrows_with_more_accounts() -> None:
    shown = np.linspace(0.05, 0.55, 101)
    widths = []
    for accounts in (400, 4000):
        found, _ = fit_range(said_before(accounts=accounts, seed=accounts), horizon_days=90)
        assert found is not None
        table = found.of(shown)
        assert ((table["range_low"] <= shown) & (shown <= table["range_high"])).all()
        assert table["range_widened"].mean() < 0.2
        widths.append(float((table["range_high"] - table["range_low"]).mean()))
    assert widths[0] > 1.5 * widths[1] > 0


def test_a_range_far_from_what_is_shown_is_stretched_to_it_and_says_so() -> None:
    # A scorer that promises four times what happens: 50 % said, 12 % lost.
    found, _ = fit_range(said_before(accounts=2000, share=0.25), horizon_days=90)
    assert found is not None
    table = found.of(np.array([0.5]))
    assert table["range_high"].tolist() == [0.5]
    assert table["range_low"].iloc[0] == pytest.approx(0.12, abs=0.04)
    assert table["range_widened"].tolist() == [True]


def test_the_ends_rise_with_the_probability_and_survive_json() -> None:
    found, _ = fit_range(said_before(), horizon_days=90)
    assert found is not None
    assert (np.diff(found.low) >= 0).all()
    assert (np.diff(found.high) >= 0).all()
    assert len(set(zip(found.low, found.high, strict=True))) == len(found.starts)
    assert Range.from_parameters(json.loads(json.dumps(found.parameters()))) == found
    # Below the first start and above the last, the nearest step holds.
    assert found.of(np.array([0.0, 1.0]))["range_low"].tolist() == [found.low[0], found.low[-1]]


def test_no_end_of_the_range_rests_on_a_handful_of_predictions() -> None:
    # Five accounts were rated far above all others and left: too few to say that whoever is rated so leaves for sure.
    rows = said_before(accounts=400)
    order = rows.sort_values("said", ascending=False).index
    rows.loc[order[:5], "said"] = 0.9
    rows.loc[order[:20], "churned"] = np.repeat([1.0, 0.0], [10, 10])
    found, _ = fit_range(rows, horizon_days=90)
    assert found is not None
    # The highest twenty share one step: half of them left.
    ends = found.of(np.array([0.9, 0.95]))
    assert 0.5 < found.high[-1] < 0.8
    assert ends["range_high"].tolist() == [0.9, 0.95]
    assert ends["range_widened"].all()
    assert found.low[-1] < 0.5
