"""Where a ledger is kept: a file of one machine; several machines share one in Postgres (`place_postgres`)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Protocol, runtime_checkable

from policy.errors import DeliveryIncomplete, Locked, SettingsError
from serving.writeback.ledger import Rejection
from serving.writeback.ledger_schema import VERSION, sqlite_script
from serving.writeback.lock import only_delivery, private_file
from serving.writeback.store import SqliteStore, Store

_SPACE_OR_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


@runtime_checkable
class Place(Protocol):
    """A ledger that can be opened."""

    def delivery(self, destination: str) -> AbstractContextManager[Store]:
        """The ledger to write to, made where it is missing, and the destination's lock, or `Locked` at once."""

    def reading(self, destination: str) -> AbstractContextManager[Store]:
        """The ledger as it is at one moment, nothing created or changed; `Locked` where a delivery overtook it."""


class NoPath:
    """What is no path and has none: put into a text, it would become the name of a file somewhere else."""

    def __str__(self) -> str:
        raise TypeError(f"a {type(self).__name__} is no path: hand on the address or path that it was made from.")


class FilePlace(NoPath):
    """One SQLite file (WAL, synchronous=FULL, mode 0600)."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def delivery(self, destination: str) -> Iterator[Store]:
        """Open for a delivery. A full or broken disk ends it as `DeliveryIncomplete`."""
        try:
            with only_delivery(self.path, destination), closing(open_ledger(self.path)) as store:
                yield store
        except sqlite3.OperationalError as exc:
            if getattr(exc, "sqlite_errorcode", 0) & 0xFF not in _SPACE_OR_DISK:
                raise
            cure = "Free some space or give write access, then apply again: it goes on where this stopped."
            message = f"the ledger cannot be written: {exc}."
            raise DeliveryIncomplete(message, where=self.path.name, cure=cure) from exc

    @contextmanager
    def reading(self, destination: str) -> Iterator[Store]:
        """Open for a plan: not even SQLite's side files are made."""
        before = self._stamp()
        try:
            with closing(self._to_read()) as store:
                store.db.execute("BEGIN")  # one snapshot for the whole plan
                yield store
        except sqlite3.DatabaseError as exc:
            if before is None or self._stamp() == before:
                raise
            raise overtaken(destination) from exc
        if before is not None and self._stamp() != before:
            raise overtaken(destination)

    def _to_read(self) -> SqliteStore:
        if not self.path.exists():
            return _blank()
        # Without a WAL file nobody is writing and the file is whole; a plain read-only open would leave two files behind.
        how = "mode=ro" if self._is_open_elsewhere() else "immutable=1"
        db = sqlite3.connect(f"{self.path.resolve().as_uri()}?{how}", uri=True, isolation_level=None, timeout=60)
        version = _version(db, self.path)
        if version == VERSION:
            return SqliteStore(db)
        # Killed between creating the file and filling it, or left by an older program: read from a copy brought up to date.
        copy = sqlite3.connect(":memory:", isolation_level=None)
        with closing(db):
            db.backup(copy)
        copy.executescript(sqlite_script(version))
        return SqliteStore(copy)

    def _is_open_elsewhere(self) -> bool:
        """Whether a delivery has the ledger open now, or was killed while it had."""
        return self.path.with_name(self.path.name + "-wal").exists()

    def _stamp(self) -> tuple[int, int] | None:
        # A ledger that is open elsewhere is read as a consistent snapshot; a closed one must stay closed while it is read.
        if self._is_open_elsewhere():
            return None
        if not self.path.exists():
            return (0, 0)
        status = self.path.stat()
        return status.st_mtime_ns, status.st_size


def place_of(ledger: Place | Path) -> Place:
    """A path is a file's place. Raises TypeError for what is neither, a text among them: a ledger is made where it is missing.

    >>> place_of("ledger.sqlite")
    Traceback (most recent call last):
    TypeError: a ledger is a Path or a Place, not a str.
    """
    if isinstance(ledger, Path):
        return FilePlace(ledger)
    if not isinstance(ledger, Place):
        raise TypeError(f"a ledger is a Path or a Place, not a {type(ledger).__name__}.")
    return ledger


def open_ledger(path: Path) -> SqliteStore:
    """The ledger file to write to, created where it is missing, readable by its owner alone."""
    os.close(private_file(path))
    path.chmod(0o600)
    db = sqlite3.connect(path, isolation_level=None, timeout=60)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        version = _version(db, path)
        if version < VERSION:
            db.executescript(sqlite_script(version))
    except BaseException:
        db.close()
        raise
    return SqliteStore(db)


def rejections(ledger: Place | Path, *, run_id: str | None = None) -> list[Rejection]:
    """The rows that a run could not deliver, with codes and reasons (default: the latest run)."""
    with place_of(ledger).reading("ledger") as store:
        which = "SELECT max(run) FROM run" + (" WHERE run_id=?" if run_id else "")
        sql = f"SELECT kind, key, code, reason FROM outbox WHERE state='dead' AND run = ({which}) ORDER BY id"
        return [Rejection(*line) for line in store.rows(sql, (run_id,) if run_id else ())]


def overtaken(destination: str) -> Locked:
    """A delivery began while somebody was reading."""
    message = "a delivery started while this plan was made, so it would describe half of it; nothing was written."
    return Locked(message, where=destination, cure="Run `churn plan` again once it has finished.")


def _blank() -> SqliteStore:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(sqlite_script(0))
    return SqliteStore(db)


def _version(db: sqlite3.Connection, path: Path) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        db.close()
        message = f"the ledger has version {version}, this program knows {VERSION}."
        raise SettingsError(message, where=path.name, cure="Upgrade churn, or point it at another ledger.")
    return version
