"""`churn signals`: one row per signal that stands, the same on every run, and what the signals have been worth."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.signals.catalogue import signals
from features.snapshots import day_number
from pipelines.build_features import Checked
from pipelines.explain import signals_told
from pipelines.report_signals import signals_shown
from pipelines.settings import open_project
from pipelines.signal_quality import judged, lead_days, standing
from pipelines.signals import signals_on
from policy.policy import load_policy
from tests.pipelines.conftest import THURSDAY, Run

FIRST = date(2026, 1, 5)
Thursday = tuple[dict[str, Any], pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def run(signalled: dict[str, Any]) -> Thursday:
    """(result, signals, evidence) of a Thursday."""
    path = Path(signalled["path"])
    return signalled, pd.read_parquet(path), pd.read_parquet(path.with_name("evidence.parquet"))


def test_the_result_counts_the_rows_of_its_file(run: Thursday) -> None:
    result, rows, _ = run
    stands = rows[rows["status"].isin(["open", "clearing"])]
    assert (result["as_of"], result["open"], result["new"]) == ("2026-05-28", len(stands), int(rows["is_new"].sum()))
    assert result["accounts"] == stands["account_id"].nunique() > 20
    assert list(result["by_signal"]) == ["W1", "W2", "W3", "W4", "W5", "W6", "W7", "E1", "E2"]
    assert sum(found["open"] for found in result["by_signal"].values()) == result["open"]
    assert {n for n, found in result["by_signal"].items() if found["confirmatory"]} == {"W4", "W6"}


def test_weekly_signals_are_those_of_the_monday_before_and_daily_ones_of_the_day(run: Thursday) -> None:
    _, rows, _ = run
    weekly = rows["signal"].isin(["W1", "W6", "W7", "E1", "E2"])
    assert set(pd.to_datetime(rows.loc[weekly, "run_date"]).dt.date) == {date(2026, 5, 25)}
    assert set(pd.to_datetime(rows.loc[~weekly, "run_date"]).dt.date) == {THURSDAY}


def test_every_signal_has_evidence_under_its_key(run: Thursday) -> None:
    _, rows, evidence = run
    assert rows["episode_key"].is_unique
    assert set(rows["episode_key"]) == set(evidence["episode_key"])


@pytest.mark.slow
def test_what_stands_on_two_days_in_a_row_keeps_its_key(run: Thursday, checked: Checked) -> None:
    _, rows, _ = run
    after = pd.read_parquet(signals_on(checked, THURSDAY + timedelta(days=1))["path"])
    both = rows[rows["status"] == "open"].merge(after, on=["account_id", "signal"], suffixes=("", "_after"))
    assert len(both) > 50
    assert (both["episode_key"] == both["episode_key_after"]).all()
    # A daily signal that is new on one day is not new on the next; a weekly one is, until the next weekly run.
    daily = both["signal"].isin(["W2", "W3", "W4", "W5"])
    assert not (both["is_new"] & both["is_new_after"] & daily).any()


def test_explain_tells_what_stands_for_the_account_on_that_day(run: Thursday, company: Path) -> None:
    _, rows, _ = run
    project = open_project(company)
    account = rows.loc[rows["status"] == "open", "account_id"].iloc[0]
    mine = rows[(rows["account_id"] == account) & rows["status"].isin(["open", "clearing"])]
    told = signals_told(project, account, "2026-05-28")
    assert [(t["signal"], t["sentence"]) for t in told] == list(zip(mine["signal"], mine["sentence"], strict=True))
    assert signals_told(project, account, "2020-01-06") is None


def test_the_pages_show_what_stands_and_what_is_suppressed_with_its_evidence(run: Thursday, company: Path) -> None:
    _, rows, evidence = run
    project = open_project(company)
    shown = signals_shown(project, "2026-05-28")
    assert shown is not None
    told = rows[rows["status"] != "cleared"]
    assert {a: len(found) for a, found in shown.items()} == told.groupby("account_id").size().to_dict()
    login = told[(told["signal"] == "W1") & (told["status"] == "open")].iloc[0]
    mine = next(s for s in shown[login["account_id"]] if s.title == "Logins down")
    assert (mine.kind, mine.status, mine.play) == ("warning", "open", "adoption rescue")
    assert mine.since == pd.Timestamp(login["episode_started_on"]).date()
    assert mine.first_step == "Call the champion about what changed in daily work"
    assert [e.sentence for e in mine.evidence] == [login["sentence"]]
    assert f"from {mine.evidence[0].before} on average" in login["sentence"]
    several = evidence.groupby("episode_key").size().idxmax()
    assert evidence.loc[evidence["episode_key"] == several, "sentence"].nunique() > 1
    assert signals_shown(project, "2020-01-06") is None


def test_a_day_that_the_data_do_not_reach_is_refused(company: Path, churn: Run) -> None:
    code, found, _ = churn("signals", "-p", company, "--as-of", "2027-01-01", "--json")
    assert (code, found["error"]["where"]) == (2, "--as-of")


def rows_of(*rows: tuple[str, int, int]) -> pd.DataFrame:
    """(account, week, churned) as labelled rows."""
    return pd.DataFrame(
        [(a, FIRST + timedelta(weeks=w), c) for a, w, c in rows], columns=["account_id", "as_of", "churned"]
    )


def history(*episodes: tuple[str, int, int | None], signal: str = "W1") -> pd.DataFrame:
    """(account, first day, day it cleared), in days from the first snapshot."""
    found = [
        (a, signal, FIRST + timedelta(days=b), None if c is None else FIRST + timedelta(days=c)) for a, b, c in episodes
    ]
    return pd.DataFrame(found, columns=["account_id", "signal", "started_on", "cleared_on"])


def test_an_episode_stands_from_its_first_day_to_the_day_before_it_clears() -> None:
    rows = rows_of(("a", 0, 0), ("a", 1, 0), ("a", 2, 0))
    assert standing(rows, history(("a", 7, 14)))["as_of"].tolist() == [FIRST + timedelta(weeks=1)]
    assert standing(rows, history(("a", 8, None)))["as_of"].tolist() == [FIRST + timedelta(weeks=2)]


def test_lift_coverage_and_lead_by_hand() -> None:
    # 12 of 40 accounts churn, one row each: base rate .3. The signal stands on 16 accounts, 12 of them churned but for 2.
    rows = rows_of(*((f"a{i:02d}", 2, int(i < 12)) for i in range(40)))
    stands = history(*((f"a{i:02d}", 0, None) for i in range(2, 18)))
    lost = pd.DataFrame({"account_id": [f"a{i:02d}" for i in range(12)], "lost_day": day_number(FIRST) + 50})
    found = judged(rows, stands, signals(load_policy()), lost)["W1"]
    assert (found["n_rows"], found["n_accounts"], found["n_churned_accounts"]) == (16, 16, 10)
    assert found["lift"] == pytest.approx((10 / 16) / 0.3)
    assert found["coverage"] == pytest.approx(10 / 12)
    assert found["median_lead_days"] == 50


def test_with_nine_churned_accounts_there_is_no_figure() -> None:
    rows = rows_of(*((f"a{i}", 2, int(i < 9)) for i in range(20)))
    found = judged(rows, history(("a0", 0, None)), signals(load_policy()), None)["W1"]
    assert (found["lift"], found["coverage"], found["median_lead_days"]) == (None, None, None)


def test_the_lead_counts_to_the_decision_that_the_row_predicts_not_to_an_earlier_one() -> None:
    hit = standing(rows_of(("a", 2, 1)), history(("a", 3, None)))
    lost = pd.DataFrame({"account_id": ["a", "a"], "lost_day": [day_number(FIRST) - 30, day_number(FIRST) + 60]})
    assert lead_days(hit, lost).tolist() == [57]
