"""A project folder's SELECTs as tables under contract: read, validated, and the bad rows set apart."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.big_tables import insert, is_big, repeated_rows, scanned
from data_contracts.contract import KNOWN_AT, Column, Contract, is_marker
from data_contracts.facts import Facts, latest
from data_contracts.mapping import Mapped, mapped_sources
from data_contracts.origins import portable, selected
from data_contracts.quarantine import (
    ACCEPTED,
    QUARANTINED,
    STAGED,
    examples_of,
    failing_rows,
    numbered,
    part,
)
from data_contracts.restated import with_versions
from data_contracts.staging import (
    TEXT,
    delivered_columns,
    mapping_warnings,
    typed,
    value_and_marker,
    with_reference,
)
from data_contracts.validate import ROW, Findings, Validator, naive_utc
from data_contracts.verdict import SHOWN, TableCheck, TableVerdict, decisive, shown_columns, verdict_of
from policy.errors import ContractStop

__all__ = [
    "ACCEPTED",
    "QUARANTINED",
    "STAGED",
    "Facts",
    "Mapped",
    "SourceReader",
    "TableCheck",
    "TableVerdict",
    "latest",
    "mapped_sources",
]

log = logging.getLogger(__name__)

RUN_IT_YOURSELF = "Run it in your database's own console, mend it, and check again."
UNREADABLE = (
    "Check the file's encoding (UTF-8, or say which: read_csv('…', encoding = 'latin-1')), its delimiter and its column "
    "types."
)


class SourceReader:
    """Reads mapped SELECTs into the warehouse under their contracts.

    `warehouse` and `origin` are Ibis connections; where they are the same one, nothing leaves the database.
    """

    def __init__(self, warehouse: Any, origin: Any, *, now: datetime, docs: Path | None = None) -> None:
        self.warehouse = warehouse
        self.origin = origin
        self.now = naive_utc(now)
        self.validator = Validator(docs=docs)
        self.delivered: dict[str, frozenset[str]] = {}
        self.restated: set[str] = set()
        self._accepted: set[str] = set()
        for connection in (warehouse, origin):
            if connection.name == "duckdb":
                # Casting a zoned moment to a plain one takes the session's zone; dates here are UTC.
                connection.raw_sql("SET TimeZone = 'UTC'")
        for schema in (STAGED, ACCEPTED, QUARANTINED):
            if schema not in warehouse.list_databases():
                warehouse.create_database(schema)

    def read(self, mapped: Mapped, contract: Contract) -> TableCheck:
        """Stage one table, validate it, and keep accepted and quarantined rows apart in the warehouse."""
        self.forget(contract.name)
        try:
            staged, warnings = self.stage(mapped, contract)
        except ContractStop as stop:
            return TableCheck(contract.name, "stopped", message=stop.message, cure=stop.cure, where=mapped.where)
        found = self.findings(staged, contract)
        if found.rows == 0 and contract.presence == "required":
            check = TableCheck(
                contract.name,
                "stopped",
                message=f"`{contract.name}` is empty.",
                cure=f"Look at what {mapped.where} selects: without {contract.name} there is nobody to score.",
            )
        else:
            failing = failing_rows(self.warehouse, contract, found)
            if part(self.warehouse, staged, contract, failing):
                self.restated.add(contract.name)
            check = self._verdict(staged, contract, found, failing)
        self._clear(contract.name)
        if check.verdict == "stopped":
            self._drop(contract.name, ACCEPTED)
        else:
            self._accepted.add(contract.name)
        log.info("%s: %s rows, %s failing, %s", contract.name, found.rows, found.bad, check.verdict)
        return replace(check, where=mapped.where, warnings=tuple(warnings))

    def stage(self, mapped: Mapped, contract: Contract) -> tuple[Any, list[str]]:
        """The table in the contract's types with its markers and row numbers, and what to warn of."""
        import ibis

        raw = self._run(mapped)
        warnings = mapping_warnings(raw.columns, contract)
        for warning in warnings:
            log.warning("%s %s", mapped.where, warning)
        raw = delivered_columns(raw, contract)
        self.delivered[contract.name] = frozenset(raw.columns)
        with self._readable(mapped):
            local = self._local(raw, f"{contract.name}_copied")
            table = typed(local, contract, where=mapped.where).mutate(**{ROW: ibis.row_number()})
            for check in contract.checks:
                parent, _, key = (check.references or "").partition(".")
                if check.column and parent in self._accepted and check.column in raw.columns:
                    keys = self.warehouse.table(parent, database=ACCEPTED).select(key)
                    table = with_reference(table, check.column, keys)
            staged = self.warehouse.create_table(contract.name, table, database=STAGED, overwrite=True)
        self._drop(f"{contract.name}_copied", STAGED)
        return self._versioned(staged, contract), warnings

    def _versioned(self, staged: Any, contract: Contract) -> Any:
        """The staged table with what tells the versions of one key apart."""
        if not contract.restatable:
            return staged
        if KNOWN_AT not in self.delivered[contract.name]:
            return with_versions(staged, None, row=ROW)
        name, copies = f"{contract.name}_repeated", repeated_rows(self.warehouse, staged, contract)
        stored = self.warehouse.create_table(name, copies, database=STAGED, overwrite=True)
        return with_versions(staged, stored if stored.count().execute() else None, row=ROW)

    def findings(self, staged: Any, contract: Contract) -> Findings:
        """What validation finds in a staged table; a big one is scanned where it is and never becomes a frame."""
        narrow = contract.for_delivered(self.delivered[contract.name])
        if is_big(int(staged.count().execute())):
            return scanned(self.validator, self.warehouse, staged, contract, narrow, self.now)
        needed = [c for c in staged.columns if c == ROW or c in narrow.column_names or is_marker(c)]

        def whole_rows(numbers: Sequence[int]) -> Any:
            return staged.semi_join(numbered(numbers), ROW).to_pandas()

        frame = staged.select(*needed).to_pandas()
        return self.validator.findings(frame, narrow, now=self.now, whole_rows=whole_rows)

    def cover(self, mapped: Mapped) -> Any:
        """The accounts a table can speak about, as one column `account_id`."""
        name = f"{mapped.table}_coverage"
        raw = self._run(mapped)
        columns = {column.lower(): column for column in raw.columns}
        if "account_id" not in columns:
            raise ContractStop(
                "has no column `account_id`.",
                where=mapped.where,
                cure=f"Select the accounts that `{mapped.table}` covers AS account_id.",
            )
        with self._readable(mapped):
            raw = self._local(raw.select(account_id=raw[columns["account_id"]]), name)
            ids, _ = value_and_marker(raw["account_id"], Column("account_id", "string", ""), mapped.where)
            keys = raw.select(account_id=ids).distinct()
            keys = keys.filter(keys["account_id"].notnull())
            if "accounts" in self._accepted:
                keys = keys.semi_join(self.warehouse.table("accounts", database=ACCEPTED), "account_id")
            covered = self.warehouse.create_table(name, keys, database=ACCEPTED, overwrite=True)
        self._drop(name, STAGED)
        if not covered.count().execute():
            raise ContractStop(
                "names no account that sources/accounts.sql delivers.",
                where=mapped.where,
                cure=f"Compare the ids, or delete {mapped.where} if `{mapped.table}` covers every account.",
            )
        return covered

    def forget(self, name: str) -> None:
        """Drop what an earlier run left of a table, so that nothing stale can be read."""
        self._accepted.discard(name)
        self.restated.discard(name)
        self._clear(name)
        for table, schema in ((name, ACCEPTED), (f"{name}_coverage", ACCEPTED), (name, QUARANTINED)):
            self._drop(table, schema)

    def _run(self, mapped: Mapped) -> Any:
        try:
            return selected(self.origin, mapped.sql)
        except Exception as exc:
            # Ibis asks the engine to describe the statement; what is no single SELECT has no description.
            what = "it is not one SELECT statement" if isinstance(exc, KeyError) else _in_short(exc)
            raise ContractStop(
                f"the SELECT cannot be run: {what}",
                where=mapped.where,
                cure=UNREADABLE if _speaks_of_encoding(what) else RUN_IT_YOURSELF,
            ) from exc

    @contextmanager
    def _readable(self, mapped: Mapped) -> Iterator[None]:
        try:
            yield
        except ContractStop:
            raise
        except Exception as exc:
            raise ContractStop(
                f"the rows cannot be read: {_in_short(exc)}",
                where=mapped.where,
                cure=UNREADABLE,
            ) from exc

    def _local(self, expr: Any, name: str) -> Any:
        """The expression as a table of the warehouse: itself where it runs there, else copied batch by batch."""
        if self.origin is self.warehouse:
            return expr
        expr = portable(expr, sqlite=self.origin.name == "sqlite")
        empty = expr.schema().to_pyarrow().empty_table()
        copied = self.warehouse.create_table(name, empty, database=STAGED, overwrite=True)
        insert(self.warehouse, name, expr)
        return copied

    def _verdict(self, staged: Any, contract: Contract, found: Findings, failing: Any) -> TableCheck:
        worst = decisive(contract, found)
        if worst is None:
            return verdict_of(contract, found)
        rows = examples_of(staged, failing, worst.check.name, most=100 * SHOWN)
        columns = shown_columns(contract, worst.check)
        values = [_shown(row, columns) for row in rows.sort_values(ROW).to_dict("records")]
        examples = list(dict.fromkeys(value for value in values if value))[:SHOWN]
        filled = None
        if worst.check.column and worst.check.column + TEXT in staged.columns:
            both = staged[worst.check.column].notnull() | staged[worst.check.column + TEXT].notnull()
            filled = int(both.sum().execute())
        return verdict_of(contract, found, filled=filled, examples=examples)

    def _clear(self, name: str) -> None:
        for suffix in ("", "_repeated", "_succeeded", "_suspects", "_failing"):
            self._drop(name + suffix, STAGED)

    def _drop(self, name: str, schema: str) -> None:
        self.warehouse.drop_table(name, database=schema, force=True)


def _shown(row: Mapping[Any, Any], columns: Sequence[str]) -> str:
    """`column value` of the columns that have one: the text as delivered where it could not be read."""
    given = {name: row.get(name + TEXT) or row[name] for name in columns}
    return ", ".join(f"{name} `{value}`" for name, value in given.items() if value is not None and value == value)


def _speaks_of_encoding(text: str) -> bool:
    return any(word in text.lower() for word in ("encod", "unicode", "utf-8", "utf8"))


def _in_short(exc: Exception) -> str:
    """The first lines of a database's message on one line; the rest is a dump of settings."""
    return " ".join(" ".join(str(exc).split("\n\n")[0].split())[:300].split())
