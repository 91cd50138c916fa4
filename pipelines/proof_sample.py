"""Some accounts with all their facts, in a database of their own: what the proof spoils, renames and builds again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from data_contracts.contract import Contract, source_contracts
from data_contracts.sources import Facts
from features.cohort import CohortRule
from features.snapshots import Snapshots
from pipelines.build_features import dated
from pipelines.parts import Parts
from proof.order import renamed

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

MESSAGES, TICKETS = "ticket_messages", "support_tickets"


@dataclass(frozen=True)
class Sample:
    """Frames in the contracts' types by table, the accounts each table covers, and the columns that are mapped."""

    tables: Mapping[str, pd.DataFrame]
    covered: Mapping[str, tuple[str, ...]]
    mapped: Mapping[str, frozenset[str]]

    def with_tables(self, tables: Mapping[str, pd.DataFrame]) -> Sample:
        """The same coverage over other facts."""
        return Sample(tables, self.covered, self.mapped)

    def plain(self) -> dict[str, list[dict[str, Any]]]:
        """The tables as plain rows of plain Python values, for loops."""
        return {name: _arrow(frame, name).to_pylist() for name, frame in self.tables.items()}

    def uncovered(self, accounts: Collection[str]) -> dict[str, set[str]]:
        """Table → the accounts that it cannot speak about; all of them where the table is absent."""
        found = {name: set(accounts) for name in source_contracts() if name not in self.tables}
        return found | {name: set(accounts) - set(covered) for name, covered in self.covered.items()}


def sample_of(facts: Facts, accounts: Collection[str]) -> Sample:
    """All facts of some accounts."""
    import ibis
    import pyarrow as pa

    from data_contracts.corruption import in_contract_types

    chosen = ibis.memtable(pa.table({"account_id": pa.array(sorted(accounts), pa.string())}))

    def rows(name: str) -> Any:
        table = facts.tables[name].select(*source_contracts()[name].column_names)
        if name == MESSAGES:
            return table.semi_join(facts.tables[TICKETS].semi_join(chosen, "account_id"), "ticket_id")
        return table.semi_join(chosen, "account_id")

    names = [n for n in facts.tables if n != MESSAGES or TICKETS in facts.tables]
    tables = {n: in_contract_types(rows(n).to_pyarrow().to_pandas(), source_contracts()[n]) for n in names}
    covered = {
        n: tuple(t.semi_join(chosen, "account_id").to_pyarrow()["account_id"].to_pylist())
        for n, t in facts.covered.items()
    }
    return Sample(tables, covered, facts.mapped)


def under_other_names(sample: Sample, *, seed: int) -> tuple[Sample, dict[str, str]]:
    """Rows shuffled and every id replaced; with it, new account id → old one."""
    tables = {
        name: frame.assign(**{c: frame[c].map(_rename, na_action="ignore") for c in _ids(source_contracts()[name])})
        .sample(frac=1.0, random_state=seed)
        .reset_index(drop=True)
        for name, frame in sample.tables.items()
    }
    covered = {name: tuple(sorted(map(renamed, accounts))) for name, accounts in sample.covered.items()}
    old = set(sample.tables["accounts"]["account_id"]) | set(sample.tables["subscriptions"]["account_id"])
    return Sample(tables, covered, sample.mapped), {renamed(account): account for account in old}


def _rename(text: Any) -> str:
    return renamed(str(text))


def _ids(contract: Contract) -> list[str]:
    """Columns that only name something: keys and references."""
    references = {str(check.column) for check in contract.checks if check.references} | {"merged_into"}
    return [c for c in contract.column_names if c.endswith("_id") or c in references]


@contextmanager
def built(sample: Sample) -> Iterator[tuple[Any, Facts]]:
    """(connection, facts) of a sample in memory; gone on leaving."""
    import ibis
    import pyarrow as pa

    engine = ibis.duckdb.connect()
    engine.raw_sql("SET TimeZone = 'UTC'")
    try:
        tables = {n: engine.create_table(n, _arrow(frame, n)) for n, frame in sample.tables.items()}
        covered = {
            n: engine.create_table(f"{n}_coverage", pa.table({"account_id": pa.array(a, pa.string())}))
            for n, a in sample.covered.items()
        }
        yield engine, Facts(tables, covered, sample.mapped)
    finally:
        engine.disconnect()


def features_of(sample: Sample, parts: Parts, rule: CohortRule, dates: Collection[date]) -> pd.DataFrame:
    """The cohort with its indicators at some dates, sorted by as_of and account, as the parts build them."""
    snapshots = Snapshots.of(dates)
    with built(sample) as (engine, facts):
        members = engine.create_table("cohort", parts.cohort(facts, snapshots, rule))
        frame = dated(parts.features(facts, members, snapshots, dict(parts.indicators())).to_pandas())
    return frame.sort_values(["as_of", "account_id"], ignore_index=True)


def _arrow(frame: pd.DataFrame, name: str) -> pa.Table:
    from data_contracts.corruption import as_arrow

    return as_arrow(frame, source_contracts()[name])


def newest_fact(facts: Facts, *, until: datetime) -> date:
    """The newest day on which anything happened in any table, up to the moment of the run."""
    import ibis

    days: list[date] = []
    for name, table in facts.tables.items():
        contract = source_contracts()[name]
        for column in {*contract.event_time, *contract.mutable.values()}:
            moment = table[column].cast("timestamp")
            value = table.filter(moment < ibis.literal(until)).aggregate(newest=moment.max()).to_pyarrow()["newest"][0]
            if (found := value.as_py()) is not None:
                days.append(found.date())
    return max(days)
