"""The delivery's memory: one SQLite file (WAL, synchronous=FULL, mode 0600): runs, rows on the way, what is confirmed.

run     one line per delivery with its counts          outbox  rows to deliver; the payload goes when the row is done
shadow  per key, what we last saw of ours in the CRM   audit   append-only: keys and codes, never payloads
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from policy.errors import SettingsError
from serving.writeback.canonical import MARK_BYTES, row_hash
from serving.writeback.decision import Confirmed
from serving.writeback.destination import Key, Kind
from serving.writeback.lock import private_file

VERSION = 1
LIVE = "state IN ('pending', 'claimed')"
SCHEMA = f"""
CREATE TABLE IF NOT EXISTS run (
  run INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, dest TEXT NOT NULL, started_at TEXT NOT NULL,
  finished_at TEXT, staged INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,
  written INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0, deferred INTEGER NOT NULL DEFAULT 0,
  resume_at REAL NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, dest TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, account_id TEXT NOT NULL,
  run INTEGER NOT NULL, as_of TEXT NOT NULL, hash TEXT NOT NULL, payload TEXT, send TEXT,
  state TEXT NOT NULL CHECK (state IN ('pending', 'claimed', 'done', 'skipped', 'dead', 'superseded', 'withdrawn')),
  attempts INTEGER NOT NULL DEFAULT 0, next_at REAL NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '', remote_id TEXT, job_id TEXT);
