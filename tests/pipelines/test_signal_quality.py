"""What a signal has been worth, on a book small enough to count by hand."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from features.snapshots import day_number
from pipelines.signal_quality import judged

MONDAY = date(2025, 3, 3)
SIGNAL = SimpleNamespace(title="Logins down", kind="warning", confirmatory=False)


def book(churned: int, kept: int = 30) -> pd.DataFrame:
    """One row an account on one Monday; the first ones leave."""
    names = [f"a{i:02d}" for i in range(churned + kept)]
    return pd.DataFrame({"account_id": names, "as_of": MONDAY, "churned": [1.0] * churned + [0.0] * kept})


def episodes(*accounts: int, began: int = 20, cleared: int | None = None) -> pd.DataFrame:
    """An episode each, begun and cleared so many days before that Monday (null: it stands)."""
    ended = None if cleared is None else MONDAY - timedelta(days=cleared)
    rows = [(f"a{i:02d}", "login_drop", MONDAY - timedelta(days=began), ended) for i in accounts]
    return pd.DataFrame(rows, columns=["account_id", "signal", "started_on", "cleared_on"])


def lost(churned: int, days: int) -> pd.DataFrame:
    day = day_number(MONDAY) + days
    return pd.DataFrame({"account_id": [f"a{i:02d}" for i in range(churned)], "lost_day": day})


def figures(rows: pd.DataFrame, history: pd.DataFrame, gone: pd.DataFrame | None) -> dict[str, Any]:
    return judged(rows, history, {"login_drop": SIGNAL}, gone)["login_drop"]  # type: ignore[dict-item]


def test_lift_lead_and_coverage_by_hand() -> None:
    # 10 of 40 leave, a quarter; the signal stands on all ten of them and on ten who stay: half of its rows, a lift of 2.
    found = figures(book(10), episodes(*range(20)), lost(10, 30))
    assert found["lift"] == pytest.approx(2.0)
    assert found["coverage"] == pytest.approx(1.0)
    assert found["median_lead_days"] == pytest.approx(50.0)
    assert (found["n_rows"], found["n_churned_accounts"]) == (20, 10)


def test_below_ten_churned_accounts_nothing_is_claimed() -> None:
    found = figures(book(9), episodes(*range(20)), lost(9, 30))
    assert (found["lift"], found["coverage"], found["median_lead_days"]) == (None, None, None)
    assert found["n_churned_accounts"] == 9


def test_an_episode_that_was_cleared_by_then_or_began_later_does_not_stand() -> None:
    cleared, later = episodes(0, 1, cleared=0), episodes(2, 3, began=-7)
    found = figures(book(12), pd.concat([cleared, later, episodes(4)]), lost(12, 30))
    assert found["n_rows"] == 1
    assert found["coverage"] == pytest.approx(1 / 12)


def test_without_days_of_loss_there_is_no_lead() -> None:
    assert figures(book(10), episodes(*range(10)), None)["median_lead_days"] is None
