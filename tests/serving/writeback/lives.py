"""The kill tests' side: lives that are started and killed, and the CRM's own tables, never the ledger, as the judge."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import dict_row

from serving.writeback.delivery import POINTS
from tests.serving.writeback.one_life import book

KILLS = int(os.environ.get("CHURN_KILLS", "3"))
ACCOUNTS = 8 * KILLS
"""Enough batches for every life to reach its kill."""
ROOT = Path(__file__).parents[3]
ONCE_A_LIFE = POINTS[:2]
KEYS = {"accounts": "account_id", "tasks": "task_key"}
POSTGRES_TABLES = """
DROP SCHEMA IF EXISTS crm CASCADE; DROP SCHEMA IF EXISTS ledger CASCADE; CREATE SCHEMA crm;
CREATE TABLE crm.accounts (account_id text PRIMARY KEY, name text, owner_id text, risk_tier text,
  churn_probability double precision, expires_on text, as_of text);
CREATE TABLE crm.tasks (task_key text PRIMARY KEY, account_id text, play text, subject text, status text DEFAULT 'open');
"""

Fields = dict[str, object]
Tables = dict[str, dict[str, Fields]]


class Verdict(NamedTuple):
    """Keys that are missing or hold something else, and keys that are there more than once."""

    lost: list[str]
    doubled: list[str]


CLEAN = Verdict([], [])


class Crm(NamedTuple):
    """A CRM of one test: which one, and the folder of its file; the address of Postgres."""

    which: str
    folder: Path
    address: str = ""

    def start(self, what: str, point: str = "-", nth: int = 1, n: int = ACCOUNTS) -> subprocess.Popen[str]:
        """A process that delivers the book of an as_of, or takes it back, and dies at a point."""
        module = "tests.serving.writeback.one_life"
        command = [sys.executable, "-m", module, str(self.folder), what, self.which, point, str(nth), str(n)]
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "CRM_ADDRESS": self.address}
        return subprocess.Popen(
            command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def live(self, what: str, point: str = "-", nth: int = 1, n: int = ACCOUNTS) -> bool:
        """Whether a life was killed; one that was not must have accounted for every row."""
        with self.start(what, point, nth, n) as process:
            out, err = process.communicate(timeout=60)
        if process.returncode == 0:
            told = json.loads(out.splitlines()[-1])
            assert told["rejected"] == told["deferred"] == 0, told
            return False
        assert process.returncode == -signal.SIGKILL, err
        return True

    def rows(self) -> dict[str, list[Fields]]:
        """What stands in the CRM's own tables."""
        if self.which == "postgres":
            with psycopg.connect(self.address, row_factory=dict_row) as db:
                return {table: list(db.execute(f"SELECT * FROM crm.{table}")) for table in KEYS}  # type: ignore[arg-type]
        with closing(sqlite3.connect(self.folder / "crm.sqlite")) as db:
            db.row_factory = sqlite3.Row
            known = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
            found = {t: [dict(row) for row in db.execute(f"SELECT * FROM {t}")] if t in known else [] for t in KEYS}
        # The file's own clock is none of our fields.
        return {
            table: [{n: v for n, v in row.items() if n != "updated_at"} for row in rows]
            for table, rows in found.items()
        }

    def change(self, sql: str, *values: Any) -> None:
        """Somebody else at work in the CRM."""
        if self.which == "postgres":
            with psycopg.connect(self.address, autocommit=True) as pg:
                pg.execute("SET search_path TO crm")
                pg.execute(sql.replace("?", "%s"), values)
        else:
            with closing(sqlite3.connect(self.folder / "crm.sqlite")) as db, db:
                db.execute(sql, values)

    def judged(self, expected: Tables) -> Verdict:
        """What of `expected` (table → key → fields) is missing or different, and what is there twice."""
        lost, doubled = [], []
        for table, rows in self.rows().items():
            key = KEYS[table]
            doubled += [str(found) for found, n in Counter(row[key] for row in rows).items() if n > 1]
            by_key = {row[key]: row for row in rows}
            assert set(by_key) <= set(expected[table]), "rows that nobody staged"
            for name, fields in expected[table].items():
                if name not in by_key or any(by_key[name][field] != value for field, value in fields.items()):
                    lost.append(name)
        return Verdict(lost, doubled)


def nth_of(point: str, life: int) -> int:
    """The occasion at which a life dies: what comes once a life is died at once."""
    return 1 if point in ONCE_A_LIFE else 1 + life % 3


def expectation(*weeks: str, n: int = ACCOUNTS) -> Tables:
    """What the books of these weeks leave behind: the last one's scores, every one's tasks."""
    wanted: Tables = {"accounts": {}, "tasks": {}}
    for as_of in weeks:
        for row in book(as_of, n):
            table = "accounts" if row.kind == "score" else "tasks"
            dates: Mapping[str, object] = {"as_of": as_of} if row.kind == "score" else {"account_id": row.account_id}
            wanted[table][row.key] = {**row.fields, **dates}
    return wanted
