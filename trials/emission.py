"""From a simulated company straight to indicators: no files, no contracts, the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pandas as pd

from data_contracts.check import CheckReport
from data_contracts.contract import Contract, source_contracts
from data_contracts.facts import Facts
from data_contracts.known import as_arrow, happened_at, in_contract_types, restated
from data_contracts.sources import ACCEPTED
from features.mood import with_moods
from pipelines.build_features import Checked
from pipelines.settings import Project
from simulation import Company

RESTATED = ("subscriptions",)
"""What the simulation enters twice: a decision that the CRM learns of late."""


@contextmanager
def emitted(company: Company, project: Project, *, memory: str = "6GB") -> Iterator[Checked]:
    """The company's tables as `checked_sources` would hand them over, in a DuckDB in memory.

    Only for companies without rows that a contract refuses (`World.refused_rows`): nothing is validated here. What the
    raw path does to good rows is done: contract types, exact copies once, `known_at` from the event where it is not
    given, versions told apart, moods scored. tests/trials/test_emission.py holds the two against each other.
    """
    import ibis

    engine = ibis.duckdb.connect()
    engine.raw_sql(f"SET TimeZone = 'UTC'; SET memory_limit = '{memory}'; SET enable_progress_bar = false")
    try:
        engine.create_database(ACCEPTED)
        frames = {name: accepted(frame, source_contracts()[name]) for name, frame in company.tables.items()}
        versions = restated({name: frames[name] for name in RESTATED}, source_contracts())
        tables = {}
        for name in list(frames):
            rows = as_arrow(frames.pop(name), source_contracts()[name])
            if name not in versions:
                rows = rows.drop_columns("superseded_at")
            tables[name] = engine.create_table(name, rows, database=ACCEPTED)
        facts = Facts(tables, {}, _mapped(company.tables), versions)
        yield Checked(project, with_moods(facts, engine), CheckReport({}), engine)
    finally:
        engine.disconnect()


def accepted(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """Good rows as the contract's table holds them."""
    full = frame.reindex(columns=list(contract.column_names))
    typed = in_contract_types(full, contract)
    known = typed["known_at"]
    typed["known_at"] = known.fillna(happened_at(typed, contract)) if known.isna().any() else known
    keyed = [*contract.key, "known_at"]
    return typed.drop_duplicates(keyed, ignore_index=True)


def _mapped(tables: Mapping[str, pd.DataFrame]) -> dict[str, frozenset[str]]:
    contracts = source_contracts()
    return {name: frozenset(frame.columns) & set(contracts[name].column_names) for name, frame in tables.items()}
