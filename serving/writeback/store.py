"""The few things a ledger asks of a database, and SQLite's answer; `store_postgres` has Postgres's."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

Line = tuple[Any, ...]


class Store(Protocol):
    """A database with `?` for a value, one statement after the other, outside a transaction unless in the block."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Line]:
        """All lines of a query, or of a statement that returns some."""

    def one(self, sql: str, values: Sequence[Any] = ()) -> Line | None:
        """The first line, or None."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Execute, and say how many lines it touched."""

    def many(self, sql: str, lines: Iterable[Sequence[Any]]) -> None:
        """Execute once per line of values."""

    def keyed(self, columns: str, table: str, dest: str, kind: str, keys: Sequence[str], rest: str = "") -> list[Line]:
        """The lines of one destination's and kind's rows among `keys`, each found by its key; `rest` begins with AND."""

    def stream(self, sql: str, values: Sequence[Any], size: int) -> Iterator[list[Line]]:
        """The lines of a query in lists of `size`; other statements may run meanwhile."""

    def temporary(self, table: str, columns: str) -> None:
        """Make a table that nobody else sees and that goes with the connection; `n` counts its lines."""

    def find_by(self, table: str, columns: str) -> None:
        """Index a temporary table, once it is filled."""

    def transaction(self) -> AbstractContextManager[None]:
        """All of it or nothing, on the disk when the block ends."""

    def close(self) -> None:
        """Give the connection back."""


class SqliteStore:
    """One SQLite connection."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Line]:
        """All lines."""
        return self.db.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> Line | None:
        """The first line."""
        found: Line | None = self.db.execute(sql, values).fetchone()
        return found

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Execute."""
        return self.db.execute(sql, values).rowcount

    def many(self, sql: str, lines: Iterable[Sequence[Any]]) -> None:
        """Execute once per line."""
        self.db.executemany(sql, lines)

    def keyed(self, columns: str, table: str, dest: str, kind: str, keys: Sequence[str], rest: str = "") -> list[Line]:
        """Some rows by their keys."""
        marks = ",".join("?" * len(keys))
        sql = f"SELECT {columns} FROM {table} WHERE dest=? AND kind=? AND key IN ({marks}) {rest}"
        return self.rows(sql, (dest, kind, *keys))

    def stream(self, sql: str, values: Sequence[Any], size: int) -> Iterator[list[Line]]:
        """Lists of lines."""
        cursor = self.db.execute(sql, values)
        while lines := cursor.fetchmany(size):
            yield lines

    def temporary(self, table: str, columns: str) -> None:
        """A temporary table."""
        self.db.execute(f"CREATE TEMP TABLE {table} (n INTEGER PRIMARY KEY, {columns})")

    def find_by(self, table: str, columns: str) -> None:
        """An index on it."""
        self.db.execute(f"CREATE INDEX temp.{table}_by ON {table} ({columns})")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        self.db.close()
