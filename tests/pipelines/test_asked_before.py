"""What earlier runs asked for, from their files and from feedback known on the day: one play an episode."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest

from data_contracts.facts import Facts
from pipelines.asked_before import asked_before
from pipelines.build_features import Checked
from pipelines.files import write_parquet
from pipelines.score import score_on
from pipelines.settings import Project, Settings
from policy.policy import load_policy
from serving.episodes import Asked, Level

MONDAY = date(2026, 6, 1)
PLAY = "adoption rescue"
YELLOW = Asked(open=True, level=Level(1, risk=False))
STEPS = ("assess", "reach_out")


def given_facts(folder: Path, feedback: Sequence[Mapping[str, Any]] = (), restated: bool = False) -> Checked:
    tables: dict[str, Any] = {}
    if feedback:
        usual = {"account_id": "a", "kind": "task_outcome", "known_at": None, "superseded_at": None}
        rows = pd.DataFrame([{"feedback_id": str(i), **usual, **row} for i, row in enumerate(feedback)])
        for name in ("recorded_at", "known_at", "superseded_at"):
            rows[name] = pd.to_datetime(rows[name])
        rows["known_at"] = rows["known_at"].fillna(rows["recorded_at"])
        tables["crm_feedback"] = ibis.memtable(rows if restated else rows.drop(columns="superseded_at"))
    facts = Facts(tables, restated=frozenset({"crm_feedback"}) if restated else frozenset())
    report: Any = None
    return Checked(Project(folder=folder, settings=Settings(), policy=load_policy()), facts, report, None)


def run(project: Project, day: date, health: str, *, asks: bool = False) -> list[str]:
    """The files of a scoring run on one account; returns the keys of its tasks."""
    folder = f"as_of={day}"
    scores = pd.DataFrame({"account_id": ["a"], "as_of": [day], "health_tier": [health], "risk_tier": ["low"]})
    write_parquet(scores, project.out("scores", folder) / "scores.parquet")
    keys = [f"a|{PLAY}:{step}|{day}" for step in STEPS] if asks else []
    tasks = pd.DataFrame({"account_id": ["a"] * len(keys), "play": PLAY, "task_key": keys}, dtype=object)
    write_parquet(tasks, project.out("tasks", folder) / "tasks.parquet")
    return keys


def back(weeks: int) -> date:
    return MONDAY - timedelta(weeks=weeks)


def test_a_book_that_was_never_scored_was_asked_nothing(tmp_path: Path) -> None:
    assert asked_before(given_facts(tmp_path), MONDAY) == {}


def test_a_play_stands_from_the_next_run_on_until_two_runs_find_no_risk(tmp_path: Path) -> None:
    given = given_facts(tmp_path)
    run(given.project, back(4), "yellow", asks=True)
    run(given.project, back(3), "yellow")
    run(given.project, back(2), "green")
    assert asked_before(given, back(4)) == {}, "a run does not know of itself"
    assert [asked_before(given, back(n)) for n in (3, 2, 1)] == [{("a", PLAY): YELLOW}] * 3
    run(given.project, back(1), "green")
    assert asked_before(given, MONDAY) == {}
    assert asked_before(given, back(1)) == {("a", PLAY): YELLOW}, "what came later changes nothing of then"


def test_a_run_that_was_killed_before_its_scores_were_there_asked_nothing(tmp_path: Path) -> None:
    keys = run(given_facts(tmp_path).project, back(3), "yellow", asks=True)
    given = given_facts(tmp_path, [{"task_key": key, "value": "done", "recorded_at": "2026-05-12"} for key in keys])
    run(given.project, back(1), "yellow", asks=True)
    run(given.project, MONDAY, "yellow")
    assert asked_before(given, back(-1)) == {("a", PLAY): YELLOW}
    (given.project.state / "scores" / f"as_of={back(1)}" / "scores.parquet").unlink()
    assert asked_before(given, back(-1)) == {("a", PLAY): YELLOW._replace(open=False)}


def test_runs_on_other_days_of_the_week_are_no_weekly_runs(tmp_path: Path) -> None:
    given = given_facts(tmp_path)
    run(given.project, back(2), "yellow", asks=True)
    run(given.project, back(1) - timedelta(days=2), "green")
    run(given.project, back(1) - timedelta(days=1), "green")
    assert asked_before(given, MONDAY) == {("a", PLAY): YELLOW}


@pytest.mark.parametrize(
    ("words", "is_open"),
    [
        ([("done", "2026-05-27", None)], False),
        ([("saved", "2026-05-31T23:59", None)], False),
        ([("done", "2026-06-01", None)], True),
        ([("done", "2026-05-27", "2026-06-01")], True),
        ([("done", "2026-06-01", "2026-05-27")], True),
        ([("In progress", "2026-05-27", None)], True),
        ([("Snoozed until 2026-06-20: waits for the budget", "2026-05-27", None)], True),
        ([("snoozed until 2026-05-28: waits for the budget", "2026-05-27", None)], True),
        ([("waiting", "2026-05-26", None), ("done", "2026-05-27", None)], False),
        ([("done", "2026-05-26", None), ("in_progress", "2026-05-27", None)], True),
    ],
)
def test_a_task_is_done_with_by_the_last_word_known_before_the_day(
    words: list[tuple[str, str, str | None]], is_open: bool, tmp_path: Path
) -> None:
    keys = run(given_facts(tmp_path).project, back(1), "yellow", asks=True)
    told = [
        {"task_key": key, "value": value, "recorded_at": at, "known_at": known}
        for key in keys
        for value, at, known in words
    ]
    given = given_facts(tmp_path, told)
    assert asked_before(given, MONDAY) == {("a", PLAY): YELLOW._replace(open=is_open)}
    # One of two steps is not enough.
    assert asked_before(given_facts(tmp_path, told[: len(words)]), MONDAY) == {("a", PLAY): YELLOW}


def test_a_word_that_was_taken_back_counts_until_it_was(tmp_path: Path) -> None:
    run(given_facts(tmp_path).project, back(1), "yellow", asks=True)
    told = [
        {"task_key": f"a|{PLAY}:{step}|{back(1)}", "value": "done", "recorded_at": "2026-05-26", "superseded_at": at}
        for step, at in zip(STEPS, (None, "2026-05-30"), strict=True)
    ]
    assert asked_before(given_facts(tmp_path, told, restated=True), MONDAY) == {("a", PLAY): YELLOW}
    told[1]["superseded_at"] = "2026-06-03"
    found = asked_before(given_facts(tmp_path, told, restated=True), MONDAY)
    assert found == {("a", PLAY): YELLOW._replace(open=False)}


def test_marks_and_overrides_close_no_task(tmp_path: Path) -> None:
    keys = run(given_facts(tmp_path).project, back(1), "yellow", asks=True)
    told = [{"task_key": k, "value": "useful", "recorded_at": "2026-05-27", "kind": "driver_mark"} for k in keys]
    assert asked_before(given_facts(tmp_path, told), MONDAY) == {("a", PLAY): YELLOW}


@pytest.mark.slow
def test_a_real_book_is_not_asked_twice_in_one_episode_and_a_replay_gives_the_same(
    checked: Checked, tmp_path: Path
) -> None:
    """In the simulated company health of some falls, recovers for one week, and falls again."""
    here = replace(checked, project=checked.project.model_copy(update={"folder": tmp_path}))
    first, second = date(2026, 4, 20), date(2026, 5, 4)
    score_on(here, first)
    asked = _asked(tmp_path, first)
    standing = asked_before(here, second)
    assert {account for account, _ in standing} == {account for account, _ in asked}
    score_on(here, second)
    once = _asked(tmp_path, second)
    assert once
    assert not once & asked
    assert asked_before(here, second) == standing
    (tmp_path / ".churn" / "tasks" / f"as_of={first}" / "tasks.parquet").unlink()
    score_on(here, second)
    assert _asked(tmp_path, second) > once, "without the earlier file some are asked again"
    assert _asked(tmp_path, second) & asked


def _asked(folder: Path, day: date) -> set[tuple[str, str]]:
    tasks = pd.read_parquet(folder / ".churn" / "tasks" / f"as_of={day}" / "tasks.parquet", partitioning=None)
    return set(zip(tasks["account_id"], tasks["play"], strict=True))
