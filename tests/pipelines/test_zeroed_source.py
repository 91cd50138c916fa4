"""A source that stops loading turns no account red in the CRM: from `churn score` to the CRM's own file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., tuple[int, Any, str]]
UNTIL = date(2026, 6, 1)
WEEK_BEFORE = UNTIL - timedelta(days=7)


def tiers(project: Path) -> dict[str, int]:
    with closing(sqlite3.connect(project / ".churn" / "crm.sqlite")) as db:
        return dict(db.execute("SELECT health_tier, count(*) FROM accounts GROUP BY 1").fetchall())


def without_usage(project: Path, where: str) -> None:
    file = project / "sources" / "usage_events.sql"
    file.write_text(f"SELECT * FROM ({file.read_text(encoding='utf-8')}) WHERE {where}", encoding="utf-8")


def test_a_source_that_comes_back_empty_leaves_last_weeks_tiers(scored: Path, churn: Run) -> None:
    assert churn("apply", "--project", scored)[0] == 0
    before = tiers(scored)
    assert sum(before.values()) > 100
    without_usage(scored, "false")
    code, error, _ = churn("score", "--as-of", UNTIL, "--project", scored, "--json")
    assert code == 4
    assert "usage_events" in f"{error['error']}"
    assert churn("apply", "--project", scored)[0] == 0  # what there is, is last week's
    assert tiers(scored) == before


@pytest.mark.slow
def test_no_account_turns_red_because_its_usage_is_missing(book: Path, churn: Run) -> None:
    assert churn("score", "--as-of", WEEK_BEFORE, "--project", book)[0] == 0
    assert churn("apply", "--as-of", WEEK_BEFORE, "--project", book)[0] == 0
    before = tiers(book)
    # A tenth still loads, so that the table is as fresh as ever and passes its contract.
    without_usage(book, f"occurred_at < DATE '{UNTIL - timedelta(days=28)}' OR account_id LIKE '%7'")
    code, scored, _ = churn("score", "--as-of", UNTIL, "--project", book, "--json")
    assert code == 0
    assert scored["tiers"]["red"] > 2 * before["red"]
    code, error, _ = churn("apply", "--project", book, "--json")
    assert (code, error["error"]["code"]) == (6, 6)
    assert "`usage_events` has" in error["error"]["message"]
    assert tiers(book) == before
    assert pd.read_parquet(book / ".churn" / "scores" / f"as_of={WEEK_BEFORE}" / "scores.parquet").shape[0] > 100
