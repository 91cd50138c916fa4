"""Any two tables of a Postgres database: one with a row an account, one with a row a task, each with a unique key."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.destination import Busy, Capabilities, Field, Handle, Key, Kind, Outcome, Outgoing, Row, Scalar
from serving.writeback.names import Names

BATCH_SIZE = 500
ANSWER_SECONDS = 60
# Types whose values can be compared with what was read; of others an edit is seen at the next read only.
COMPARED = {
    *("text", "character varying", "character", "integer", "bigint", "smallint", "numeric", "double precision", "real"),
    *("boolean", "date", "timestamp with time zone", "timestamp without time zone"),
}
FOR_A_WHILE = ("40", "53", "55P03", "57014", "57P")
"""SQLSTATEs of rows that another time may pass: deadlocks, too many connections, locks, a time-out, a restart."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table of the CRM: its name (`schema.table`), the column that holds our key, and for tasks the account's."""

    name: str
    key: str
    account: str = ""


class PostgresCrm:
    """The two tables. Accounts are updated, and created only where `creates_accounts` says so; tasks are created.

    `label` names it in the ledger, for good. The address comes with its password and is never shown.
    """

    def __init__(
        self,
        url: SecretStr,
        names: Names,
        *,
        accounts: Table,
        tasks: Table,
        label: str,
        creates_accounts: bool = False,
    ) -> None:
        self._url = url
        self.names = names
        self.tables: Mapping[Kind, Table] = {"score": accounts, "task": tasks}
        self.label = label
        self.creates_accounts = creates_accounts
        self._db: Any = None
        self._types: dict[Kind, dict[str, str]] = {}

    @property
    def name(self) -> str:
        """`postgres:` and the label."""
        return f"postgres:{self.label}"

    @property
    def costs_calls(self) -> bool:
        """Yes."""
        return True

    def describe(self) -> Capabilities:
        """What the columns take, as the database itself says."""
        found: dict[Kind, dict[str, Field]] = {}
        unique = True
        with self._reading() as db:
            for kind, table in self.tables.items():
                columns = _columns(db, table.name)
                missing = {table.key, *filter(None, [table.account])} - columns.keys()
                if missing:
                    cure = "Create it, or name the right table and columns in [destination]."
                    raise SettingsError(
                        f"`{table.name}` has no column {', '.join(sorted(missing))}.", where=self.name, cure=cure
                    )
                known = self.names.of(kind)
                found[kind] = {ours: columns[theirs][1] for ours, theirs in known.items() if theirs in columns}
                self._types[kind] = {ours: columns[theirs][0] for ours, theirs in known.items() if theirs in columns}
                unique = unique and _is_unique(db, table)
        only = {kind: frozenset(self.names.of(kind)) for kind in self.tables}
        return Capabilities(
            self.name,
            found,
            only=only,
            batch_size=BATCH_SIZE,
            key_unique=unique,
            creates_accounts=self.creates_accounts,
        )

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that exist."""
        table, names = self.tables[kind], self.names.shown(kind)
        chosen = ", ".join(map(_name, names.values()))
        sql = f"SELECT {_name(table.key)}::text, {chosen} FROM {_table(table.name)} WHERE {_name(table.key)}::text = ANY(%s)"
        with self._reading() as db:
            lines = db.execute(sql, (list(keys),)).fetchall()
        return {key: dict(zip(names, map(_plain, line), strict=True)) for key, *line in lines}

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Update and create by key in one transaction: all of the batch, or nothing and the database's reason."""
        import psycopg

        try:
            db = self._connected()
            with db.transaction(), db.pipeline():
                touched = [db.execute(*self._statement(kind, row)) for row in batch]
            return [self._stored(kind, row, cursor.rowcount) for row, cursor in zip(batch, touched, strict=True)]
        except psycopg.Error as exc:
            state = exc.sqlstate or ""
            if state and not state.startswith(("08", "57P")):
                if state.startswith(FOR_A_WHILE):
                    return [Outcome.retry(code=f"sql_{state}")] * len(batch)
                # The message may quote a value: its first words and the column are enough.
                reason = f"{type(exc).__name__}" + (f" in `{exc.diag.column_name}`" if exc.diag.column_name else "")
                return [Outcome.reject(f"sql_{state}", reason, named=len(batch) == 1)] * len(batch)
            self.close()
            return [Outcome.unknown("no_answer")] * len(batch)

    def _statement(self, kind: Kind, row: Outgoing) -> tuple[str, list[Scalar]]:
        table, names = self.tables[kind], self.names.of(kind)
        values = {names[name]: value for name, value in row.fields.items()}
        key = _name(table.key)
        if not row.create:
            seen = {n: v for n, v in row.seen.items() if self._types[kind].get(n) in COMPARED}
            changes = ", ".join(f"{_name(name)} = %s" for name in values)
            as_seen = "".join(f" AND {_name(names[name])} IS NOT DISTINCT FROM %s" for name in seen)
            sql = f"UPDATE {_table(table.name)} SET {changes} WHERE {key}::text = %s{as_seen}"
            return sql, [*values.values(), row.key, *seen.values()]
        values = {table.key: row.key, **({table.account: row.account_id} if kind == "task" else {}), **values}
        columns = ", ".join(map(_name, values))
        marks = ", ".join(["%s"] * len(values))
        sql = f"INSERT INTO {_table(table.name)} ({columns}) VALUES ({marks}) ON CONFLICT ({key}) DO NOTHING"
        return sql, list(values.values())

    def _stored(self, kind: Kind, row: Outgoing, touched: int) -> Outcome:
        if touched:
            return Outcome.ok()
        # Somebody made it meanwhile, or changed or deleted it: the engine reads it and decides again.
        return Outcome.unknown("exists") if row.create else Outcome.retry(code="changed")

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        import psycopg

        try:
            yield self._connected()
        except psycopg.OperationalError as exc:
            self.close()
            raise Busy(code=f"sql_{exc.sqlstate or 'no_answer'}") from None
        except psycopg.Error as exc:
            self.close()
            cure = "Check the tables and columns of [destination], and that this user may read and write them."
            raise SettingsError(f"the database refuses: {type(exc).__name__}.", where=self.name, cure=cure) from None

    def _connected(self) -> Any:
        import psycopg

        if self._db is None or self._db.closed:
            address = self._url.get_secret_value()
            try:
                self._db = psycopg.connect(address, autocommit=True, connect_timeout=10)
            except psycopg.OperationalError as exc:
                if exc.sqlstate is None and "authentication" not in str(exc):
                    raise
                cure = "Check the user and the password in the environment."
                raise DeliveryIncomplete("the database refuses the sign-in.", where=self.name, cure=cure) from None
            self._db.execute("SET TIME ZONE 'UTC'")
            self._db.execute(f"SET statement_timeout = '{ANSWER_SECONDS}s'")
            self._db.execute("SET lock_timeout = '10s'")
        return self._db

    def finish(self) -> None:
        """Nothing is left to do."""

    def close(self) -> None:
        """Hang up."""
        if self._db is not None:
            self._db.close()
            self._db = None


