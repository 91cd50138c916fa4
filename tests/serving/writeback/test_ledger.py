"""The ledger: private, without payloads once done, and with an audit that cannot be rewritten."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.delivery import apply
from serving.writeback.destination import Handle, Kind, Outcome, Outgoing
from serving.writeback.memory import MemoryCrm
from serving.writeback.place import open_ledger, rejections
from serving.writeback.sqlite import SqliteCrm
from serving.writeback.staged import Staged

Make = Callable[..., Staged]


def query(ledger: Path, sql: str) -> list[Any]:
    with closing(sqlite3.connect(ledger)) as db:
        return db.execute(sql).fetchall()


def test_the_ledger_is_for_its_owner_alone_while_it_is_open_and_after(score: Make, ledger: Path) -> None:
    ledger.parent.mkdir()
    ledger.touch(0o644)
    modes: set[int] = set()

    def look(point: str) -> None:
        modes.update(stat.S_IMODE(path.stat().st_mode) for path in ledger.parent.iterdir())

    apply([score("a")], MemoryCrm(), ledger, run_id="r1", at=look)
    look("at the end")
    assert modes == {0o600}


def test_it_is_written_through_to_the_disk(ledger: Path) -> None:
    with closing(open_ledger(ledger)) as db:
        assert db.one("PRAGMA journal_mode") == ("wal",)
        assert db.one("PRAGMA synchronous") == (2,)


def test_a_payload_is_kept_only_while_its_row_is_on_the_way(score: Make, ledger: Path) -> None:
    def mixed(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        other = {"b": Outcome.reject("no", "never"), "c": Outcome.retry()}
        return [other.get(row.key) or crm.store(kind, row) for row in batch]

    rows = [score("a"), score("b"), score("c"), score("d", arr=float("nan"))]
    apply(rows, MemoryCrm(mixed), ledger, run_id="r1", patience=0)
    kept = query(ledger, "SELECT key, state, payload IS NOT NULL FROM outbox ORDER BY key")
    assert kept == [("a", "done", 0), ("b", "dead", 0), ("c", "pending", 1), ("d", "dead", 0)]


def test_the_audit_holds_keys_and_codes_and_cannot_be_changed(score: Make, ledger: Path) -> None:
    apply([score("a", name="Secret Firm"), score("b", arr=float("inf"))], MemoryCrm(), ledger, run_id="r1")
    lines = query(ledger, "SELECT kind, key, code FROM audit ORDER BY id")
    assert lines == [("score", "b", "not_finite"), ("score", "a", "written")]
    assert "Secret Firm" not in str(query(ledger, "SELECT * FROM audit"))
    for sql in ("DELETE FROM audit", "UPDATE audit SET code='other'"):
        with closing(sqlite3.connect(ledger)) as db, pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(sql)


def test_every_run_has_a_line_with_its_counts_even_a_stopped_one(score: Make, ledger: Path) -> None:
    apply([score("a")], MemoryCrm(), ledger, run_id="r1")
    with pytest.raises(DeliveryIncomplete):
        apply([score(f"b{i}", arr=float("nan")) for i in range(20)], MemoryCrm(), ledger, run_id="r2")
    sql = "SELECT run_id, staged, written, rejected, deferred, finished_at IS NOT NULL FROM run ORDER BY run"
    assert query(ledger, sql) == [("r1", 1, 1, 0, 0, 1), ("r2", 20, 0, 20, 0, 1)]
    assert len(rejections(ledger, run_id="r2")) == 20
    assert rejections(ledger, run_id="r1") == []


def test_what_earlier_runs_finished_is_dropped_and_what_they_rejected_is_kept(score: Make, ledger: Path) -> None:
    crm = MemoryCrm()
    for week in ("2025-01-06", "2025-01-13", "2025-01-20"):
        apply([score("a", week), score("b", week, arr=float("nan"))], crm, ledger, run_id=week)
    states = query(ledger, "SELECT state, count(*) FROM outbox GROUP BY state")
    assert states == [("dead", 3), ("done", 1)]
    assert len(query(ledger, "SELECT * FROM audit WHERE code='written'")) == 3


def test_the_crms_own_id_is_remembered(score: Make, ledger: Path) -> None:
    def numbered(crm: MemoryCrm, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        return [Outcome.ok(f"remote-{row.key}") if crm.store(kind, row) else Outcome.unknown() for row in batch]

    crm = MemoryCrm(numbered)
    apply([score("a")], crm, ledger, run_id="r1")
    crm.script = None
    apply([score("a", "2025-01-13")], crm, ledger, run_id="r2")
    assert query(ledger, "SELECT key, remote_id FROM shadow") == [("a", "remote-a")]


def test_a_ledger_of_a_newer_version_is_left_alone(score: Make, ledger: Path) -> None:
    ledger.parent.mkdir()
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(SettingsError, match="version 99"):
        apply([score("a")], MemoryCrm(), ledger, run_id="r1")


def test_two_destinations_share_a_ledger_without_mixing(score: Make, ledger: Path, tmp_path: Path) -> None:
    memory, file = MemoryCrm(), SqliteCrm(tmp_path / "crm.sqlite")
    assert apply([score("a")], memory, ledger, run_id="r1").written == 1
    assert apply([score("a")], file, ledger, run_id="r2").written == 1
