"""The playbooks and their files: what is delivered, which runs are looked at, what stands on top."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import deliver
from pipelines.plays_facts import runs_until
from pipelines.plays_told import nearest
from tests.pipelines.one_account import DAY, stored


def test_the_tasks_of_the_plays_go_to_the_crm_after_those_of_the_score(tmp_path: Path) -> None:
    project = stored(tmp_path)
    _, rows = deliver.staged(project, DAY.isoformat())
    tasks = [row for row in rows if row.kind == "task"]
    assert [(t.key, t.owner_email) for t in tasks] == [
        ("a|call:assess|2026-W23", "csm-1@example.org"),
        ("a|call:plan|2026-W23", "csm-1@example.org"),
    ]


def test_a_task_of_somebody_else_never_has_the_address_of_the_accounts_owner(tmp_path: Path) -> None:
    project = stored(tmp_path)
    book = {"account_id": ["a", "b"], "name": ["A", "B"], "owner_id": ["csm-1", "csm-2"],
            "owner_email": ["csm-1@example.org", "csm-2@example.org"]}  # fmt: skip
    tasks = {"task_key": ["k1", "k2", "k3", "k4"], "account_id": ["a", "a", "a", "gone"],
             "owner_id": ["csm-1", "csm-2", "m-7", "csm-2"]}  # fmt: skip
    pq.write_table(pa.table(book), project.out("book", f"as_of={DAY}") / "book.parquet")
    pq.write_table(pa.table(tasks), project.out("plays", f"as_of={DAY}") / "tasks.parquet")
    _, rows = deliver.staged(project, DAY.isoformat())
    assert [(row.key, row.account_id, row.owner_email) for row in rows if row.key.startswith("k")] == [
        ("k1", "a", "csm-1@example.org"),
        ("k2", "a", "csm-2@example.org"),
        ("k3", "a", None),
        ("k4", "gone", "csm-2@example.org"),
    ]


def test_what_is_due_now_stands_on_top() -> None:
    rows = [
        {"task_key": k, "due_at": f"2026-{d}T17:00:00"} for k, d in (("a", "06-09"), ("b", "05-31"), ("c", "06-03"))
    ]
    assert [r["task_key"] for r in nearest(rows, "2026-06-01")] == ["b", "c", "a"]


def test_only_runs_up_to_the_day_and_whole_weeks_away_are_looked_at(tmp_path: Path) -> None:
    project = stored(tmp_path)
    assert list(runs_until(project, DAY).published) == [DAY]
    assert list(runs_until(project, date(2026, 6, 8)).published) == [DAY]
    assert list(runs_until(project, date(2026, 6, 9)).published) == []
    assert list(runs_until(project, date(2026, 5, 25)).published) == []


def test_of_signals_the_warnings_that_lead_are_remembered_by_run(tmp_path: Path) -> None:
    found = runs_until(stored(tmp_path), DAY)
    assert (found.looked, found.warned) == ((DAY,), {"a": {DAY}})
    assert replace(found, looked=(DAY, date(2026, 6, 8))).calm_since("a") == date(2026, 6, 8)
    assert (found.calm_since("a"), found.calm_since("b")) == (None, None)