def _columns(db: Any, table: str) -> dict[str, tuple[str, Field]]:
    schema, _, name = table.rpartition(".")
    sql = (
        "SELECT column_name, data_type, character_maximum_length, numeric_scale,"
        " is_updatable = 'YES' AND is_generated = 'NEVER' AND has_column_privilege(c.oid, column_name::text, 'UPDATE')"
        " FROM information_schema.columns JOIN (SELECT %s::regclass AS oid) c ON true"
        " JOIN pg_class ON pg_class.oid = c.oid JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE table_schema = n.nspname AND table_name = pg_class.relname"
    )
    lines = db.execute(sql, (f'"{schema}"."{name}"' if schema else f'"{name}"',)).fetchall()
    return {
        column: (kind, Field(length, writable, scale if kind == "numeric" else None))
        for column, kind, length, scale, writable in lines
    }


def _is_unique(db: Any, table: Table) -> bool:
    schema, _, name = table.name.rpartition(".")
    sql = (
        "SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
        " WHERE i.indrelid = %s::regclass AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1"
        " AND i.indpred IS NULL AND i.indexprs IS NULL AND a.attname = %s"
    )
    return bool(db.execute(sql, (f'"{schema}"."{name}"' if schema else f'"{name}"', table.key)).fetchone())


def _name(column: str) -> str:
    return '"' + column.replace('"', '""').replace("%", "%%") + '"'


def _table(name: str) -> str:
    return ".".join(_name(part) for part in re.split(r"\.", name, maxsplit=1))


def _plain(value: Any) -> Scalar:
    """A column's value as ours."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)
