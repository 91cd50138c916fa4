"""From plain rows to accepted tables in DuckDB, and from there to frames that can be compared to the bit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from data_contracts.contract import Contract, source_contracts
from data_contracts.known import as_arrow, in_contract_types, restated
from data_contracts.sources import Facts
from features.catalogue import catalogue
from features.cohort import CohortRule, cohort
from features.feature_table import feature_table
from features.snapshots import Snapshots


def at(text: str) -> datetime:
    """A moment in UTC without a zone, as accepted tables hold it: at("2025-06-01 23:59:59")."""
    return datetime.fromisoformat(text)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def frame_of(rows: Sequence[Mapping[str, Any]], contract: Contract) -> pd.DataFrame:
    """Rows with every contract column; `known_at` falls back to the event, as `data_contracts.sources` does it."""
    frame = pd.DataFrame([{**dict.fromkeys(contract.column_names), "known_at": _event(r, contract), **r} for r in rows])
    return in_contract_types(frame.reindex(columns=contract.column_names), contract)


def _event(row: Mapping[str, Any], contract: Contract) -> datetime | None:
    events = [row[c] for c in contract.event_time if row.get(c)]
    if not events and contract.event_time_else:
        events = [row[contract.event_time_else] - timedelta(days=1)]
    return min((e if isinstance(e, datetime) else midnight(e) for e in events), default=None)


def frames_of(world: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, pd.DataFrame]:
    return {name: frame_of(rows, source_contracts()[name]) for name, rows in world.items()}


def connect() -> Any:
    connection = ibis.duckdb.connect()
    connection.raw_sql("SET TimeZone = 'UTC'; SET threads = 1")
    return connection


def facts_of(
    frames: Mapping[str, pd.DataFrame],
    covered: Mapping[str, Sequence[str]] | None = None,
    connection: Any = None,
) -> Facts:
    """The frames as Facts, in a database of their own unless one is given: there they replace what it holds."""
    connection = connection or connect()

    def put(name: str, rows: pa.Table) -> Any:
        return connection.create_table(name, rows, overwrite=True)

    tables = {n: put(n, _accepted(f, source_contracts()[n])) for n, f in frames.items()}
    covers = {n: put(f"{n}_coverage", pa.table({"account_id": pa.array(a)})) for n, a in (covered or {}).items()}
    return Facts(tables, covers, restated=restated(frames, source_contracts()))


def _accepted(frame: pd.DataFrame, contract: Contract) -> pa.Table:
    """The rows as Facts hold them: only a table with versions says when each was superseded."""
    rows = as_arrow(frame, contract)
    versions = restated({contract.name: frame}, {contract.name: contract})
    return rows if versions else rows.drop_columns("superseded_at")


def facts_from(**world: Sequence[Mapping[str, Any]]) -> Facts:
    """Facts from a handful of hand-written rows."""
    return facts_of(frames_of(world))


class Compiled:
    """An expression over Facts, compiled once into a view and asked again and again for other books."""

    def __init__(self, expression: Callable[[Facts], Any]) -> None:
        self._connection = connect()
        self._expression = expression
        self._views: dict[frozenset[str], Any] = {}

    def __call__(
        self, frames: Mapping[str, pd.DataFrame], covered: Mapping[str, Sequence[str]] | None = None
    ) -> pa.Table:
        facts = facts_of(frames, covered, self._connection)
        # Tables with restatements have a column more: they are asked another way.
        name = f"answer_{'_'.join(sorted(facts.restated))}"
        if facts.restated not in self._views:
            # Kept alive: its in-memory tables live as long as it does.
            self._views[facts.restated] = self._expression(facts)
            self._connection.create_view(name, self._views[facts.restated])
        return self._connection.raw_sql(f"SELECT * FROM {name}").to_arrow_table()


def engine(snapshots: Snapshots, names: Collection[str]) -> Compiled:
    """The feature table at these snapshots, with these indicators."""
    chosen = {name: indicator for name, indicator in catalogue().items() if name in names}
    return Compiled(lambda facts: feature_table(facts, cohort(facts, snapshots, CohortRule()), snapshots, chosen))


def features_of(facts: Facts, snapshots: Snapshots) -> pd.DataFrame:
    """The feature table of one book."""
    scored = cohort(facts, snapshots, CohortRule()).cache()
    return in_key_order(feature_table(facts, scored, snapshots, catalogue()).to_pyarrow())


def in_key_order(table: pa.Table) -> pd.DataFrame:
    frame = table.to_pandas()
    frame["as_of"] = pd.to_datetime(frame["as_of"]).dt.date
    return frame.sort_values(["as_of", "account_id"], ignore_index=True)
