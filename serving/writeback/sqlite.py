"""The embedded CRM: one SQLite file with a table of accounts and a table of tasks, for any SQLite browser to open.

It is nobody else's CRM, so accounts are created; nothing is ever deleted. Columns have no declared type, so every value
is kept exactly as it was sent; a field that is new to the file becomes a column.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.canonical import TASK_WRITTEN_ONCE
from serving.writeback.destination import Capabilities, Field, Handle, Key, Kind, Outcome, Outgoing, Row, Scalar

SCORE_FIELDS = (
    *("name", "owner_id", "arr", "as_of", "expires_on", "risk_tier", "churn_probability", "lightgbm_probability"),
    *("health_score", "health_tier", "coverage", "usage_score", "engagement_score", "sentiment_score"),
    *("commercial_score", "reason_1", "reason_2", "reason_3", "play", "evidence", "scorer", "horizon_days", "gap_days"),
    *("model_version", "policy_version", "run_id", "published_at"),
)
TASK_FIELDS = ("play", "step", "subject", "body", "owner_id", "due_at", "priority", "status", "created_at")
TABLES: Mapping[Kind, tuple[str, str]] = {"score": ("accounts", "account_id"), "task": ("tasks", "task_key")}
CREATE = (
    "CREATE TABLE IF NOT EXISTS accounts (account_id TEXT NOT NULL PRIMARY KEY, "
    + ", ".join(SCORE_FIELDS)
    + ", updated_at)",
    "CREATE TABLE IF NOT EXISTS tasks (task_key TEXT NOT NULL PRIMARY KEY UNIQUE, account_id TEXT NOT NULL, "
    + ", ".join(f"{name} DEFAULT 'open'" if name == "status" else name for name in TASK_FIELDS)
    + ", updated_at)",
    "CREATE INDEX IF NOT EXISTS tasks_account ON tasks (account_id)",
)
BATCH_SIZE = 2_000
"""Rows of a transaction. Each ends on the disk, and so do the ledger's two around it."""
READ_AT_ONCE = 500
_OWN = frozenset({"account_id", "task_key", "updated_at"})


