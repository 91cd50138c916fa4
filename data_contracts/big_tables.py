"""Tables too big for a frame: searched for copies and validated where they are, in DuckDB.

A warehouse of another kind hands its staged rows over by Arrow batches to a DuckDB file that lives as long as the check;
only the numbers of the failing rows go back.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from data_contracts.contract import KNOWN_AT, Contract
from data_contracts.predicates import both, quoted
from data_contracts.restated import repeated
from data_contracts.scan import Scan, suspects
from data_contracts.validate import ROW, Findings, Validator

STAGED = "staged"
NATIVE = "duckdb"
SCAN_ROWS = 200_000  # up to here a frame is as fast and simpler
BATCH_ROWS = 100_000
SCRATCH = ("_masks", "_suspects", "_copies")


def is_big(rows: int) -> bool:
    """Whether a table of so many rows is scanned in DuckDB rather than read into a frame."""
    return rows > SCAN_ROWS


def repeated_rows(warehouse: Any, staged: Any, contract: Contract) -> Any:
    """The rows whose key comes more than once (see `restated.repeated`), of a big table found by their hashes first."""
    rows = int(staged.count().execute())
    if not is_big(rows) or warehouse.name != NATIVE:
        return repeated(staged, contract, row=ROW)
    table, into = f"{STAGED}.{quoted(contract.name)}", f"{STAGED}.{quoted(contract.name + '_suspects')}"
    key, where = ", ".join(map(quoted, contract.key)), "TRUE"
    for name in contract.always_in_key:
        where = both(where, f"{quoted(name)} IS NOT NULL")
    suspects(warehouse, table, key, where, rows=rows, into=into)
    named = ", ".join(quoted(name) for name in dict.fromkeys([ROW, *contract.key, KNOWN_AT]))
    found = f"SELECT {named} FROM {table} WHERE {both(where, f'hash({key}) IN (SELECT h FROM {into})')}"
    return repeated(warehouse.sql(found), contract, row=ROW)


def scanned(
    validator: Validator, warehouse: Any, staged: Any, whole: Contract, narrow: Contract, now: datetime
) -> Findings:
    """What the checks of `narrow` find in a big table; `kept` is the table of failing rows in the warehouse."""
    into = f"{whole.name}_failing"
    if warehouse.name == NATIVE:
        copies = f"{whole.name}_repeated"
        among = f"{STAGED}.{quoted(copies)}" if copies in warehouse.list_tables(database=STAGED) else None
        return _in_duckdb(validator, warehouse, staged, narrow, now, into=into, among=among)
    with _copy(staged, whole.name) as (local, copied):
        found = _in_duckdb(validator, local, copied, narrow, now, into=into, among=None)
        failing = local.table(into, database=STAGED)
        warehouse.create_table(into, failing.schema().to_pyarrow().empty_table(), database=STAGED, overwrite=True)
        insert(warehouse, into, failing)
    return found


def insert(warehouse: Any, name: str, rows: Any) -> None:
    """Append the rows of another connection's table to a staged table, batch by batch."""
    import pyarrow as pa

    for batch in rows.to_pyarrow_batches(chunk_size=BATCH_ROWS):
        warehouse.insert(name, pa.Table.from_batches([batch]), database=STAGED)


def _in_duckdb(
    validator: Validator, duck: Any, staged: Any, narrow: Contract, now: datetime, *, into: str, among: str | None
) -> Findings:
    scratch = f"{STAGED}.{narrow.name}"
    scan = Scan(duck, f"({duck.compile(staged)})", narrow, row=ROW, scratch=scratch, among=among)
    try:
        return validator.findings_of(scan, narrow, now=now, into=f"{STAGED}.{quoted(into)}")
    finally:
        scan.drop()


@contextmanager
def _copy(staged: Any, name: str) -> Iterator[tuple[Any, Any]]:
    """The staged rows in a DuckDB file of their own, which goes with the check."""
    import ibis

    with tempfile.TemporaryDirectory() as folder:
        local = ibis.duckdb.connect(Path(folder) / "scan.duckdb")
        local.raw_sql("SET TimeZone = 'UTC'")
        local.create_database(STAGED)
        copied = local.create_table(name, staged.schema().to_pyarrow().empty_table(), database=STAGED)
        insert(local, name, staged)
        yield local, copied
        local.disconnect()
