"""`churn backtest` on the small company: one object, two files, a run in MLflow and in the ledger."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from models.linear_scorers import fit_calendar
from models.recipe import Recipe
from models.scorer import Array
from pipelines import backtest
from pipelines.backtest import BacktestRequest, backtest_on
from pipelines.backtest_told import told
from pipelines.build_features import Checked
from pipelines.run_ledger import runs
from pipelines.settings import TuneSection
from pipelines.tracking import Tracking
from policy.policy import Policy

SCORERS = {"health_recalibrated", "recency", "calendar", "logistic", "lightgbm", "ensemble"}


def calendars(_: Policy) -> Callable[..., Mapping[str, Array]]:
    """The calendar in the place of every scorer: quick, and real enough."""

    def fit_and_score(
        past: pd.DataFrame, later: pd.DataFrame, names: Collection[str], _: Recipe
    ) -> Mapping[str, Array]:
        said = fit_calendar(past, past["churned"].to_numpy()).score(later)
        return dict.fromkeys(names, said)

    return fit_and_score


@pytest.fixture(scope="module")
def walked(checked: Checked) -> dict[str, Any]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backtest, "fitting", calendars)
        settings = checked.project.settings.model_copy(update={"tune": TuneSection(trials=1)})
        project = checked.project.model_copy(update={"settings": settings})
        return backtest_on(replace(checked, project=project), BacktestRequest())


def test_tuning_on_the_way_is_told_and_one_trial_is_the_default(walked: dict[str, Any]) -> None:
    assert walked["notes"][-1].startswith("LightGBM was tuned ")
    assert "the defaults gave way 0 times" in walked["notes"][-1]
    assert [origin["growth"] for origin in walked["origins"]] == [None] * walked["n_origins"]


def test_every_row_is_judged_once_and_none_is_immature(walked: dict[str, Any]) -> None:
    origins = walked["origins"]
    assert sum(o["n_rows"] for o in origins) == walked["test"]["n_rows"]
    assert sum(o["n_churned"] for o in origins) == walked["test"]["n_churned_rows"]
    newest = date.fromisoformat(walked["test"]["until"])
    assert newest + timedelta(days=104) <= date.fromisoformat(walked["data_until"])
    for o in origins:
        assert date.fromisoformat(o["trained_until"]) + timedelta(days=111) <= date.fromisoformat(o["origin"])
        assert o["n_churned_accounts_trained"] >= 30
    assert walked["n_origins"] == len(origins) > 12
    assert walked["step_weeks"] == 4


def test_each_scorer_has_its_figures_regret_and_age(walked: dict[str, Any]) -> None:
    assert set(walked["models"]) == SCORERS | {"health_score", "shipped"}
    calendar, health = walked["models"]["calendar"], walked["models"]["health_score"]
    assert calendar["regret"] == 0.0  # everything was the calendar
    assert calendar["gain_over_calendar"] == 0.0
    assert calendar["roc_auc_ci"][0] < calendar["roc_auc"] < calendar["roc_auc_ci"][1]
    assert calendar["log_loss"] < calendar["log_loss_constant"]
    assert (health["log_loss"], health["regret"]) == (None, None)
    assert set(walked["decay"]) == (SCORERS | {"shipped"}) - {"recency"}
    assert [age["weeks_from"] for age in walked["decay"]["shipped"]] == [0, 4, 8, 12, 16, 20]
    # What ships saves nothing on the calendar, being it.
    assert walked["cadence"]["verdict"] == "cannot_tell"
    assert walked["cadence"]["sentence"].startswith("Your data cannot tell retraining cadences apart")


def test_it_is_written_logged_and_in_the_ledger(walked: dict[str, Any], checked: Checked) -> None:
    import mlflow

    path = Path(walked["path"])
    assert path == checked.project.out("backtests", walked["run_id"]) / "backtest.json"
    assert json.loads(path.read_text(encoding="utf-8")) == walked
    page = path.with_name("backtest.md").read_text(encoding="utf-8")
    assert walked["cadence"]["sentence"] in page
    assert page.count(f"\n| {walked['origins'][0]['origin']} |") == 1
    Tracking(checked.project)
    logged = mlflow.get_run(walked["run_id"])
    assert logged.data.metrics["shipped.log_loss"] == pytest.approx(walked["models"]["shipped"]["log_loss"])
    assert logged.data.params["command"] == "backtest"
    (run,) = [r for r in runs(checked.project) if r["run_id"] == walked["run_id"]]
    assert (run["outcome"], run["champion"], run["request"]) == ("done", "shipped", {"command": "backtest"})
    assert run["headline"]["roc_auc"] == walked["models"]["shipped"]["roc_auc"]


def test_a_stranger_can_read_it(walked: dict[str, Any]) -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(told(walked))
    text = out.getvalue()
    assert "…" not in text
    for words in (
        "Retraining less often",
        "Regret: log-loss above the best scorer",
        "only rows",
        str(walked["path"])[:30],
    ):
        assert words in text


@pytest.mark.slow
def test_the_real_scorers_beat_the_base_rate_at_nearly_every_origin(checked: Checked) -> None:
    found = backtest_on(checked, BacktestRequest())
    better = [o["scorers"]["shipped"]["log_loss"] < o["scorers"]["constant"]["log_loss"] for o in found["origins"]]
    assert sum(better) > 0.8 * len(better)
    models = found["models"]
    assert models["shipped"]["log_loss"] < models["shipped"]["log_loss_constant"]
    assert min(row["regret"] for row in models.values() if row["regret"] is not None) > 0
    assert models["ensemble"]["log_loss"] < max(models["logistic"]["log_loss"], models["lightgbm"]["log_loss"])
