"""Every rule of every source contract catches its own bad row, alone; without the rule that row passes unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import ibis
import pytest

from data_contracts.contract import Check, source_contracts
from data_contracts.sources import SourceReader
from data_contracts.validate import Findings
from tests.data_contracts.bad_rows import CASES
from tests.data_contracts.rows import CLEAN, deliver, reader

CONTRACTS = source_contracts()
TABLES = sorted(CONTRACTS)


@dataclass(frozen=True)
class Staged:
    """One table with a clean row and the bad row of each case; `rows_of[case]` are the case's row numbers."""

    reader: SourceReader
    table: Any
    clean: int
    rows_of: dict[str, list[int]]
    found: Findings

    def reasons(self, found: Findings, case: str) -> list[tuple[str, ...]]:
        return [found.reasons[number] for number in self.rows_of[case] if number in found.reasons]


def stage(table: str, source: SourceReader) -> Staged:
    contract, rows, rows_of = CONTRACTS[table], [CLEAN[table]], {}
    own = next((name for name in contract.key if name != "account_id"), "account_id")
    for number, (_, case, change) in enumerate(c for c in CASES if c[0] == table):
        key = f"{CLEAN[table][own]}-{number}"
        values = {name: value and value.replace("{key}", key) for name, value in change.items() if name != "TWICE"}
        copies = 2 if "TWICE" in change else 1
        rows_of[case] = list(range(len(rows), len(rows) + copies))
        rows += [CLEAN[table] | {own: key} | values] * copies
    staged, _ = source.stage(deliver(source.warehouse, table, rows), contract)
    return Staged(source, staged, 0, rows_of, source.findings(staged, contract))


@pytest.fixture(scope="module")
def tables() -> Iterator[dict[str, Staged]]:
    source = reader(ibis.duckdb.connect())
    return {table: stage(table, source) for table in TABLES}


@pytest.mark.parametrize("table", TABLES)
def test_every_check_has_its_bad_row(table: str) -> None:
    assert sorted(case for t, case, _ in CASES if t == table) == sorted(check.name for check in CONTRACTS[table].checks)


@pytest.mark.parametrize("table", TABLES)
def test_the_clean_row_passes(table: str, tables: dict[str, Staged]) -> None:
    assert tables[table].clean not in tables[table].found.reasons


@pytest.mark.parametrize(("table", "check"), [(table, check) for table, check, _ in CASES])
def test_a_bad_row_is_caught_by_its_check_and_no_other(table: str, check: str, tables: dict[str, Staged]) -> None:
    staged = tables[table]
    assert staged.reasons(staged.found, check) == [(check,)]
    assert {f.check.name: f.rows for f in staged.found.failed}[check] == 1


@pytest.mark.parametrize(("table", "check", "change"), CASES, ids=[f"{table}-{check}" for table, check, _ in CASES])
def test_without_its_check_a_bad_row_passes_unnoticed(
    table: str, check: str, change: dict[str, str | None], tables: dict[str, Staged]
) -> None:
    staged, contract = tables[table], CONTRACTS[table]
    # A check that reads none of the changed columns sees the clean row: leaving it out saves most of the time.
    changed = set(contract.key) if "TWICE" in change else set(change)
    concerned = tuple(c for c in contract.without(check).checks if base_columns(c) & changed)
    found = staged.reader.findings(staged.table, replace(contract, checks=concerned))
    assert staged.reasons(found, check) == []


def base_columns(check: Check) -> set[str]:
    """The columns that a check reads, markers by the column they are about."""
    return check.columns | ({check.column} if check.column else set())
