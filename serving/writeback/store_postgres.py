"""A ledger's store in Postgres."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from serving.writeback.store import Line

_PLAIN_INSERT = re.compile(r"INSERT INTO (?P<into>\w+ \([\w, ]+\)) VALUES \(\?(?:, \?)*\)")


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
        """Execute once per line; what only adds lines is copied."""
        plain = _PLAIN_INSERT.fullmatch(sql)
        with self.db.cursor() as cursor:
            if plain is None:
                cursor.executemany(marked(sql), lines)
                return
            with cursor.copy(f"COPY {plain['into']} FROM STDIN") as copy:
                for line in lines:
                    copy.write_row(line)

    def keyed(self, columns: str, table: str, dest: str, kind: str, keys: Sequence[str], rest: str = "") -> list[Line]:
        """Some rows by their keys.

        Of a table that has just begun to grow the planner believes that it has one row: with `key IN (…)` it would
        compare all rows with all keys. OFFSET 0 keeps it from making one of it again.
        """
        one = f"SELECT {columns} FROM {table} WHERE dest=? AND kind=? AND key=wanted.one {rest} OFFSET 0"
        sql = f"SELECT found.* FROM unnest(?::text[]) AS wanted (one) CROSS JOIN LATERAL ({one}) AS found"
        return self.rows(sql, (list(keys), dest, kind))

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
