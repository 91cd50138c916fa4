"""Generated data on disk: Parquet by size, and the same as accepted tables of a DuckDB warehouse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.book import SIZES, Size, book
from benchmarks.events import write_events
from benchmarks.small_tables import write_small_tables

WAREHOUSE = "warehouse.duckdb"
MADE = "made.json"


def generated(name: str, folder: Path) -> Path:
    """The folder with the Parquet files of a size; written if it is not there yet."""
    size, target = SIZES[name], folder / name
    if not (target / MADE).exists():
        target.mkdir(parents=True, exist_ok=True)
        made = book(size)
        rows = write_small_tables(made, target) | {
            "usage_events": write_events(made, size, target / "usage_events.parquet")
        }
        (target / MADE).write_text(json.dumps(rows), encoding="utf-8")
    return target


def rows_of(folder: Path) -> dict[str, int]:
    """Rows of every table, as they were written."""
    return json.loads((folder / MADE).read_text(encoding="utf-8"))


def accepted(folder: Path) -> Path:
    """The DuckDB file with every table as `churn check` would leave it in `accepted`; made if it is not there yet."""
    file = folder / WAREHOUSE
    if not file.exists():
        import ibis

        from data_contracts.sources import ACCEPTED

        making = file.with_suffix(".making")
        making.unlink(missing_ok=True)
        engine = ibis.duckdb.connect(making)
        engine.raw_sql("SET TimeZone = 'UTC'")
        engine.raw_sql("SET memory_limit = '4GB'")
        engine.create_database(ACCEPTED)
        for name, table in under_contract(engine, folder).items():
            engine.create_table(name, table, database=ACCEPTED)
        engine.disconnect()
        making.rename(file)
    return file


def under_contract(engine: Any, folder: Path) -> dict[str, Any]:
    """The Parquet files as Ibis tables with every contract column and `known_at`, read anew by every query."""
    from data_contracts.contract import source_contracts
    from data_contracts.staging import delivered_columns, typed, with_known_at

    tables = {}
    for name, contract in source_contracts().items():
        raw = delivered_columns(engine.read_parquet(folder / f"{name}.parquet"), contract)
        tables[name] = with_known_at(typed(raw, contract, where=name).select(*contract.column_names), contract)
    return tables


def cohort_file(folder: Path, snapshots: int) -> Path:
    """account_id, as_of and seats of every account and snapshot, for contenders that do not know our cohort."""
    file = folder / f"cohort_{snapshots}.parquet"
    if not file.exists():
        import ibis

        from benchmarks.columns import as_of_dates
        from data_contracts.sources import ACCEPTED, Facts
        from features.cohort import CohortRule, cohort
        from features.snapshots import Snapshots

        engine = ibis.duckdb.connect(accepted(folder), read_only=True)
        facts = Facts({name: engine.table(name, database=ACCEPTED) for name in delivered(folder)})
        members = cohort(facts, Snapshots.of(as_of_dates(snapshots)), CohortRule())
        members.select("account_id", "as_of", "seats").to_parquet(file)
        engine.disconnect()
    return file


def delivered(folder: Path) -> dict[str, frozenset[str]]:
    """Columns that the generated files have, by table: the others are null and say nothing."""
    import pyarrow.parquet as pq

    return {
        f.stem: frozenset(pq.read_schema(f).names)
        for f in sorted(folder.glob("*.parquet"))
        if not f.stem.startswith("cohort_")
    }


__all__ = ["SIZES", "Size", "accepted", "cohort_file", "delivered", "generated", "rows_of", "under_contract"]
