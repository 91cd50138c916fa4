"""A ledger of the version before is brought up to date, with what it had on its way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from serving.writeback.canonical import marks
from serving.writeback.delivery import apply
from serving.writeback.memory import MemoryCrm
from serving.writeback.plan import plan
from serving.writeback.rollback import rollback
from serving.writeback.staged import Staged

Make = Callable[..., Staged]
WEEK_2 = "2025-01-13"
VERSION_1 = """
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
CREATE UNIQUE INDEX IF NOT EXISTS outbox_live ON outbox (dest, kind, key) WHERE state IN ('pending', 'claimed');
CREATE INDEX IF NOT EXISTS outbox_due ON outbox (dest, kind, attempts, id) WHERE state = 'pending';
CREATE INDEX IF NOT EXISTS outbox_task ON outbox (dest, account_id) WHERE kind = 'task' AND state IN ('pending', 'claimed');
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


def left_by_version_1(ledger: Path, confirmed: Staged, waiting: Staged) -> None:
    """A file in which one row was delivered and another is still on its way."""
    ledger.parent.mkdir(parents=True)
    known = marks({**confirmed.fields, "as_of": confirmed.as_of})
    names = sorted(known)
    with closing(sqlite3.connect(ledger)) as db:
        db.executescript(f"{VERSION_1} PRAGMA user_version=1;")
        with db:
            db.execute(
                "INSERT INTO run (run_id, dest, started_at) VALUES ('r1', 'memory', '2025-01-06T05:30:00+00:00')"
            )
            db.execute("INSERT INTO shape VALUES (1, ?)", ("\n".join(names),))
            packed = b"".join(known[name] for name in names)
            line = ("memory", "score", confirmed.key, confirmed.as_of, "", 1, packed, None)
            db.execute("INSERT INTO shadow VALUES (?, ?, ?, ?, ?, ?, ?, ?)", line)
            payload = json.dumps({**waiting.fields, "as_of": waiting.as_of})
            db.execute(
                "INSERT INTO outbox (dest, kind, key, account_id, run, as_of, hash, payload, send, state)"
                " VALUES ('memory', 'score', ?, ?, 1, ?, '', ?, '[\"risk_tier\", \"as_of\"]', 'pending')",
                (waiting.key, waiting.account_id, waiting.as_of, payload),
            )


def test_what_it_had_on_its_way_arrives_and_what_it_knew_is_known(score: Make, ledger_file: Path) -> None:
    crm, before = MemoryCrm(), {"name": "B", "owner_id": "csm-1", "risk_tier": "red", "as_of": "2024-12-30"}
    crm.rows["score"] = {"a": {**score("a").fields, "as_of": "2025-01-06", "risk_tier": "watch"}, "b": dict(before)}
    left_by_version_1(ledger_file, score("a"), score("b"))
    assert plan([], crm, ledger_file).resumed == 1
    applied = apply([score("a", WEEK_2, risk_tier="red")], crm, ledger_file, run_id="r2")
    assert applied.complete
    assert crm.rows["score"]["b"]["risk_tier"] == "green"
    assert applied.edited == (("score", "a", "risk_tier"),)


def test_a_row_whose_past_it_did_not_keep_is_decided_anew_and_rolled_back_not_emptied(
    score: Make, ledger_file: Path
) -> None:
    crm = MemoryCrm()
    before = {**score("b").fields, "as_of": "2024-12-30", "risk_tier": "red"}
    crm.rows["score"] = {"b": dict(before)}
    left_by_version_1(ledger_file, score("a"), score("b"))
    apply([], crm, ledger_file, run_id="r2")
    assert crm.rows["score"]["b"] != before
    assert rollback("r2", crm, ledger_file).complete
    assert crm.rows["score"]["b"] == before
