"""The playbooks over the whole simulated book: texts, tasks, the board, and the commands."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pandas as pd
import pytest

from data_contracts.contract import output_contract
from data_contracts.validate import ROW, Validator
from features.catalogue import catalogue
from pipelines import deliver
from pipelines.build_features import Checked
from pipelines.journey import journey_on
from pipelines.plays import plays_on
from pipelines.plays_facts import plays_facts
from pipelines.plays_found import found_plays
from pipelines.scoring import reached_before
from policy.errors import UsageError
from serving.tasks import COLUMNS
from serving.workbench.plays.content import faults
from serving.workbench.plays.message import Draft, draft, draft_in, noticed
from tests.pipelines.conftest import UNTIL, Run


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def on_the_book(scored: Path, checked: Checked) -> Checked:
    """The checked sources of the simulated company, with the state of a scored copy of it."""
    return replace(checked, project=checked.project.model_copy(update={"folder": scored}))


def test_over_the_whole_book_the_drafts_pass_every_check_and_the_tasks_their_contract(on_the_book: Checked) -> None:
    day = UNTIL.isoformat()
    found = plays_on(on_the_book, day, write_tasks=True)
    json.dumps(found, allow_nan=False)
    assert {"prevention", "onboarding"} <= set(found["by_kind"])
    drafts = [step["draft"] for step in found["steps"] if step["draft"]]
    assert drafts
    for text in drafts:
        # The numbers are checked where the evidence is known; here the text's own stand for it.
        assert faults(text, told=[text], ours="our side" in text) == []
    assert all(step["due_at"] and step["owner_type"] for step in found["steps"])
    assert all(alert["play"] and alert["first_step"] and alert["success_metric"] for alert in found["alerts"] or ())
    keys = [step["task_key"] for step in found["steps"]]
    assert len(set(keys)) == len(keys)
    tasks = pd.read_parquet(on_the_book.project.state / "plays" / f"as_of={day}" / "tasks.parquet", partitioning=None)
    assert (list(tasks), len(tasks)) == (COLUMNS, found["tasks"])
    checks = Validator().findings(
        tasks.assign(**{ROW: range(len(tasks))}), output_contract("tasks"), now=at("2026-06-02")
    )
    assert not checks.failed
    someone = found["steps"][0]["account_id"]
    assert {step["account_id"] for step in plays_on(on_the_book, day, someone)["steps"]} == {someone}
    with pytest.raises(UsageError, match="no term in force"):
        plays_on(on_the_book, day, "nobody")


def test_every_message_that_the_book_could_need_passes_with_its_own_evidence(on_the_book: Checked) -> None:
    project, texts = on_the_book.project, 0
    groups = {name: indicator.group for name, indicator in catalogue(project.policy).items()}
    reached = reached_before(on_the_book, UNTIL)
    assert reached
    told: dict[str, list[tuple[str, str]]] = {}
    for row in deliver.rows_of(project, "evidence", UNTIL.isoformat()):
        told.setdefault(row["account_id"], []).append((groups[row["indicator"]], row["sentence"]))
    for account, reasons in told.items():
        may = noticed(reasons)
        made = draft(may, reached.get(account), UNTIL)
        # Nothing that may be told is ever held back: a check would then stop what the code itself had written.
        assert (made.text is None) == (may == []), made.held_back
        texts += made.text is not None
    assert texts > 20


def test_the_messages_of_the_books_tasks_are_those_that_the_plays_show(on_the_book: Checked) -> None:
    known = plays_facts(on_the_book, UNTIL.isoformat())
    told = {str(t["task_key"]): draft_in(str(t["body"])) for t in known.runs.tasks if t["step"] == "reach_out"}
    shown = [s for s in found_plays(known, on_the_book.project.policy).steps if s.step == "reach_out"]
    assert shown
    assert {s.key: Draft(s.draft, None if s.draft else s.note) for s in shown} == {s.key: told[s.key] for s in shown}


@pytest.mark.slow
def test_the_board_agrees_with_the_book_that_was_scored(on_the_book: Checked) -> None:
    day = UNTIL.isoformat()
    found = journey_on(on_the_book, day)
    json.dumps(found, allow_nan=False)
    state = on_the_book.project.state
    book = pd.read_parquet(state / "book" / f"as_of={day}" / "book.parquet", partitioning=None)
    known = book.dropna(subset=["journey_status"]).set_index("account_id")["journey_status"].to_dict()
    board = {line["account_id"]: line["status"] for line in found["board"]}
    assert known
    assert {account: board[account] for account in known} == known
    assert found["advocates"] is not None
    assert all(a["candidate"] for a in found["advocates"])
    parts = pd.read_parquet(state / "journey" / f"as_of={day}" / "known.parquet", partitioning=None).set_index("part")
    assert parts.loc["board", "rows"] == len(found["board"])
    assert parts.loc["surveys", "lacks"] == ""
    written = {p.stem for p in (state / "journey" / f"as_of={day}").glob("*.parquet")}
    assert written >= {"board", "cadence", "surveys", "feature_requests", "advocates"}


@pytest.mark.slow
def test_the_commands_print_one_object_and_their_tasks_are_new_to_the_crm(scored: Path, churn: Run) -> None:
    code, found, _ = churn("plays", "--project", scored, "--write-tasks", "--json")
    assert (code, found["as_of"]) == (0, UNTIL.isoformat())
    code, planned, _ = churn("plan", "--project", scored, "--json")
    assert (code, planned["tasks"]["rejected"]) == (0, 0)
    assert planned["tasks"]["new"] >= found["tasks"] > 0
    code, error, _ = churn("plays", "nobody", "--project", scored, "--json")
    assert (code, error["error"]["where"]) == (2, "account")
    code, told, _ = churn("journey", "--project", scored)
    assert code == 0
    assert "accounts onboarding" in told
