"""`churn monitor`: real scores first, a replay where there are none, and never a figure that knew its outcome."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.build_features import Checked
from pipelines.contacts import touched
from pipelines.monitor import NO_REFERENCE, _groups, _reference, drift_at, monitor_on
from pipelines.monitor_told import told
from pipelines.past_scores import period_of_test, replay_period, replayed, scored_before, with_outcomes
from pipelines.settings import Project, open_project
from pipelines.tracking import Shipped, Tracking
from policy.errors import NotEnoughData
from tests.pipelines.conftest import UNTIL, Run

Trained = tuple[Path, dict[str, Any], dict[str, Any]]
REACH = UNTIL
NEWEST = date(2026, 2, 16)  # the last Monday whose 14 + 90 days are over on 1 June 2026


@pytest.fixture(scope="module")
def shipped(trained: Trained) -> Shipped:
    found = Tracking(open_project(trained[0])).champion()
    assert found is not None
    return found


@pytest.fixture
def apart(trained: Trained, checked: Checked, tmp_path: Path) -> Iterator[Checked]:
    """The same accepted tables for a project of its own: the registered model and its test predictions, no scores."""
    folder = tmp_path / "apart"
    shutil.copytree(
        trained[0],
        folder,
        ignore=shutil.ignore_patterns("mlflow-artifacts", "warehouse*", "data_docs", "truth", "site"),
    )
    for made in ("scores", "tasks"):
        shutil.rmtree(folder / ".churn" / made)
    yield replace(checked, project=open_project(folder))
    Tracking(open_project(trained[0]))  # MLflow looks at one store at a time


def published(
    project: Project, rows: pd.DataFrame, *, after_days: int = 1, times: float = 1.0, model_version: str = "1"
) -> None:
    """Rows of test predictions as the scores of weekly runs, so many days after their as_of."""
    for day, own in rows.groupby("as_of"):
        frame = own.assign(
            churn_probability=(own["probability"] * times).clip(upper=0.99),
            published_at=pd.Timestamp(day) + pd.Timedelta(days=after_days),
            model_version=model_version,
            risk_tier="low",
        ).drop(columns="probability")
        frame.to_parquet(project.out("scores", f"as_of={day}") / "scores.parquet", index=False)


def test_with_no_score_that_is_mature_it_says_so_and_shows_the_training_test_period(
    apart: Checked, trained: Trained
) -> None:
    found = monitor_on(apart, None)
    champion = trained[1]["models"][trained[1]["champion"]["scorer"]]
    assert (found["matured"]["roc_auc"], found["matured"]["n_rows"]) == (None, 0)
    assert found["matured"]["reason"] == "nothing has been scored yet."
    assert found["replay"]["log_loss"] is None
    assert "after the rows that the shipped model was fitted on" in found["replay"]["reason"]
    assert found["test"]["roc_auc"] == pytest.approx(champion["roc_auc"])
    assert found["test"]["roc_auc_ci"] == pytest.approx(champion["roc_auc_ci"])
    assert found["test"]["log_loss"] == pytest.approx(champion["log_loss"])
    assert found["test"]["log_loss_constant"] == pytest.approx(champion["log_loss_constant"])
    assert found["test"]["observed_expected"] == pytest.approx(champion["observed_expected"])
    assert found["observed_expected_source"] == "test"
    assert (found["as_of"], found["model_version"]) == (UNTIL.isoformat(), trained[1]["model_version"])
    assert [d["psi"] for d in found["indicators"]] == sorted((d["psi"] for d in found["indicators"]), reverse=True)
    assert len(found["indicators"]) > 150
    assert found["verdict"] == ("alert" if found["alerts"] else "ok")
    assert "Real scores: nothing has been scored yet." in shown(found)


def shown(result: dict[str, Any]) -> str:
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    Console(file=out, width=200).print(told(result))
    return out.getvalue()


def test_real_scores_are_judged_by_what_happened_since(apart: Checked, trained: Trained, shipped: Shipped) -> None:
    # The test predictions as if published at the time: the same rows and outcomes, so the figures of the training.
    published(apart.project, period_of_test(apart.project, shipped, REACH))
    found = monitor_on(apart, None)
    champion = trained[1]["models"][trained[1]["champion"]["scorer"]]
    assert (found["matured"]["source"], found["matured"]["reason"]) == ("scores", None)
    assert (found["replay"], found["test"]) == (None, None)
    assert found["matured"]["n_snapshots"] == 26
    assert found["matured"]["roc_auc"] == pytest.approx(champion["roc_auc"])
    assert found["matured"]["roc_auc_in_window"] == champion["roc_auc_in_window"]
    assert [(b["from"], b["until"]) for b in found["observed_expected"]] == [
        ("2025-08-25", "2025-11-17"),
        ("2025-11-24", "2026-02-16"),
    ]
    assert sum(b["observed"] for b in found["observed_expected"]) == trained[1]["test"]["n_churned_rows"]
    assert "What became of the scores, as they were published." in shown(found)


def test_scores_that_promise_three_times_the_churn_raise_an_alert(apart: Checked, shipped: Shipped) -> None:
    rows = period_of_test(apart.project, shipped, REACH)
    published(apart.project, rows, times=3.0)
    rules = apart.project.policy.monitoring.model_copy(update={"least_churned_accounts": 5})
    policy = apart.project.policy.model_copy(update={"monitoring": rules})
    found = monitor_on(replace(apart, project=apart.project.model_copy(update={"policy": policy})), None)
    (alert,) = [a for a in found["alerts"] if a["what"] == "observed_expected"]
    assert found["verdict"] == "alert"
    assert alert["where"] == "2025-11-24 to 2026-02-16"
    assert alert["value"] == found["observed_expected"][-1]["ratio"] < alert["limit"] == 0.67
    assert f"! {alert['sentence']}"[:60] in shown(found)


def one_score(project: Project, as_of: date, published_at: datetime, *, gap: int = 14, horizon: int = 90) -> None:
    pd.DataFrame(
        {
            "account_id": ["a", "b"],
            "as_of": as_of,
            "model_version": "1",
            "churn_probability": [0.2, None],
            "horizon_days": horizon,
            "gap_days": gap,
            "risk_tier": ["low", None],
            "published_at": published_at,
        }
    ).to_parquet(project.out("scores", f"as_of={as_of}") / "scores.parquet", index=False)


@pytest.mark.parametrize(
    ("days", "gap", "on_time"), [(0, 14, True), (13, 14, True), (14, 14, False), (6, 0, True), (7, 0, False)]
)
def test_a_score_published_once_its_window_was_open_is_no_forecast(
    book: Path, days: int, gap: int, on_time: bool
) -> None:
    project = open_project(book)
    one_score(project, NEWEST, datetime(2026, 2, 16, 6, tzinfo=UTC) + timedelta(days=days), gap=gap)
    rows, late = scored_before(project, REACH)
    assert (rows["account_id"].tolist(), late) == ((["a"], 0) if on_time else ([], 1))


@pytest.mark.parametrize(("as_of", "mature"), [(NEWEST, True), (date(2026, 2, 23), False)])
def test_a_score_is_judged_once_its_window_has_closed(book: Path, as_of: date, mature: bool) -> None:
    project = open_project(book)
    one_score(project, as_of, datetime(2026, 2, 23, 6, tzinfo=UTC))
    assert (len(scored_before(project, REACH)[0]) == 1) is mature


def test_outcomes_are_those_of_the_scores_own_window(checked: Checked, shipped: Shipped) -> None:
    rows = period_of_test(checked.project, shipped, REACH)
    day = rows[rows["as_of"] == NEWEST]
    long = with_outcomes(checked, day, REACH)
    short = with_outcomes(checked, day.assign(horizon_days=7), REACH)
    assert short["churned"].sum() < long["churned"].sum()
    both = pd.concat([day, day.assign(as_of=NEWEST - timedelta(days=3))])
    assert sorted(set(with_outcomes(checked, both, REACH)["as_of"])) == [date(2026, 2, 13), NEWEST]


def test_a_replay_keeps_a_window_between_what_was_fitted_and_what_is_judged(shipped: Shipped) -> None:
    model = {**shipped.parameters, "fitted_until": "2025-10-13"}
    # 13 October and 14 + 90 days; the last mature day is the same before the reach.
    assert replay_period(model, REACH, days=364) == (date(2026, 1, 25), date(2026, 2, 17))
    assert replay_period(model, REACH, days=14) == (date(2026, 2, 4), date(2026, 2, 17))
    first, last = replay_period(shipped.parameters, REACH, days=364)
    assert first > last


def test_a_replay_is_what_the_shipped_model_says_of_those_snapshots(checked: Checked, shipped: Shipped) -> None:
    older = replace(shipped, parameters={**shipped.parameters, "fitted_until": "2025-10-13"})
    rows = replayed(checked, older, REACH, days=14)
    assert sorted(set(rows["as_of"])) == [date(2026, 2, 9), NEWEST]
    assert rows["probability"].between(0, 1).all()
    test = period_of_test(checked.project, shipped, REACH)
    assert set(rows["account_id"]) >= set(test.loc[test["as_of"] == NEWEST, "account_id"])
    assert replayed(checked, shipped, REACH, days=364).empty


def test_a_model_without_a_reference_is_read_and_the_cure_is_told(
    checked: Checked, shipped: Shipped, trained: Trained
) -> None:
    bare = replace(shipped, parameters={k: v for k, v in shipped.parameters.items() if k != "reference"})
    assert drift_at(checked, bare, UNTIL) is None
    assert _reference(bare)["reason"] == NO_REFERENCE
    assert "retrain to get a reference" in NO_REFERENCE
    kept = _reference(shipped)
    assert (kept["reason"], kept["until"]) == (None, shipped.parameters["fitted_until"])


def test_what_is_stored_with_the_model_holds_no_account(shipped: Shipped, company: Path) -> None:
    text = json.dumps(shipped.parameters["reference"])
    accounts = pd.read_parquet(company / "tables" / "accounts.parquet")["account_id"]
    assert not [a for a in accounts if a in text]
    assert len(text) < 150_000


def test_without_a_model_there_is_nothing_to_look_at(checked: Checked, book: Path) -> None:
    with pytest.raises(NotEnoughData, match="no model has been trained yet"):
        monitor_on(replace(checked, project=open_project(book)), None)


def scored_rows(gap: int = 14) -> pd.DataFrame:
    days = [date(2026, 1, 5), date(2026, 1, 12)]
    return pd.DataFrame({"account_id": ["a", "a", "b"], "as_of": [*days, days[0]], "gap_days": gap})


@pytest.mark.parametrize(
    ("on", "hit"),
    [
        (date(2026, 1, 4), [False, False, False]),
        (date(2026, 1, 5), [True, False, False]),
        (date(2026, 1, 18), [True, True, False]),
        (date(2026, 1, 19), [False, True, False]),
    ],
)
def test_an_account_was_acted_on_from_its_score_until_its_window_opens(on: date, hit: list[bool]) -> None:
    assert touched(scored_rows(), pd.DataFrame({"account_id": ["a"], "on": [on]})).tolist() == hit


def test_where_the_window_opens_at_once_the_first_week_counts() -> None:
    contacts = pd.DataFrame({"account_id": ["a", "b"], "on": [date(2026, 1, 11), date(2026, 1, 12)]})
    assert touched(scored_rows(gap=0), contacts).tolist() == [True, False, False]


def test_acted_on_held_out_and_left_alone_are_told_apart(apart: Checked, shipped: Shipped) -> None:
    rows = with_outcomes(apart, period_of_test(apart.project, shipped, REACH), REACH).assign(base_rate=0.05)
    accounts = sorted(set(rows["account_id"]))
    pd.DataFrame(
        {
            "account_id": accounts,
            "held": [i % 10 == 0 for i in range(len(accounts))],
            "stratum": "all",
            "assigned_on": date(2025, 10, 6),
            "share": 0.1,
            "seed": 0,
            "origin": ["recorded" if i == 0 else "drawn" for i in range(len(accounts))],
        }
    ).to_parquet(apart.project.out("holdout") / "assignments.parquet", index=False)
    found = _groups(apart, rows, "scores", REACH)
    out = rows[rows["account_id"].isin(accounts[10::10]) & (rows["as_of"] >= date(2025, 10, 6))]
    by_hand = rows[rows["account_id"] != accounts[0]]
    assert found["n_held"] == len(accounts[::10])
    assert found["held_out"]["n_rows"] == len(out)
    assert found["untouched"]["n_rows"] + found["touched"]["n_rows"] + len(out) == len(by_hand)
    assert found["touched"]["n_rows"] > 0
    assert found["difference"]["rate"] == pytest.approx(found["held_out"]["base_rate"])


EASILY_ALARMED = """\
version: easily-alarmed
author: a test
reason: a small book
monitoring: {least_churned_accounts: 5}
"""


@pytest.mark.slow
def test_the_command_tells_alerts_and_leaves_with_4_only_where_asked(
    apart: Checked, shipped: Shipped, churn: Run
) -> None:
    project = apart.project
    published(project, period_of_test(project, shipped, REACH), times=3.0)
    (project.folder / "policy.yaml").write_text(EASILY_ALARMED, encoding="utf-8")
    code, found, _ = churn("monitor", "-p", project.folder, "--json")
    assert (code, found["verdict"], found["as_of"]) == (0, "alert", UNTIL.isoformat())
    assert {"what", "where", "value", "limit", "sentence"} == set(found["alerts"][0])
    path = Path(found["path"])
    assert path == project.state / "monitor" / f"as_of={UNTIL}" / "monitor.json"
    path.unlink()
    code, error, _ = churn("monitor", "-p", project.folder, "--fail-on-alert", "--json")
    assert (code, error["error"]["code"], error["error"]["where"]) == (4, 4, "monitor")
    assert str(path) in error["error"]["cure"]
    assert path.exists()


@pytest.mark.slow
def test_it_runs_as_a_flow_and_gives_the_same_json(trained: Trained) -> None:
    command = [sys.executable, "-m", "pipelines.cli", "monitor", "--project", str(trained[0]), "--json"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    plain, flow = (
        subprocess.run([*command, *more], capture_output=True, text=True, timeout=300, env=clean, check=True)
        for more in ([], ["--prefect"])
    )
    assert json.loads(flow.stdout) == json.loads(plain.stdout)
