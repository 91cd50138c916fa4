"""Contenders that run inside DuckDB: one scan, the engine, hand-written SQL, and validation.

Each takes a case and the folder of its data and returns the work to be measured; what it prepares is not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.case import Case
from benchmarks.columns import CORE, FIVE, FURTHER_WINDOWS, as_of_dates
from benchmarks.generate import accepted, delivered

SCANNED = {"account_id": "max", "user_id": "max", "occurred_at": "max", "count": "sum"}
BATCH = 100_000
Work = Callable[[], Any]


def scan(case: Case, folder: Path) -> Work:
    """The yardstick: four columns of every event, read once and aggregated."""
    engine, _ = _connected(case, folder)
    columns = ", ".join(f'{how}("{name}")' for name, how in SCANNED.items())
    statement = f"SELECT {columns} FROM {_events(case, folder)}"
    return lambda: engine.con.execute(statement).fetchall()


def engine(case: Case, folder: Path) -> Work:
    """`feature_table` over the columns of the case; the cohort is there already."""
    from features.feature_table import feature_table
    from features.stored import in_parts, stored

    connection, facts = _connected(case, folder)
    chosen = indicators(case.columns)
    snapshots, members = _cohort(connection, facts, case)

    def work() -> Any:
        with stored(facts, snapshots, chosen, connection, members) as kept:
            found = []
            for part in in_parts(chosen):
                table = feature_table(kept, members, snapshots, part).select("account_id", "as_of", *part)
                found.append(_consumed(table.to_pyarrow_batches(chunk_size=BATCH), keep=case.size in ("tiny", "S")))
        return found[0] if len(found) == 1 else None

    return work


def raw_sql(case: Case, folder: Path) -> Work:
    """The core columns by hand-written SQL."""
    from benchmarks.raw_sql import core_sql

    connection, facts = _connected(case, folder)
    _cohort(connection, facts, case)
    statement = core_sql(_events(case, folder), "cohort", as_of_dates(case.snapshots))

    def work() -> Any:
        reader = connection.con.execute(statement).to_arrow_reader(BATCH)
        return _consumed(reader, keep=case.size in ("tiny", "S"))

    return work


def validation(case: Case, folder: Path) -> Work:
    """`churn check` of the events: read, judged by their contract, accepted rows stored. Accounts are there already."""
    import ibis

    from data_contracts.contract import source_contracts
    from data_contracts.mapping import Mapped
    from data_contracts.sources import SourceReader

    warehouse = ibis.duckdb.connect(folder / "validation.duckdb")
    reader = SourceReader(warehouse, warehouse, now=datetime(2026, 1, 5))  # noqa: DTZ001
    contracts = source_contracts()

    def mapped(name: str) -> Mapped:
        return Mapped(name, Path(f"{name}.sql"), f"SELECT * FROM read_parquet('{folder / name}.parquet')")

    reader.read(mapped("accounts"), contracts["accounts"])

    def work() -> Any:
        check = reader.read(mapped("usage_events"), contracts["usage_events"])
        if check.verdict != "ok":
            raise ValueError(f"The generated events are {check.verdict}.")
        return None

    return work


def indicators(columns: str) -> Mapping[str, Any]:
    """The indicators of a named set of columns."""
    from features.catalogue import catalogue
    from features.indicators.usage import user_days

    found = dict(catalogue())
    if columns == "all":
        return found
    core = {name: found[name] for name in (FIVE if columns == "five" else CORE)}
    if columns == "core and further windows":
        for weeks in FURTHER_WINDOWS:
            name = f"active_user_days_{7 * weeks}d_before"
            core[name] = replace(core["active_user_days_28d"], name=name, expr=user_days(7 * weeks, ago=7))
    return core


def _connected(case: Case, folder: Path) -> tuple[Any, Any]:
    import ibis

    from data_contracts.sources import ACCEPTED, Facts

    connection = ibis.duckdb.connect(accepted(folder), read_only=True)
    connection.raw_sql("SET TimeZone = 'UTC'")
    connection.raw_sql(f"SET temp_directory = '{folder / 'spill'}'")
    if case.memory:
        connection.raw_sql(f"SET memory_limit = '{case.memory}'")
    tables = {name: connection.table(name, database=ACCEPTED) for name in delivered(folder)}
    if case.source == "parquet":
        tables["usage_events"] = connection.sql(f"SELECT * FROM {_events(case, folder)}")
    return connection, Facts(tables, {}, delivered(folder))


def _events(case: Case, folder: Path) -> str:
    """The events as a FROM text: the accepted table, or the files with the `known_at` they would be given."""
    if case.source == "duckdb":
        return "accepted.usage_events"
    return f"(SELECT *, occurred_at AS known_at FROM read_parquet('{folder / 'usage_events.parquet'}'))"


def _cohort(connection: Any, facts: Any, case: Case) -> tuple[Any, Any]:
    from features.cohort import CohortRule, cohort
    from features.snapshots import Snapshots

    snapshots = Snapshots.of(as_of_dates(case.snapshots))
    members = connection.create_table("cohort", cohort(facts, snapshots, CohortRule()), temp=True, overwrite=True)
    return snapshots, members


def _consumed(batches: Any, *, keep: bool) -> Any:
    """Every batch fetched; kept only where somebody compares them."""
    import pyarrow as pa

    if keep:
        return pa.Table.from_batches(list(batches))
    return sum(len(batch) for batch in batches)
