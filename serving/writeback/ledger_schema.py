"""The ledger's tables.

run     one line per delivery with its counts          outbox  rows to deliver; the payload goes when the row is done
shadow  per key, what we last saw of ours in the CRM   audit   append-only: keys and codes, never payloads
undo    what a run's writes replaced, for a rollback   pause   until when a destination is not to be called
"""

from __future__ import annotations

from collections.abc import Mapping

VERSION = 2
LIVE = "state IN ('pending', 'claimed')"
SQLITE = {"number": "INTEGER PRIMARY KEY AUTOINCREMENT", "real": "REAL", "bytes": "BLOB", "compact": "WITHOUT ROWID"}
_TABLES = (
    """CREATE TABLE IF NOT EXISTS run (
  run {number}, run_id TEXT NOT NULL, dest TEXT NOT NULL, started_at TEXT NOT NULL, finished_at TEXT,
  what TEXT NOT NULL DEFAULT 'apply', staged INTEGER NOT NULL DEFAULT 0, skipped INTEGER NOT NULL DEFAULT 0,
  written INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0, deferred INTEGER NOT NULL DEFAULT 0,
  tasked INTEGER NOT NULL DEFAULT 0, settings TEXT NOT NULL DEFAULT '')""",
    "CREATE TABLE IF NOT EXISTS pause (dest TEXT PRIMARY KEY, until {real} NOT NULL)",
    """CREATE TABLE IF NOT EXISTS outbox (
  id {number}, dest TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, account_id TEXT NOT NULL,
  run INTEGER NOT NULL, as_of TEXT NOT NULL, hash TEXT NOT NULL, payload TEXT, send TEXT, before TEXT,
  was TEXT NOT NULL DEFAULT '', restores INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL CHECK (state IN ('pending', 'claimed', 'done', 'skipped', 'dead', 'superseded', 'withdrawn')),
  attempts INTEGER NOT NULL DEFAULT 0, next_at {real} NOT NULL DEFAULT 0, code TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '', remote_id TEXT, job_id TEXT)""",
    f"CREATE UNIQUE INDEX IF NOT EXISTS outbox_live ON outbox (dest, kind, key) WHERE {LIVE}",
    "CREATE INDEX IF NOT EXISTS outbox_due ON outbox (dest, kind, attempts, id) WHERE state = 'pending'",
    f"CREATE INDEX IF NOT EXISTS outbox_task ON outbox (dest, account_id) WHERE kind = 'task' AND {LIVE}",
    "CREATE INDEX IF NOT EXISTS outbox_run ON outbox (run, state)",
    """CREATE TABLE IF NOT EXISTS shadow (
  dest TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, as_of TEXT NOT NULL, hash TEXT NOT NULL,
  shape INTEGER NOT NULL, marks {bytes} NOT NULL, remote_id TEXT, PRIMARY KEY (dest, kind, key)) {compact}""",
    "CREATE TABLE IF NOT EXISTS shape (shape {number}, names TEXT NOT NULL UNIQUE)",
    """CREATE TABLE IF NOT EXISTS undo (
  run INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, account_id TEXT NOT NULL, before TEXT,
  was TEXT NOT NULL, PRIMARY KEY (run, kind, key)) {compact}""",
    """CREATE TABLE IF NOT EXISTS audit (
  id {number}, moment TEXT NOT NULL, run INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, code TEXT NOT NULL)""",
)
_KEPT = (
    "CREATE TRIGGER IF NOT EXISTS audit_kept BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END",
    "CREATE TRIGGER IF NOT EXISTS audit_true BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'append-only'); END",
)
_FROM_1 = (
    "ALTER TABLE run ADD COLUMN what TEXT NOT NULL DEFAULT 'apply'",
    "ALTER TABLE run ADD COLUMN tasked INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE run ADD COLUMN settings TEXT NOT NULL DEFAULT ''",
    # What a row that is on its way replaces was not kept then: nothing of it can be rolled back.
    "ALTER TABLE outbox ADD COLUMN before TEXT DEFAULT '{}'",
    "ALTER TABLE outbox ADD COLUMN was TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE outbox ADD COLUMN restores INTEGER NOT NULL DEFAULT 0",
)


def tables(dialect: Mapping[str, str]) -> list[str]:
    """The statements that make what is missing."""
    return [statement.format_map(dialect) for statement in _TABLES]


def sqlite_script(version: int) -> str:
    """All that brings a file of an older version (0: empty) up to date, in one transaction."""
    older = _FROM_1 if version == 1 else ()
    statements = ("BEGIN IMMEDIATE", *older, *tables(SQLITE), *_KEPT, f"PRAGMA user_version={VERSION}", "COMMIT")
    return ";\n".join(statements) + ";"
