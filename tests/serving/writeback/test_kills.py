"""SIGKILL anywhere, then run again: the CRM's own file, never the ledger, says whether anything was lost or doubled."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

from serving.writeback.delivery import POINTS

KILLS = int(os.environ.get("CHURN_KILLS", "3"))
ACCOUNTS = 8 * KILLS
"""Enough batches for every life to reach its kill."""
ROOT = Path(__file__).parents[3]
SCRIPT = Path(__file__).with_name("one_life.py")
WEEK_0, WEEK_1, WEEK_2 = "2024-12-30", "2025-01-06", "2025-01-13"
ONCE_A_LIFE = ("before_stage_commit", "after_stage_commit")


def load_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("one_life", SCRIPT)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


book = load_script().book


class Verdict(NamedTuple):
    lost: list[str]
    doubled: list[str]


def start(
    folder: Path, as_of: str, crm: str = "keyed", point: str = "-", nth: int = 1, n: int = ACCOUNTS
) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), str(folder), as_of, crm, point, str(nth), str(n)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def live(folder: Path, as_of: str, crm: str = "keyed", point: str = "-", nth: int = 1, n: int = ACCOUNTS) -> int:
    process = start(folder, as_of, crm, point, nth, n)
    out, err = process.communicate(timeout=60)
    if process.returncode == 0:
        counts = json.loads(out.splitlines()[-1])
        assert counts["staged"] == counts["written"] + counts["skipped"], counts
    else:
        assert process.returncode == -signal.SIGKILL, err
    return process.returncode


def oracle(crm: Path, expected: dict[str, dict[str, dict[str, object]]]) -> Verdict:
    """What of `expected` (table → key → fields) is missing or different in the CRM's file, and what is there twice."""
    lost, doubled = [], []
    with closing(sqlite3.connect(crm)) as db:
        db.row_factory = sqlite3.Row
        for table, key_column in (("accounts", "account_id"), ("tasks", "task_key")):
            rows = [dict(row) for row in db.execute(f"SELECT * FROM {table}")]
            doubled += [key for key, n in Counter(row[key_column] for row in rows).items() if n > 1]
            found = {row[key_column]: row for row in rows}
            assert set(found) <= set(expected[table]), "rows that nobody staged"
            for key, fields in expected[table].items():
                if key not in found or any(found[key][name] != value for name, value in fields.items()):
                    lost.append(key)
    return Verdict(lost, doubled)


def expectation(*weeks: str, n: int = ACCOUNTS) -> dict[str, dict[str, dict[str, object]]]:
    wanted: dict[str, dict[str, dict[str, object]]] = {"accounts": {}, "tasks": {}}
    for as_of in weeks:
        for row in book(as_of, n):
            table = "accounts" if row.kind == "score" else "tasks"
            dates = {"as_of": as_of} if row.kind == "score" else {"account_id": row.account_id}
            wanted[table][row.key] = {**row.fields, **dates}
    return wanted


def edit_as_a_person(crm: Path, wanted: dict[str, dict[str, dict[str, object]]]) -> None:
    closed = f"acc-0004|reengage|week of {WEEK_1}"
    with closing(sqlite3.connect(crm)) as db, db:
        db.execute("UPDATE accounts SET risk_tier='watch' WHERE account_id='acc-0003'")
        db.execute("UPDATE tasks SET status='done' WHERE task_key=?", (closed,))
    wanted["accounts"]["acc-0003"]["risk_tier"] = "watch"
    wanted["tasks"][closed]["status"] = "done"


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point_and_run_again_nothing_is_lost_or_doubled(point: str, tmp_path: Path) -> None:
    wanted = expectation(WEEK_1, WEEK_2)
    for as_of, first in ((WEEK_1, 0), (WEEK_2, 1)):
        kills = [KILLS // 2, KILLS - KILLS // 2][first]
        for life in range(kills):
            nth = 1 if point in ONCE_A_LIFE else 1 + life % 3
            assert live(tmp_path, as_of, point=point, nth=nth) == -signal.SIGKILL
        assert live(tmp_path, as_of) == 0
        if as_of == WEEK_1:
            edit_as_a_person(tmp_path / "crm.sqlite", wanted)
    assert oracle(tmp_path / "crm.sqlite", wanted) == Verdict([], [])


@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_the_next_weeks_run_takes_over(point: str, tmp_path: Path) -> None:
    assert live(tmp_path, WEEK_0) == 0
    for life in range(1 + KILLS // 4):
        assert live(tmp_path, WEEK_1, point=point, nth=1 if point in ONCE_A_LIFE else 2 + life % 3) == -signal.SIGKILL
    assert live(tmp_path, WEEK_2) == 0
    staged_week_1 = point != "before_stage_commit"
    wanted = expectation(WEEK_0, *([WEEK_1] if staged_week_1 else []), WEEK_2)
    assert oracle(tmp_path / "crm.sqlite", wanted) == Verdict([], [])


def test_killed_at_random_moments_it_finishes_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    chance = random.Random(7)
    killed = 0
    for _ in range(40 * KILLS):
        process = start(tmp_path, WEEK_1, n=300)
        assert process.stdout
        process.stdout.readline()
        if killed < KILLS + 2:
            time.sleep(chance.uniform(0.0, 0.06))
            process.kill()
        process.communicate(timeout=60)
        if process.returncode == 0:
            break
        killed += 1
    assert killed >= KILLS
    assert oracle(tmp_path / "crm.sqlite", expectation(WEEK_1, n=300)) == Verdict([], [])


def test_without_a_key_the_same_kills_double_rows_so_this_test_can_fail(tmp_path: Path) -> None:
    quiet, killed = tmp_path / "quiet", tmp_path / "killed"
    for folder in (quiet, killed):
        folder.mkdir()
    assert live(quiet, WEEK_1, "appending") == 0
    assert oracle(quiet / "crm.sqlite", expectation(WEEK_1)) == Verdict([], []), (
        "only the kills may make the difference"
    )
    for life in range(KILLS):
        live(killed, WEEK_1, "appending", point="after_write", nth=1 + life % 3)
    assert live(killed, WEEK_1, "appending") == 0
    assert oracle(killed / "crm.sqlite", expectation(WEEK_1)).doubled