CREATE UNIQUE INDEX IF NOT EXISTS outbox_live ON outbox (dest, kind, key) WHERE {LIVE};
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (dest, kind, attempts, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS outbox_task ON outbox (dest, account_id) WHERE kind = 'task' AND {LIVE};
CREATE INDEX IF NOT EXISTS outbox_run ON outbox (run, state);
CREATE TABLE IF NOT EXISTS shadow (
  dest TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, as_of TEXT NOT NULL, hash TEXT NOT NULL,
  shape INTEGER NOT NULL, marks BLOB NOT NULL, remote_id TEXT, PRIMARY KEY (dest, kind, key)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS shape (shape INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY, moment TEXT NOT NULL, run INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  code TEXT NOT NULL);
CREATE TRIGGER IF NOT EXISTS audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
CREATE TRIGGER IF NOT EXISTS audit_true BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END;
"""


class Rejection(NamedTuple):
    """A row that was not delivered, and why; `key` is escaped where it was itself the flaw."""

    kind: str
    key: str
    code: str
    reason: str


class Ledger:
    """One destination's part of a ledger file."""

    def __init__(self, db: sqlite3.Connection, dest: str, clock: Callable[[], float]) -> None:
        self.db = db
        self.dest = dest
        self.clock = clock
        self.run = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing, on the disk when the block ends."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def moment(self) -> str:
        """Now, as the ledger writes it."""
        return datetime.fromtimestamp(self.clock(), UTC).isoformat(timespec="seconds")

    def start_run(self, run_id: str) -> None:
        """Open a line for this delivery; what follows is written under it."""
        line = "INSERT INTO run (run_id, dest, started_at) VALUES (?, ?, ?)"
        self.run = int(self.db.execute(line, (run_id, self.dest, self.moment())).lastrowid or 0)

    def finish_run(self, counts: Mapping[str, int]) -> None:
        """Close this delivery's line with its counts."""
        sql = "UPDATE run SET finished_at=?, staged=?, skipped=?, written=?, rejected=?, deferred=? WHERE run=?"
        names = ("staged", "skipped", "written", "rejected", "deferred")
        self.db.execute(sql, (self.moment(), *(counts[name] for name in names), self.run))

    def audit(self, lines: Iterable[tuple[str, str, str]]) -> None:
        """Append (kind, key, code) lines."""
        now = self.moment()
        sql = "INSERT INTO audit (moment, run, kind, key, code) VALUES (?, ?, ?, ?, ?)"
        self.db.executemany(sql, [(now, self.run, *line) for line in lines])

    def confirmed(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Confirmed]:
        """What was last confirmed for each of `keys` that has been delivered before."""
        sql = f"SELECT key, as_of, names, marks, remote_id FROM shadow JOIN shape USING (shape) WHERE {keyed(keys)}"
        return {
            key: Confirmed(as_of, _unpacked(names, packed), remote_id)
            for key, as_of, names, packed, remote_id in self.db.execute(sql, (self.dest, kind, *keys))
        }

    def confirm(self, kind: Kind, seen: Mapping[Key, Confirmed]) -> None:
        """Remember marks seen in the destination; a row's as_of only ever moves forward."""
        before = self.confirmed(kind, list(seen))
        lines = []
        for key, now in seen.items():
            was = before.get(key, Confirmed("", {}))
            merged = {**was.marks, **now.marks}
            names = sorted(merged)
            packed = b"".join(merged[name] for name in names)
            as_of, remote_id = max(was.as_of, now.as_of), now.remote_id or was.remote_id
            shape = self._shape("\n".join(names))
            lines.append((self.dest, kind, key, as_of, row_hash(merged), shape, packed, remote_id))
        self.db.executemany("INSERT OR REPLACE INTO shadow VALUES (?, ?, ?, ?, ?, ?, ?, ?)", lines)

    def forget(self, kind: Kind, keys: Iterable[Key]) -> None:
        """Drop what was confirmed for rows that are gone from the destination."""
        sql = "DELETE FROM shadow WHERE dest=? AND kind=? AND key=?"
        self.db.executemany(sql, [(self.dest, kind, key) for key in keys])

    def _shape(self, names: str) -> int:
        # Field names are stored once per set of fields, not per row: a row's marks are a few bytes each.
        found = self.db.execute("SELECT shape FROM shape WHERE names=?", (names,)).fetchone()
        if found is None:
            found = self.db.execute("INSERT INTO shape (names) VALUES (?) RETURNING shape", (names,)).fetchone()
        return int(found[0])


def open_ledger(path: Path) -> sqlite3.Connection:
    """The ledger to write to, created where it is missing, readable by its owner alone."""
    os.close(private_file(path))
    path.chmod(0o600)
    db = sqlite3.connect(path, isolation_level=None, timeout=60)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    if _version(db, path) < VERSION:
        db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA user_version={VERSION}; COMMIT;")
    return db


def open_to_read(path: Path) -> sqlite3.Connection:
    """The ledger for a plan: nothing is created or changed, not even SQLite's side files."""
    if not path.exists():
        return _blank()
    # Without a WAL file nobody is writing and the file is whole; a plain read-only open would leave two files behind.
    how = "mode=ro" if is_open_elsewhere(path) else "immutable=1"
    db = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, isolation_level=None, timeout=60)
    if _version(db, path) == 0:  # killed between creating the file and filling it
        db.close()
        return _blank()
    return db


def is_open_elsewhere(path: Path) -> bool:
    """Whether a delivery has the ledger open now, or was killed while it had."""
    return path.with_name(path.name + "-wal").exists()


def rejections(ledger_path: Path, *, run_id: str | None = None) -> list[Rejection]:
    """The rows that a run could not deliver, with codes and reasons (default: the latest run)."""
    with closing(open_to_read(ledger_path)) as db:
        which = "SELECT max(run) FROM run" + (" WHERE run_id=?" if run_id else "")
        sql = f"SELECT kind, key, code, reason FROM outbox WHERE state='dead' AND run = ({which}) ORDER BY id"
        return [Rejection(*line) for line in db.execute(sql, (run_id,) if run_id else ())]


def keyed(keys: Sequence[Any]) -> str:
    """The condition for one destination's and kind's rows among `keys`."""
    return f"dest=? AND kind=? AND key IN ({','.join('?' * len(keys))})"


def _unpacked(names: str, packed: bytes) -> dict[str, bytes]:
    return {name: packed[i * MARK_BYTES : (i + 1) * MARK_BYTES] for i, name in enumerate(names.split("\n")) if name}


def _blank() -> sqlite3.Connection:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(SCHEMA)
    return db


def _version(db: sqlite3.Connection, path: Path) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        db.close()
        message = f"the ledger has version {version}, this program knows {VERSION}."
        raise SettingsError(message, where=path.name, cure="Upgrade churn, or point it at another ledger.")
    return version
