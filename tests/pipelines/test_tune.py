"""Tuning within a training: the budget of churn.toml, what every later fit takes from it, what is kept of it."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from features.catalogue import catalogue
from models.boosted import Boosted, Growth
from models.ladder import FOLDS
from models.split import Split, fold_of
from models.tune import Budget, Tried, Tuning
from models.zoo import fit_lightgbm
from pipelines import summaries
from pipelines.fit import Fitted, fit_panel
from pipelines.panel import Panel
from pipelines.report_card import model_card
from pipelines.scaffold import scaffold
from pipelines.settings import Project, open_project
from pipelines.train import TrainRequest, train
from pipelines.tune import tuning_budget, tuning_record
from policy.errors import SettingsError
from policy.policy import Policy, load_policy
from tests.models.books import book

Run = Callable[..., tuple[int, Any, str]]
Trained = tuple[Path, dict[str, Any], dict[str, Any]]
WINDOW = 104
CUT = 16  # snapshots that train; the test side follows


def project_with(folder: Path, lines: str) -> Project:
    folder.mkdir(exist_ok=True)
    (folder / "churn.toml").write_text(lines, encoding="utf-8")
    return open_project(folder)


def test_by_default_nothing_is_tuned(tmp_path: Path) -> None:
    scaffold(tmp_path / "mine")
    for project in (project_with(tmp_path / "empty", ""), open_project(tmp_path / "mine")):
        assert tuning_budget(project) == Budget(0, None)


def test_the_budget_is_what_churn_toml_says(tmp_path: Path) -> None:
    assert tuning_budget(project_with(tmp_path, "[tune]\ntrials = 30\nminutes = 2.5\n")) == Budget(30, 2.5)


def test_more_than_thirty_trials_are_refused_and_why(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="at most 30 trials") as caught:
        project_with(tmp_path, "[tune]\ntrials = 31\n")
    assert "another chance to mistake luck for skill" in str(caught.value)
    assert "(found 31)" in str(caught.value)


@pytest.mark.parametrize("line", ["trials = -1", "minutes = 0", "minutes = inf", "minutes = nan", "trial = 3"])
def test_a_budget_that_is_none_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(SettingsError):
        project_with(tmp_path, f"[tune]\n{line}\n")


def test_without_optuna_training_stops_with_the_cure_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    # The project has no sources at all: that would be said next.
    with pytest.raises(SettingsError, match="tuning needs optuna") as caught:
        train(project_with(tmp_path / "tuned", "[tune]\ntrials = 1\n"), TrainRequest())
    assert "pip install 'churn[tune]'" in caught.value.cure
    assert tuning_budget(project_with(tmp_path / "plain", "")) == Budget()


def made_up(*, shuffled: bool) -> Panel:
    """A book of some real columns, the others empty; with `shuffled`, no column says who churns."""
    rows = book(accounts=150, snapshots=CUT + 4, seed=5)
    if shuffled:
        rows["churned"] = np.random.default_rng(5).permutation(rows["churned"].to_numpy())
    empty = pd.DataFrame(np.nan, index=rows.index, columns=[name for name in catalogue() if name not in rows])
    rows = pd.concat([rows, empty], axis=1)
    days = sorted(rows["as_of"].unique())
    known = rows[rows["as_of"] < days[CUT]].reset_index(drop=True)
    test = rows[rows["as_of"] >= days[CUT]].reset_index(drop=True)
    split = Split(days[CUT - 1], days[CUT], days[-1])
    return Panel(known, test, days[-1] + timedelta(days=WINDOW), 0, 0, split, everything=rows)


def fit(panel: Panel, policy: Policy, trials: int = 6) -> Fitted:
    return fit_panel(panel, policy, window_days=WINDOW, budget=Budget(trials))


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy()


@pytest.fixture(scope="module")
def silent(policy: Policy) -> Fitted:
    return fit(made_up(shuffled=True), policy)


def test_where_labels_follow_from_nothing_tuning_shrinks_lightgbm_and_it_is_not_promoted(silent: Fitted) -> None:
    assert silent.tuning is not None
    assert silent.recipe.growth == silent.tuning.growth is not None
    frame = made_up(shuffled=True).train
    recipe = replace(silent.recipe, growth=None)
    usual = fit_lightgbm(frame, frame["churned"].to_numpy(), silent.directions, recipe)
    ours = cast(Boosted, silent.judged["lightgbm"])
    spread, usual_spread = (np.std(b.log_odds(frame) - b.start.log_odds(frame)) for b in (ours, usual))
    assert spread < 0.8 * usual_spread
    assert silent.champion.scorer not in ("lightgbm", "ensemble")
    assert "lightgbm against" in silent.champion.reason


def test_what_was_chosen_is_what_every_later_fit_grows(silent: Fitted) -> None:
    panel = made_up(shuffled=True)
    assert panel.everything is not None
    for scorers, rows in ((silent.judged, panel.train), (silent.shipped, panel.everything)):
        expected, usual = (
            fit_lightgbm(rows, rows["churned"].to_numpy(), silent.directions, recipe).texts
            for recipe in (silent.recipe, replace(silent.recipe, growth=None))
        )
        assert cast(Boosted, scorers["lightgbm"]).texts == expected != usual
        assert len(expected) == 5
    again = silent.fit_and_score(panel.train, panel.test, ["lightgbm"])
    np.testing.assert_array_equal(again["lightgbm"], silent.judged["lightgbm"].score(panel.test))


def test_the_contest_judges_every_account_by_the_trees_that_were_chosen_without_it(silent: Fitted) -> None:
    panel, first, tuning = made_up(shuffled=True), silent.champion.origins[0], silent.tuning
    assert tuning is not None
    assert len(tuning.apart) == FOLDS
    known = panel.train[panel.train["as_of"] <= first.rows["as_of"].min() - timedelta(days=WINDOW + 7)]
    later = panel.train.loc[first.rows.index]
    for fold, growth in enumerate(tuning.apart):
        mine = later["account_id"].map(lambda account: fold_of(account, FOLDS)).to_numpy() == fold
        fitted = replace(silent, recipe=replace(silent.recipe, growth=growth))
        said = fitted.fit_and_score(known, later[mine], ["lightgbm"])["lightgbm"]
        np.testing.assert_array_equal(first.said["lightgbm"][mine], said)


def test_the_test_side_changes_nothing_of_what_was_tuned_or_chosen(silent: Fitted, policy: Policy) -> None:
    panel = made_up(shuffled=True)
    other = panel.test.assign(churned=1 - panel.test["churned"], days_since_last_activity=7.0)
    found = fit(replace(panel, test=other, everything=None), policy)
    assert found.tuning is not None
    assert silent.tuning is not None
    assert found.tuning.tried == silent.tuning.tried
    assert found.champion.reason == silent.champion.reason


def test_without_a_budget_the_recipe_is_as_it_was(policy: Policy) -> None:
    found = fit(made_up(shuffled=True), policy, trials=0)
    assert (found.tuning, found.recipe.growth) == (None, None)


TRIED = (
    Tried(Growth(), 0.3, 0.02, 0.01, chosen=False),
    Tried(Growth(leaves=3, rounds=0.5), 0.28, 0.0, 0.0, chosen=True),
)
TUNING = Tuning(Budget(2), TRIED, 41.2)


def test_a_run_keeps_every_trial_and_what_was_chosen(tmp_path: Path) -> None:
    told = tuning_record(TUNING, tmp_path)
    assert (told["tune.asked"], told["tune.run"], told["tune.seconds"]) == (2, 2, 41.2)
    assert (told["tune.leaves"], told["tune.rounds"], told["tune.default_stays"]) == (3, 0.5, False)
    assert json.loads((tmp_path / "tuning.json").read_text()) == TUNING.as_json()
    assert tuning_record(None, tmp_path / "none") == {}


def test_the_run_its_cards_and_the_ledger_tell_of_it(trained: Trained, churn: Run) -> None:
    folder, result, _ = trained
    kept = folder / ".churn" / "evaluations" / result["run_id"]
    tuning = result["tuning"]
    assert (tuning["asked"], tuning["run"], len(tuning["trials"])) == (2, 2, 2)
    assert sum(one["chosen"] for one in tuning["trials"]) == 1
    assert json.loads((kept / "tuning.json").read_text()) == tuning
    assert json.loads((kept / "card.json").read_text())["tuning"] == tuning
    for page in ("card.md", "card.html", "model_card.md"):
        assert "Tuned: 2 trials in " in (kept / page).read_text()
    runs = {run["run_id"]: run for run in churn("runs", "--project", folder, "--json")[1]["runs"]}
    assert "Tuned: 2 trials in " in runs[result["run_id"]]["tuning"]
    import mlflow

    store = f"sqlite:///{folder / '.churn' / 'mlflow.db'}"
    run = mlflow.MlflowClient(store, registry_uri=store).get_run(result["run_id"])
    assert (run.data.params["tune.asked"], run.data.params["tune.run"]) == ("2", "2")


def test_the_terminal_says_it_in_one_line(trained: Trained) -> None:
    from rich.console import Console

    folder, result, _ = trained

    def shown(found: dict[str, Any]) -> str:
        console = Console(width=400, record=True, file=io.StringIO())
        console.print(summaries.train(found, open_project(folder)))
        return console.export_text()

    assert result["tuning"]["sentence"] in shown(result)
    assert "Tuned" not in shown({**result, "tuning": None})
    assert "Tuned" not in model_card({**result, "tuning": None})
