"""Tables of a real Postgres: the CRM's, which count every row written to them, and the ones that the rival reads from."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from benchmarks.rival.judge import Stored
from benchmarks.rival.staged_set import ACCOUNTS, SCORE_COLUMNS, TASK_COLUMNS, account
from serving.writeback.staged import Staged

_SCORES = ", ".join(f"{name} {kind}" for name, kind in SCORE_COLUMNS.items())
_TASKS = ", ".join(f"{name} {kind}" for name, kind in TASK_COLUMNS.items())
MADE = f"""
DROP SCHEMA IF EXISTS crm CASCADE; DROP SCHEMA IF EXISTS mart CASCADE; DROP SCHEMA IF EXISTS _drt CASCADE;
CREATE SCHEMA crm; CREATE SCHEMA mart;
CREATE TABLE mart.scores (account_id text PRIMARY KEY, {_SCORES});
CREATE TABLE mart.tasks (task_key text PRIMARY KEY, {_TASKS});
CREATE TABLE crm.accounts (account_id text PRIMARY KEY, {_SCORES}, CHECK (reason_1 NOT LIKE '%poison%'));
CREATE TABLE crm.tasks (task_key text PRIMARY KEY, {_TASKS});
CREATE TABLE crm.writes (at timestamptz DEFAULT clock_timestamp());
CREATE FUNCTION crm.counted() RETURNS trigger LANGUAGE plpgsql AS
  $$BEGIN INSERT INTO crm.writes DEFAULT VALUES; RETURN NULL; END$$;
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON crm.accounts FOR EACH ROW EXECUTE FUNCTION crm.counted();
CREATE TRIGGER counted AFTER INSERT OR UPDATE ON crm.tasks FOR EACH ROW EXECUTE FUNCTION crm.counted();
"""


class Tables:
    """The counterpart of the rows that name Postgres, and the mart of all of them."""

    def __init__(self, address: str, db: Any) -> None:
        self.address = address
        self.db = db
        db.execute(MADE)
        for number in range(ACCOUNTS):
            db.execute("INSERT INTO crm.accounts (account_id) VALUES (%s)", (account(number),))
        db.execute("TRUNCATE crm.writes")

    def fill(self, rows: Sequence[Staged]) -> None:
        """Put the rows into the mart, instead of what is there."""
        self.db.execute("TRUNCATE mart.scores, mart.tasks")
        for row in rows:
            table, key = ("scores", "account_id") if row.kind == "score" else ("tasks", "task_key")
            values = {key: row.key, "account_id": row.account_id, "as_of": row.as_of, **row.fields}
            marks = ", ".join(["%s"] * len(values))
            self.db.execute(f"INSERT INTO mart.{table} ({', '.join(values)}) VALUES ({marks})", [*values.values()])

    def stored(self) -> list[Stored]:
        """What the CRM holds."""
        found: list[Stored] = []
        for kind, table, key in (("score", "accounts", "account_id"), ("task", "tasks", "task_key")):
            cursor = self.db.execute(f"SELECT * FROM crm.{table}")
            names = [column.name for column in cursor.description]
            for line in cursor.fetchall():
                fields = dict(zip(names, line, strict=True))
                found.append((kind, fields[key], fields))
        return found

    def writes(self) -> int:
        """Rows written to the CRM's tables since they were made."""
        return int(self.db.execute("SELECT count(*) FROM crm.writes").fetchone()[0])

    def edit(self, number: int, **fields: str) -> None:
        """A person changes an account; not counted."""
        changes = ", ".join(f"{name} = %s" for name in fields)
        self.db.execute(f"UPDATE crm.accounts SET {changes} WHERE account_id = %s", [*fields.values(), account(number)])

    @contextmanager
    def held(self, number: int) -> Iterator[None]:
        """Hold an account's row: whoever wants to write it waits for as long as the block lasts."""
        import psycopg

        with psycopg.connect(self.address) as holder:
            holder.execute("SELECT * FROM crm.accounts WHERE account_id = %s FOR UPDATE", (account(number),))
            yield
            holder.rollback()

    def somebody_waits(self, seconds: float = 20) -> bool:
        """Wait until a session waits for a lock."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            waiting = self.db.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            if waiting.fetchone()[0]:
                return True
            time.sleep(0.02)
        return False