class SqliteCrm:
    """The CRM in the file `path`. A browser holding the file is waited for `busy_seconds`, then tried again later."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, busy_seconds: float = 5.0) -> None:
        self.path = path
        self.clock = clock
        self.busy_seconds = busy_seconds
        self.batch_size = BATCH_SIZE

    @property
    def name(self) -> str:
        """The file's name, not its path: a project folder that moves keeps its ledger."""
        return f"sqlite:{self.path.name}"

    @property
    def costs_calls(self) -> bool:
        """No."""
        return False

    def describe(self) -> Capabilities:
        """What the file takes; a file that does not exist yet is created by the first write."""
        fields: dict[Kind, dict[str, Field]] = {
            "score": dict.fromkeys(SCORE_FIELDS, Field()),
            "task": dict.fromkeys(TASK_FIELDS, Field()),
        }
        return Capabilities(
            name=self.name,
            fields=fields,
            open_fields=True,
            reserved=_OWN,
            batch_size=self.batch_size,
            key_unique=self._keys_are_unique(),
            creates_accounts=True,
        )

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that exist among `keys`."""
        if not self.path.exists():
            return {}
        table, key_column = TABLES[kind]
        found: dict[Key, Row] = {}
        with self._open("rw") as db:
            names = sorted(_columns(db, table) - _OWN)
            if not names:
                return {}
            columns = ", ".join(f'"{name}"' for name in (key_column, *names))
            for start in range(0, len(keys), READ_AT_ONCE):
                some = keys[start : start + READ_AT_ONCE]
                sql = f"SELECT {columns} FROM {table} WHERE {key_column} IN ({','.join('?' * len(some))})"
                for key, *values in db.execute(sql, some):
                    found[key] = dict(zip(names, values, strict=True))
        return found

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Upsert the batch by key, in one transaction."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        now = datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")
        with self._open("rwc") as db:
            try:
                db.execute("BEGIN IMMEDIATE")
                self._make_room(db, kind, set().union(*{tuple(row.fields) for row in batch}))
                outcomes = [self._store(db, kind, row, now) for row in batch]
                db.execute("COMMIT")
            except sqlite3.OperationalError as exc:
                if exc.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                    raise
                return [Outcome.retry(10.0, "file_busy")] * len(batch)
        return outcomes

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Nothing is held."""

    def _store(self, db: sqlite3.Connection, kind: Kind, row: Outgoing, now: str) -> Outcome:
        table, key_column = TABLES[kind]
        values: dict[str, Scalar] = {**row.fields, "updated_at": now}
        if kind == "task" and row.create:
            values = {"status": "open", "created_at": now, **values}
        if not row.create:
            sql = _update(table, key_column, tuple(values), tuple(row.seen))
            outcome = _run(db, sql, [*values.values(), row.key, *row.seen.values()])
            exists = f"SELECT 1 FROM {table} WHERE {key_column}=?"
            if outcome.answer == "unknown" and row.seen and db.execute(exists, (row.key,)).fetchone():
                return Outcome.retry(code="changed")  # by somebody, since it was read
            return outcome
        values = {key_column: row.key, **({"account_id": row.account_id} if kind == "task" else {}), **values}
        return _run(db, _upsert(table, key_column, tuple(values)), list(values.values()))

    def _make_room(self, db: sqlite3.Connection, kind: Kind, names: set[str]) -> None:
        table, _ = TABLES[kind]
        if not _columns(db, table):
            for statement in CREATE:
                db.execute(statement)
        for name in sorted(names - _columns(db, table)):
            db.execute(f'ALTER TABLE {table} ADD COLUMN "{name}"')

    def _keys_are_unique(self) -> bool:
        if not self.path.exists():
            return True
        with self._open("rw") as db:
            return all(_is_unique(db, *table) for table in TABLES.values() if _columns(db, table[0]))

    @contextmanager
    def _open(self, mode: str) -> Iterator[sqlite3.Connection]:
        # "rw" also to read: after a crash SQLite must first undo the half-written transaction it finds.
        address = f"{self.path.resolve().as_uri()}?mode={mode}"
        try:
            with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=self.busy_seconds)) as db:
                db.execute("PRAGMA synchronous=FULL")
                yield db
        except sqlite3.OperationalError as exc:
            cure = "Close what holds the file, free some space or give write access, then apply again."
            raise DeliveryIncomplete(f"the CRM file cannot be used: {exc}.", where=self.path.name, cure=cure) from exc
        except sqlite3.DatabaseError as exc:
            cure = "Point [destination] path at another file, or restore this one."
            raise SettingsError(f"this is not a usable SQLite file: {exc}.", where=self.path.name, cure=cure) from exc


# Rows have few sets of fields: a statement is spelt once for each.
@lru_cache(maxsize=256)
def _update(table: str, key_column: str, names: tuple[str, ...], seen: tuple[str, ...]) -> str:
    changes = ", ".join(f'"{name}"=?' for name in names)
    as_seen = "".join(f' AND "{name}" IS ?' for name in seen)
    return f"UPDATE {table} SET {changes} WHERE {key_column}=?{as_seen}"


@lru_cache(maxsize=256)
def _upsert(table: str, key_column: str, names: tuple[str, ...]) -> str:
    kept = {key_column} | (TASK_WRITTEN_ONCE if table == TABLES["task"][0] else frozenset())
    columns = ", ".join(f'"{name}"' for name in names)
    changes = ", ".join(f'"{name}"=excluded."{name}"' for name in names if name not in kept)
    marks = ",".join("?" * len(names))
    return f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT ({key_column}) DO UPDATE SET {changes}"


def _run(db: sqlite3.Connection, sql: str, values: Sequence[Scalar]) -> Outcome:
    try:
        touched = db.execute(sql, values).rowcount
    except sqlite3.IntegrityError as exc:  # a rule that somebody added to the file; the batch goes on
        return Outcome.reject("constraint", str(exc))
    return Outcome.ok() if touched else Outcome.unknown("gone")


def _columns(db: sqlite3.Connection, table: str) -> set[str]:
    return {name for (name,) in db.execute("SELECT name FROM pragma_table_info(?)", (table,))}


def _is_unique(db: sqlite3.Connection, table: str, column: str) -> bool:
    indexes = db.execute('SELECT name FROM pragma_index_list(?) WHERE "unique" AND NOT partial', (table,)).fetchall()
    covered = [[name for (name,) in db.execute("SELECT name FROM pragma_index_info(?)", line)] for line in indexes]
    return [column] in covered
