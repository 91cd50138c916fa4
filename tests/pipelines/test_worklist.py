"""The work list and the desk of a project: what is promised, what a holdout measured, and one whole run."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, cast

import ibis
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from data_contracts.facts import Facts
from models.acted_on import ACTED, HELD
from pipelines.build_features import Checked
from pipelines.capacity import Owing, capacity_on
from pipelines.capacity_told import told as capacity_told
from pipelines.files import write_parquet
from pipelines.settings import Project, Settings, open_project
from pipelines.worklist import wanted, work_on
from pipelines.worklist_history import SCORES, TEST, history
from pipelines.worklist_seen import compared, first_alarms, seen
from pipelines.worklist_told import line, told
from policy.policy import load_policy
from serving.workbench.promises import Aside, Promise
from serving.workbench.team import team_of
from serving.workbench.worklist.effects import effects_of
from tests.pipelines.conftest import UNTIL, Run

DAY = date(2026, 6, 1)
POLICY = load_policy()


def given_project(folder: Path, feedback: Mapping[str, Any] | None = None) -> Checked:
    tables: dict[str, Any] = {}
    if feedback is not None:
        row = {"feedback_id": "1", "account_id": "a", "kind": "task_outcome", "recorded_at": pd.Timestamp("2026-05-20")}
        tables["crm_feedback"] = ibis.memtable(pd.DataFrame([{**row, "known_at": row["recorded_at"], **feedback}]))
    report: Any = None
    return Checked(Project(folder=folder, settings=Settings(), policy=POLICY), Facts(tables), report, None)


def write(project: Project, what: str, day: date, rows: list[dict[str, Any]], columns: list[str]) -> None:
    write_parquet(pd.DataFrame(rows, columns=columns), project.out(what, f"as_of={day}") / f"{what}.parquet")


def run(project: Project, day: date, *tasks: tuple[str, str], held: tuple[str, ...] = ()) -> None:
    """The files of a scoring run: tasks of (account, play), due the day after, and accounts with tasks withheld."""
    due = pd.Timestamp(day) + pd.Timedelta(days=1)
    rows = [{"task_key": f"{a}|{p}|{day}", "account_id": a, "play": p, "due_at": due} for a, p in tasks]
    write(project, "tasks", day, rows, ["task_key", "account_id", "play", "due_at"])
    write(project, "scores", day, [{"account_id": "a", "as_of": day}], ["account_id", "as_of"])
    write(
        project,
        "book",
        day,
        [{"account_id": a, "main_driver": "usage"} for a, _ in tasks],
        ["account_id", "main_driver"],
    )
    if held:
        spared = [{"account_id": a, "origin": "drawn", "tasks_withheld": 2} for a in held]
        write(project, "holdout", day, spared, ["account_id", "origin", "tasks_withheld"])


def test_what_two_people_owe_an_account_is_a_row_of_each_and_plays_of_one_person_are_added_up() -> None:
    tiers = {"health_tier": "red", "risk_tier": "low", "play": "churn prevention", "reason_1": None, "owner_id": "anna"}
    book = pd.DataFrame([{"account_id": a, **tiers} for a in ("a", "b", "c", "off")])
    at = datetime.fromisoformat("2026-06-02T15:00")
    promised = (
        Promise("a", "adoption rescue", at, 3.0, "csm"),
        Promise("a", "listen and answer", at - timedelta(days=1), 2.0, "csm"),
        Promise("a", "settle the account", at, 1.0, "cs_operations"),
        Promise("b", "settle the account", at, 1.0, "cs_operations"),
    )
    team = team_of({"anna": ("csm", True)}, {"cs_operations": ("ops",)}, POLICY.segments.owner_types)
    aside = {"off": Aside("snoozed", date(2026, 6, 20), "waits")}
    owing = Owing(cast("Any", None), promised, aside, team, {"a": "Europe/Berlin"})
    rows = wanted(book, owing, held={"c"})[["account_id", "worker_id", "hours", "due_at", "aside"]]
    assert [tuple(None if pd.isna(v) else v for v in row) for row in rows.itertuples(index=False)] == [
        ("a", "anna", 5.0, at - timedelta(days=1), None),
        ("a", "ops", 1.0, at, None),
        ("b", "ops", 1.0, at, None),
        ("off", "anna", None, None, "snoozed"),
    ]


def test_what_breaks_and_what_a_day_keeps_is_said_where_no_line_can_be_drawn() -> None:
    nothing = dict.fromkeys(("cut_account_id", "cut_hours", "cut_missing_hours", "cut_saved_arr"))
    day = {"day_hours": 6.0, "day_promises": 1, "day_saved_arr": 0.0, "unknown": 0}
    assert line({**nothing, **day, "breached": 2}, "USD") == (
        "2 promises cannot be kept in time. One more day (6 hours) would keep 1 more promise and save USD 0 more."
    )
    assert line({**nothing, **day, "breached": 0}, "USD").startswith("Nothing worth doing is left out. One more day")
    assert not line({**nothing, **day, "breached": 0, "unknown": 3}, "USD").startswith("Nothing")


def outcomes(acted: int, held: int, left_acted: int, left_held: int) -> pd.DataFrame:
    churned = [1.0] * left_acted + [0.0] * (acted - left_acted) + [1.0] * left_held + [0.0] * (held - left_held)
    return pd.DataFrame(
        {
            "account_id": [f"a{i}" for i in range(acted + held)],
            "probability": 0.5,
            "main_driver": "usage",
            "alarm": [ACTED] * acted + [HELD] * held,
            "churned": churned,
        }
    )


def test_acting_that_turns_even_odds_into_one_to_three_is_an_effect_of_minus_log_three() -> None:
    found = compared(outcomes(800, 400, 200, 200), effects_of(POLICY.save_effects), least_held=10)
    assert found is not None
    assert found.effect == pytest.approx(-np.log(3), abs=0.02)
    # Of two shares: √(1/200 + 1/600 + 1/200 + 1/200).
    assert found.standard_error == pytest.approx(0.129, abs=0.03)
    assert (found.acted_accounts, found.held_accounts, found.churned_held, found.assumed) == (800, 400, 200, -0.5)


def test_a_handful_of_held_accounts_is_compared_with_nothing() -> None:
    assert compared(outcomes(50, 9, 10, 5), effects_of(POLICY.save_effects), least_held=10) is None
    assert seen_without_holdout() is None


def seen_without_holdout() -> Any:
    return compared(outcomes(5, 0, 1, 0), effects_of(POLICY.save_effects), least_held=1)


def test_an_account_is_compared_once_from_its_first_alarm_after_it_was_assigned_by_lot(tmp_path: Path) -> None:
    project = given_project(tmp_path).project
    first, second = DAY, DAY + timedelta(days=7)
    run(project, first, ("early", "x"), ("twice", "x"), ("never assigned", "x"), held=("held",))
    run(project, second, ("early", "x"), ("twice", "x"), ("by a person", "x"))
    known = pd.DataFrame(
        [
            ("early", False, second, "drawn"), ("twice", False, first, "drawn"), ("held", True, first, "drawn"),
            ("by a person", True, first, "recorded"),
        ],
        columns=["account_id", "held", "assigned_on", "origin"],
    )  # fmt: skip
    names = ("early", "twice", "never assigned", "held", "by a person")
    given = pd.DataFrame([{"account_id": a, "as_of": d} for d in (first, second) for a in names])
    found = first_alarms(given, known, project)
    assert sorted(found[["account_id", "as_of", "alarm"]].itertuples(index=False, name=None)) == [
        ("early", second, ACTED), ("held", first, HELD), ("twice", first, ACTED),
    ]  # fmt: skip


def test_a_book_that_was_never_scored_is_refused_with_the_cure(tmp_path: Path, churn: Run) -> None:
    churn("init", tmp_path / "p")
    for command in ("worklist", "capacity"):
        code, found, _ = churn(command, "--project", tmp_path / "p", "--json")
        assert (code, found["error"]["cure"]) == (2, "Run `churn score` first.")


@pytest.fixture
def whole(trained: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path: Path) -> Path:
    """A private copy of the scored project, indicators and models included: the desk reads both."""
    made = shutil.ignore_patterns("prefect", "warehouse*", "data_docs", "truth")
    return Path(shutil.copytree(trained[0], tmp_path / "whole", ignore=made))


def of(scored: Path, checked: Checked) -> Checked:
    return replace(checked, project=open_project(scored))


def text(shown: Any) -> str:
    console = Console(width=200, record=True, file=StringIO())
    console.print(shown)
    return console.export_text()


@pytest.mark.slow
def test_a_scored_week_is_listed_whole_and_told_by_owner(whole: Path, checked: Checked, churn: Run) -> None:
    code, found, _ = churn("worklist", "--project", whole, "--hours", "6", "--json")
    assert code == 0
    listed = pq.read_table(found["path"], partitioning=None).to_pandas()
    scores = pq.read_table(whole / ".churn/scores" / f"as_of={UNTIL}" / "scores.parquet", partitioning=None).to_pandas()
    risky = scores[
        scores["play"].notna() | scores["health_tier"].isin(["red", "yellow"]) | (scores["risk_tier"] == "high")
    ]
    assert set(risky["account_id"]) <= set(listed["account_id"])
    assert listed["account_id"].is_unique
    assert found["history"] == TEST
    assert all(owner["hours_used"] <= 6 for owner in found["owners"])
    assert len(found["unowned"]) == int(listed["owner_id"].isna().sum())
    rated = [row["cell_churn_rate"] for row in found["desk"] if row["cell_churn_rate"] is not None]
    assert rated
    assert all(0 <= rate <= 1 for rate in rated)
    shown = text(told(found, "USD"))
    assert "Save effects are assumed" in shown
    assert "One more day (6 hours)" in shown

    mine = of(whole, checked)
    one = found["owners"][0]["owner_id"]
    week = work_on(mine, UNTIL, owner=one)
    assert {row["worker_id"] for row in week["worklist"]} == {one}
    free = capacity_on(mine, UNTIL).owners.set_index("owner_id").loc[one]
    left = free["available_hours"] - free["owed_hours"] + free["play_hours"]
    # In whole minutes.
    assert week["owners"][0]["hours"] == pytest.approx(max(left, 0), abs=1 / 60)
    assert churn("worklist", "--project", whole, "--owner", "nobody-at-all", "--json")[0] == 2
    assert seen(mine, UNTIL) is None

    code, counted, _ = churn("capacity", "--project", whole, "--json")
    assert code == 0
    # Customers too young for a score, and those who gave notice, are in somebody's book, too.
    assert counted["accounts"] >= len(scores)
    assert counted["arr"] >= scores["arr"].sum()
    assert "Book of business" in text(capacity_told(counted, "USD"))


@pytest.mark.slow
def test_published_scores_are_the_past_of_the_cells_once_they_have_matured(whole: Path, checked: Checked) -> None:
    said = pq.read_table(
        next((whole / ".churn/evaluations").glob("*/predictions.parquet")), partitioning=None
    ).to_pandas()
    then = max(said["as_of"])
    known = said[(said["as_of"] == then) & (said["scorer"] == "calendar")]
    rows = pq.read_table(whole / ".churn/scores" / f"as_of={UNTIL}" / "scores.parquet", partitioning=None).to_pandas()
    old = (
        rows.head(1)
        .loc[rows.index[:1].repeat(len(known))]
        .assign(
            account_id=known["account_id"].to_numpy(),
            as_of=then,
            published_at=pd.Timestamp(then),
            health_tier=np.where(known["label"] == 1, "red", "green"),
        )
    )
    project = open_project(whole)
    write_parquet(old, project.out("scores", f"as_of={then}") / "scores.parquet")
    found, source = history(of(whole, checked), UNTIL)
    assert source == SCORES
    assert len(found) == len(known)
    assert set(zip(found["rule"], found["churned"], strict=True)) == {("red", 1.0), ("green", 0.0)}
    # The day before the window closed nothing was known of it.
    assert history(of(whole, checked), then + timedelta(days=103))[1] != SCORES
