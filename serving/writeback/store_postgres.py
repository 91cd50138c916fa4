"""A ledger's store in Postgres."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from serving.writeback.store import Line


class PostgresStore:
    """One connection of psycopg, outside a transaction unless in the block."""

    def __init__(self, connection: Any) -> None:
        self.db = connection

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Line]:
        """All lines."""
        found: list[Line] = self.db.execute(marked(sql), values).fetchall()
        return found

    def one(self, sql: str, values: Sequence[Any] = ()) -> Line | None:
        """The first line."""
        found: Line | None = self.db.execute(marked(sql), values).fetchone()
        return found

    def run(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Execute."""
        touched: int = self.db.execute(marked(sql), values).rowcount
        return touched

    def many(self, sql: str, lines: Iterable[Sequence[Any]]) -> None:
        """Execute once per line."""
        with self.db.cursor() as cursor:
            cursor.executemany(marked(sql), lines)

    def stream(self, sql: str, values: Sequence[Any], size: int) -> Iterator[list[Line]]:
        """Lists of lines, from a cursor of the server's, so that they never are all here."""
        with self.db.cursor(name=f"stream_{id(values)}", withhold=True) as cursor:
            cursor.execute(marked(sql), values)
            while lines := cursor.fetchmany(size):
                yield lines

    def temporary(self, table: str, columns: str) -> None:
        """A temporary table."""
        self.db.execute(f"CREATE TEMP TABLE {table} (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {columns})")

    def find_by(self, table: str, columns: str) -> None:
        """An index on it, and what the planner should know of it."""
        self.db.execute(f"CREATE INDEX {table}_by ON {table} ({columns})")
        self.db.execute(f"ANALYZE {table}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or nothing."""
        with self.db.transaction():
            yield

    def close(self) -> None:
        """Hang up."""
        self.db.close()


def marked(sql: str) -> str:
    """The statement with psycopg's marks for values; none of ours holds a question mark or a percent sign otherwise."""
    return sql.replace("?", "%s")
