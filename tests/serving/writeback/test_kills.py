"""SIGKILL anywhere, then run again: the CRM's own tables, never the ledger, say whether anything was lost or doubled."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from serving.writeback.delivery import POINTS
from tests.serving.writeback.lives import ACCOUNTS, CLEAN, KILLS, POSTGRES_TABLES, Crm, Tables, expectation, nth_of
from tests.serving.writeback.one_life import SECONDS_A_ROW

WEEK_0, WEEK_1, WEEK_2 = "2024-12-30", "2025-01-06", "2025-01-13"
Note = Callable[[str, object], None]


@pytest.fixture(params=["keyed", pytest.param("postgres", marks=pytest.mark.slow)])
def crm(request: pytest.FixtureRequest, tmp_path: Path) -> Crm:
    """A file, and two tables of a real Postgres with the ledger there, too."""
    if request.param == "keyed":
        return Crm("keyed", tmp_path)
    address = request.getfixturevalue("postgres")
    with psycopg.connect(address, autocommit=True) as db:
        db.execute(POSTGRES_TABLES)
    return Crm("postgres", tmp_path, address)


def edit_as_a_person(crm: Crm, wanted: Tables) -> None:
    closed = f"acc-0004|reengage|week of {WEEK_1}"
    crm.change("UPDATE accounts SET risk_tier='watch' WHERE account_id='acc-0003'")
    crm.change("UPDATE tasks SET status='done' WHERE task_key=?", closed)
    wanted["accounts"]["acc-0003"]["risk_tier"] = "watch"
    wanted["tasks"][closed]["status"] = "done"


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point_and_run_again_nothing_is_lost_or_doubled(
    point: str, crm: Crm, record_property: Note
) -> None:
    wanted = expectation(WEEK_1, WEEK_2)
    for as_of, kills in ((WEEK_1, KILLS // 2), (WEEK_2, KILLS - KILLS // 2)):
        for life in range(kills):
            assert crm.live(as_of, point, nth_of(point, life))
        assert not crm.live(as_of)
        if as_of == WEEK_1:
            edit_as_a_person(crm, wanted)
    record_property("kills", KILLS)
    assert crm.judged(wanted) == CLEAN


@pytest.mark.slow
@pytest.mark.parametrize("point", POINTS)
def test_after_a_kill_the_next_weeks_run_takes_over(point: str, crm: Crm, record_property: Note) -> None:
    assert not crm.live(WEEK_0)
    kills = 1 + KILLS // 4
    for life in range(kills):
        assert crm.live(WEEK_1, point, 1 + (nth_of(point, life) if nth_of(point, 1) > 1 else 0))
    assert not crm.live(WEEK_2)
    staged_week_1 = point != "before_stage_commit"
    wanted = expectation(WEEK_0, *([WEEK_1] if staged_week_1 else []), WEEK_2)
    record_property("kills", kills)
    assert crm.judged(wanted) == CLEAN


@pytest.mark.parametrize("point", [p if p == "before_ack" else pytest.param(p, marks=pytest.mark.slow) for p in POINTS])
def test_a_rollback_killed_at_a_named_point_and_run_again_restores_everything(
    point: str, crm: Crm, record_property: Note
) -> None:
    accounts = 2 * ACCOUNTS
    assert not crm.live(WEEK_1, n=accounts)
    before = crm.rows()
    assert crm.live(WEEK_2, "after_write", 2, accounts)
    assert not crm.live(WEEK_2, n=accounts)
    for life in range(KILLS):
        assert crm.live(f"rollback {WEEK_2}", point, nth_of(point, life))
    assert not crm.live(f"rollback {WEEK_2}")
    record_property("kills", KILLS)
    after = crm.rows()
    tasks = {row["task_key"]: row for row in before["tasks"]}
    assert {row["account_id"]: row for row in after["accounts"]} == {
        row["account_id"]: row for row in before["accounts"]
    }
    assert [row for row in after["tasks"] if tasks.get(row["task_key"], row) != row] == []
    assert {row["status"] for row in after["tasks"] if row["task_key"] not in tasks} == {"cancelled"}
    assert len(after["accounts"]) == len(before["accounts"])
    assert len(after["tasks"]) == 2 * len(tasks)


def test_killed_at_random_moments_it_finishes_and_nothing_is_lost_or_doubled(crm: Crm, record_property: Note) -> None:
    chance, killed = random.Random(7), 0
    for _ in range(40 * KILLS):
        with crm.start(WEEK_1, n=300) as process:
            assert process.stdout
            process.stdout.readline()
            if killed < KILLS + 2:
                time.sleep(chance.uniform(0.0, 0.06))
                process.kill()
            process.communicate(timeout=60)
        if process.returncode == 0:
            break
        killed += 1
    record_property("kills", killed)
    assert killed >= KILLS
    assert crm.judged(expectation(WEEK_1, n=300)) == CLEAN


def test_lives_that_end_within_a_full_batch_move_rows_every_two_lives(tmp_path: Path, record_property: Note) -> None:
    # A full batch takes 64 rows' time, a life has 48 rows' time from its first write: batches must become smaller.
    crm, accounts, stored = Crm("slow", tmp_path), 128, [0]
    ended = False
    while not ended and len(stored) < 40:
        with crm.start(WEEK_1, n=accounts) as process:
            assert process.stdout
            process.stdout.readline()
            if process.stdout.readline() == "writing\n":
                time.sleep(48 * SECONDS_A_ROW)
                process.kill()
            process.communicate(timeout=60)
            ended = process.returncode == 0
        stored.append(sum(map(len, crm.rows().values())))
    record_property("kills", len(stored) - 2)
    assert stored[-1] == accounts + accounts // 2
    assert all(later > now for now, later in zip(stored, stored[2:], strict=False)), stored
    assert crm.judged(expectation(WEEK_1, n=accounts)) == CLEAN


@pytest.mark.parametrize("point", [pytest.param("after_write", marks=pytest.mark.slow), "before_ack"])
def test_without_a_key_the_same_kills_double_rows_so_this_test_can_fail(
    point: str, tmp_path: Path, record_property: Note
) -> None:
    quiet, killed = Crm("appending", tmp_path / "quiet"), Crm("appending", tmp_path / "killed")
    for crm in (quiet, killed):
        crm.folder.mkdir()
    assert not quiet.live(WEEK_1)
    assert quiet.judged(expectation(WEEK_1)) == CLEAN, "only the kills may make the difference"
    for life in range(KILLS):
        killed.live(WEEK_1, point, nth_of(point, life))
    assert not killed.live(WEEK_1)
    doubled = killed.judged(expectation(WEEK_1)).doubled
    record_property("doubled", len(doubled))
    assert doubled
