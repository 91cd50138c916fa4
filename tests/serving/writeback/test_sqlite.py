"""The embedded CRM's file, as anybody's SQLite browser sees it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.delivery import apply
from serving.writeback.destination import Handle, Key, Kind, Outcome, Outgoing, Row
from serving.writeback.place import rejections
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

WEEK_2 = "2025-01-13"
Make = Callable[..., Staged]


@pytest.fixture
def crm(tmp_path: Path) -> SqliteCrm:
    return SqliteCrm(tmp_path / "folder" / "crm.sqlite", clock=lambda: 1_736_150_400.0)


def query(crm: SqliteCrm, sql: str) -> list[Any]:
    with closing(sqlite3.connect(crm.path)) as db, db:
        return db.execute(sql).fetchall()


def test_accounts_and_tasks_are_plain_tables(crm: SqliteCrm, score: Make, task: Make, ledger: Path) -> None:
    rows = [score("a", churn_probability=0.25, horizon_days=90), task("a", key="a|reengage|W02", priority="high")]
    apply(rows, crm, ledger, run_id="r1")
    sql = "SELECT account_id, name, churn_probability, horizon_days, as_of, updated_at FROM accounts"
    assert query(crm, sql) == [("a", "A", 0.25, 90, "2025-01-06", "2025-01-06T08:00:00+00:00")]
    sql = "SELECT task_key, account_id, play, status, due_at, priority, created_at FROM tasks"
    expected = ("a|reengage|W02", "a", "reengage", "open", "2025-01-08", "high", "2025-01-06T08:00:00+00:00")
    assert query(crm, sql) == [expected]


def test_a_key_is_refused_twice_by_the_file_itself(crm: SqliteCrm, score: Make, task: Make, ledger: Path) -> None:
    apply([score("a"), task("a")], crm, ledger, run_id="r1")
    for sql in ("INSERT INTO accounts (account_id) VALUES ('a')", "INSERT INTO tasks SELECT * FROM tasks"):
        with pytest.raises(sqlite3.IntegrityError):
            query(crm, sql)


def test_creating_a_task_that_is_there_already_leaves_it_to_its_owner(
    crm: SqliteCrm, score: Make, task: Make, ledger: Path, tmp_path: Path
) -> None:
    apply([score("a"), task("a")], crm, ledger, run_id="r1")
    query(crm, "UPDATE tasks SET status='done', owner_id='csm-9'")

    class Blind(SqliteCrm):
        def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
            return super().read(kind, keys) if wrote else {}

        def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
            wrote.append(kind)
            return super().write(kind, batch, handle)

    wrote: list[Kind] = []
    apply([score("a"), task("a", subject="Again")], Blind(crm.path), tmp_path / "lost ledger", run_id="r2")
    assert query(crm, "SELECT status, owner_id, subject FROM tasks") == [("done", "csm-9", "Again")]


def test_a_field_new_to_the_file_becomes_a_column(crm: SqliteCrm, score: Make, ledger: Path) -> None:
    apply([score("a")], crm, ledger, run_id="r1")
    apply([score("a", WEEK_2, order="007", flag=True)], crm, ledger, run_id="r2")
    assert query(crm, 'SELECT "order", flag FROM accounts') == [("007", 1)]
    assert apply([score("a", WEEK_2, order="007", flag=True)], crm, ledger, run_id="r3").written == 0


def test_columns_and_rows_that_somebody_added_stay(crm: SqliteCrm, score: Make, ledger: Path) -> None:
    apply([score("a")], crm, ledger, run_id="r1")
    query(crm, "ALTER TABLE accounts ADD COLUMN notes")
    query(crm, "UPDATE accounts SET notes='ours'")
    query(crm, "INSERT INTO accounts (account_id, notes) VALUES ('z', 'theirs')")
    apply([score("a", WEEK_2)], crm, ledger, run_id="r2")
    assert query(crm, "SELECT account_id, notes FROM accounts ORDER BY 1") == [("a", "ours"), ("z", "theirs")]


def test_a_table_whose_key_is_not_unique_gets_no_write(crm: SqliteCrm, score: Make, ledger: Path) -> None:
    crm.path.parent.mkdir()
    query(crm, "CREATE TABLE accounts (account_id TEXT, name)")
    with pytest.raises(SettingsError, match="not unique"):
        apply([score("a")], crm, ledger, run_id="r1")
    assert query(crm, "SELECT count(*) FROM accounts") == [(0,)]


def test_a_rule_that_somebody_added_rejects_one_row_and_not_its_batch(
    crm: SqliteCrm, score: Make, ledger: Path
) -> None:
    apply([score("a")], crm, ledger, run_id="r1")
    query(
        crm,
        "CREATE TRIGGER rule BEFORE INSERT ON accounts WHEN NEW.name = 'B' BEGIN SELECT RAISE(ABORT, 'no B here'); END",
    )
    applied = apply([score("b"), score("c")], crm, ledger, run_id="r2")
    assert (applied.written, applied.rejected) == (1, 1)
    assert [(line.key, line.code, line.reason) for line in rejections(ledger)] == [("b", "constraint", "no B here")]


def test_a_file_held_by_a_browser_is_tried_again(crm: SqliteCrm, score: Make, ledger: Path, clock: Any) -> None:
    crm.busy_seconds = 0.01
    apply([score("a")], crm, ledger, run_id="r1")
    with closing(sqlite3.connect(crm.path, isolation_level=None)) as browser:
        browser.execute("BEGIN IMMEDIATE")

        def sleep(seconds: float) -> None:
            clock.sleep(seconds)
            browser.execute("ROLLBACK")

        applied = apply([score("a", WEEK_2)], crm, ledger, run_id="r2", clock=clock, sleep=sleep)
    assert (applied.written, clock.slept) == (1, [10.0])


def test_a_file_that_is_no_database_is_named_with_a_cure(crm: SqliteCrm, score: Make, ledger: Path) -> None:
    crm.path.parent.mkdir()
    crm.path.write_text("not a database, but long enough to be looked at as one " * 40)
    with pytest.raises(SettingsError, match=r"crm\.sqlite.*not a usable"):
        apply([score("a")], crm, ledger, run_id="r1")


def test_a_path_that_cannot_be_opened_ends_the_delivery(score: Make, ledger: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a folder.sqlite"
    folder.mkdir()
    with pytest.raises(DeliveryIncomplete, match="cannot be used"):
        apply([score("a")], SqliteCrm(folder), ledger, run_id="r1")
