"""One suite, two engines: on dirty tables a scan in DuckDB finds what Great Expectations finds in a frame, row by row."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pytest
from great_expectations.validator.metric_configuration import MetricConfiguration

from data_contracts import big_tables, scan
from data_contracts.big_tables import scanned
from data_contracts.contract import Check, source_contracts
from data_contracts.predicates import Rule
from data_contracts.scan_engine import SCAN, ScanExecutionEngine
from data_contracts.sources import ACCEPTED, QUARANTINED, STAGED, SourceReader
from data_contracts.validate import ROW, Findings, Validator
from policy.errors import SettingsError
from tests.data_contracts.bad_rows import CASES
from tests.data_contracts.rows import CLEAN, NOW, deliver, reader, rows_of

CONTRACTS = source_contracts()
ODD_TEXT = (
    "ui\n", " ui", "UI", "a@b", "a@b\n", "a\xa0b@c", "a b@c", "@", "a@b@c", "é@ü", "a@b\x1c", "it's; --", '"', "Ünï", "",
)  # fmt: skip
ODD_NUMBERS = (
    "0",
    "1",
    "-1",
    "0.999999",
    "1.0000001",
    "5",
    "10",
    "730",
    "731",
    "1e308",
    "9007199254740993",
    "nan",
    "x",
)
ODD_MOMENTS = (
    "2026-01-01 12:00:00", "2026-01-01 11:59:59.999999", "2026-01-02 12:00:00", "2026-01-02 12:00:00.000001",
    "1990-01-01", "1989-12-31 23:59:59", "2024-03-04", "2024-03-04 00:00:00.000001", "9999-12-31", "0001-01-01", "soon",
)  # fmt: skip


def dirty(table: str, seed: int, rows: int = 150) -> list[dict[str, str | None]]:
    """Clean rows with keys of their own, of which many are broken, blanked, restated or delivered again."""
    dice, contract = random.Random(f"{table} {seed}"), CONTRACTS[table]
    own = next((name for name in contract.key if name != "account_id"), "account_id")
    changes = [change for name, _, change in CASES if name == table and "TWICE" not in change]
    odd = {"string": ODD_TEXT, "integer": ODD_NUMBERS, "number": ODD_NUMBERS, "boolean": ("true", "maybe")}
    # One delivery in three says `known_at` by its day only: then moments of that day are compared by day.
    by_day = seed % 3 == 0
    found: list[dict[str, str | None]] = []
    for n in range(rows):
        row = CLEAN[table] | {own: f"k{n}"}
        if dice.random() < 0.4:
            change = dice.choice(changes)
            row |= {name: value and value.replace("{key}", f"k{n}") for name, value in change.items()}
        for column in contract.columns:
            if dice.random() < 0.06:
                row[column.name] = dice.choice(odd.get(column.type, ODD_MOMENTS))
            elif dice.random() < 0.05:
                row[column.name] = None
        found.append(row)
        for _ in range(dice.choice((0, 0, 0, 1, 2))):
            again = dict(dice.choice(found))
            if dice.random() < 0.6:
                again["known_at"] = dice.choice(("2025-05-01", "2025-06-01 10:00:00", None))
            if dice.random() < 0.5:
                plain = dice.choice(contract.column_names)
                again[plain] = dice.choice((CLEAN[table][plain], None))
            found.append(again)
    dice.shuffle(found)
    return [row | {"known_at": (row["known_at"] or "")[:10]} for row in found] if by_day else found


@pytest.fixture(scope="module")
def source() -> SourceReader:
    return reader(ibis.duckdb.connect())


def both(source: SourceReader, table: str, rows: list[dict[str, str | None]]) -> tuple[Findings, Findings, Any]:
    contract = CONTRACTS[table]
    staged, _ = source.stage(deliver(source.warehouse, table, rows), contract)
    framed = source.findings(staged, contract)
    narrow = contract.for_delivered(source.delivered[table])
    return framed, scanned(source.validator, source.warehouse, staged, contract, narrow, NOW), staged


def told(source: SourceReader, table: str) -> dict[int, set[str]]:
    return {row[ROW]: set(row["reasons"].split(", ")) for row in rows_of(source.warehouse, STAGED, f"{table}_failing")}


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))])
@pytest.mark.parametrize("table", sorted(CONTRACTS))
def test_the_same_rows_fail_the_same_checks(table: str, seed: int, source: SourceReader) -> None:
    framed, found, _ = both(source, table, dirty(table, seed))
    assert {f.check.name: f.rows for f in found.failed} == {f.check.name: f.rows for f in framed.failed}
    assert told(source, table) == {row: set(names) for row, names in framed.reasons.items()}
    assert (found.rows, found.bad) == (framed.rows, framed.bad)
    assert found.bad > 20
    assert found.stopping == framed.stopping


@pytest.mark.slow
@pytest.mark.parametrize("table", sorted(CONTRACTS))
def test_every_check_can_fail_in_the_dirt(table: str, source: SourceReader) -> None:
    """Else the equivalence of a check that never fails would be empty."""
    seen: set[str] = set()
    for seed in range(3):
        rows = dirty(table, seed)
        contract = CONTRACTS[table]
        staged, _ = source.stage(deliver(source.warehouse, table, rows), contract)
        narrow = contract.for_delivered(source.delivered[table])
        seen |= {
            f.check.name for f in scanned(source.validator, source.warehouse, staged, contract, narrow, NOW).failed
        }
    missing = {check.name for check in CONTRACTS[table].checks} - seen
    assert missing <= {"known_at_not_in_the_future"}, missing


def test_a_clean_table_is_clean(source: SourceReader) -> None:
    rows = [CLEAN["invoices"] | {"invoice_id": f"i{n}"} for n in range(50)]
    framed, found, _ = both(source, "invoices", rows)
    assert (framed.failed, found.failed, found.bad) == ((), (), 0)
    assert told(source, "invoices") == {}


def test_keys_that_hash_alike_are_told_apart_by_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scan, "suspects", everything_is_suspect)
    engine = ibis.duckdb.connect()
    engine.raw_sql(
        "CREATE TABLE t AS SELECT * FROM (VALUES (1, 'a', NULL), (2, 'a', NULL), (3, 'b', 1), (4, 'b', 2)) r(n, x, y)"
    )
    one = scan.Scan(engine, "t", CONTRACTS["users"], row="n", scratch="s")
    together = Rule("TRUE", "FALSE", ("x", "y"), key=("x", "y"))
    assert one.violations([together]) == [2]
    assert one.samples(together) == [("a", None), ("a", None)]
    one.drop()
    assert engine.list_tables() == ["t"]


def everything_is_suspect(connection: Any, relation: str, key: str, where: str, *, rows: int, into: str) -> str:
    connection.raw_sql(f"CREATE OR REPLACE TABLE {into} AS SELECT hash({key}) AS h FROM {relation}").fetchall()
    return into


@pytest.mark.parametrize("rows_a_pass", [1, 40, 10**6])
def test_copies_are_found_whatever_the_number_of_passes(
    rows_a_pass: int, source: SourceReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scan, "ROWS_A_PASS", rows_a_pass)
    monkeypatch.setattr(big_tables, "SCAN_ROWS", 10)
    rows = [CLEAN["usage_events"] | {"event_id": f"e{n % 90}", "known_at": None} for n in range(100)]
    check = source.read(deliver(source.warehouse, "usage_events", rows), CONTRACTS["usage_events"])
    assert [(f.check.name, f.rows) for f in check.failed] == [("unique_key", 10)]


def outcome(tmp_path: Path, table: str, rows: list[dict[str, str | None]], **changed: Any) -> tuple[Any, ...]:
    engine = ibis.duckdb.connect()
    source = reader(engine, docs=tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changed.items():
            patch.setattr(big_tables, name, value)
        if changed:
            patch.setattr(Validator, "findings", None)  # no frame is validated
        check = source.read(deliver(engine, table, rows), CONTRACTS[table])
    source.validator.write_docs({table: check})
    assert engine.list_tables(database=STAGED) == []
    page = re.sub(r"<[^>]*>|\s+", " ", (tmp_path / f"{table}.html").read_text(encoding="utf-8"))
    kept = [
        sorted(
            str({k: sorted(v.split(", ")) if k == "reasons" else v for k, v in row.items()})
            for row in rows_of(engine, schema, table)
        )
        for schema in (ACCEPTED, QUARANTINED)
        if table in engine.list_tables(database=schema)
    ]
    return (check.verdict, check.quarantined, check.message), kept, re.sub(r"\s+", " ", page), source.restated


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("table", ["usage_events", "entitlements", "subscriptions"])
def test_a_big_table_is_parted_told_and_shown_as_a_small_one(table: str, seed: int, tmp_path: Path) -> None:
    own = next(name for name in CONTRACTS[table].key if name != "account_id")
    rows: list[dict[str, str | None]] = [CLEAN[table] | {own: f"c{n}"} for n in range(4000)]
    rows += dirty(table, seed, rows=60)
    framed = outcome(tmp_path / "frame", table, rows)
    found = outcome(tmp_path / "scan", table, rows, SCAN_ROWS=10)
    assert (found[0], found[1], found[3]) == (framed[0], framed[1], framed[3])
    shown = r"[\d,]+ unexpected values found\.|[\d.]+% of [\d,]+ total rows|[\d,]+ rows, [\d,]+ checks, [\d,]+ failed"
    assert re.findall(shown, found[2]) == re.findall(shown, framed[2]) != []


def test_a_warehouse_of_another_kind_gets_the_numbers_back(tmp_path: Path) -> None:
    """Played by a DuckDB that passes for none: its rows are copied, scanned in another one and parted where they were."""
    rows = dirty("support_tickets", 2)
    framed = outcome(tmp_path / "frame", "support_tickets", rows)
    assert (
        outcome(tmp_path / "scan", "support_tickets", rows, SCAN_ROWS=10, BATCH_ROWS=37, NATIVE="another")[:2]
        == framed[:2]
    )


def test_python_never_sees_more_than_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every row is broken and every key is a copy: still only counts, samples and examples leave DuckDB."""
    source = reader(ibis.duckdb.connect())
    monkeypatch.setattr(big_tables, "SCAN_ROWS", 10)
    seen: list[int] = []
    ask, to_pandas = scan.Scan._ask, ibis.expr.types.Table.to_pandas

    def asked(self: Any, sql: str) -> Any:
        found = ask(self, sql)
        seen.append(len(found))
        return found

    def framed(self: Any, **options: Any) -> Any:
        found = to_pandas(self, **options)
        seen.append(len(found))
        return found

    monkeypatch.setattr(scan.Scan, "_ask", asked)
    monkeypatch.setattr(ibis.expr.types.Table, "to_pandas", framed)
    rows = [CLEAN["usage_events"] | {"event_id": f"e{n // 2}", "count": "0", "channel": "fax"} for n in range(2000)]
    check = source.read(deliver(source.warehouse, "usage_events", rows), CONTRACTS["usage_events"])
    assert (check.verdict, check.rows, check.quarantined) == ("stopped", 2000, 2000)
    assert {f.check.name: f.rows for f in check.failed} == {
        "channel_valid": 2000, "count_minimum": 2000, "unique_key": 1000,
    }  # fmt: skip
    assert max(seen) <= 300


def test_a_rule_that_has_no_sql_is_an_error_of_the_contract_with_its_cure(source: SourceReader) -> None:
    contract = CONTRACTS["usage_events"]
    digits = Check("digits", "event_id", "`event_id` is a number.", "expect_column_values_to_match_regex",
                   {"column": "event_id", "regex": r"^\d{3}\Z"})  # fmt: skip
    staged, _ = source.stage(deliver(source.warehouse, "usage_events", [CLEAN["usage_events"]]), contract)
    with pytest.raises(SettingsError, match=r"usage_events\.yaml: the rule `digits` .*\\d\{3\}") as told:
        scanned(source.validator, source.warehouse, staged, contract, replace(contract, checks=(digits,)), NOW)
    assert "sources/usage_events.sql" in told.value.cure
    many = tuple(replace(contract.checks[0], name=f"rule_{n}") for n in range(scan.MOST_RULES + 1))
    with pytest.raises(SettingsError, match="63 rules are more than the 62"):
        scanned(source.validator, source.warehouse, staged, contract, replace(contract, checks=many), NOW)


def test_a_metric_that_the_engine_does_not_know_raises() -> None:
    engine, source = ScanExecutionEngine(), reader(ibis.duckdb.connect())
    frame = pd.DataFrame({"account_id": []})
    frame.attrs[SCAN] = scan.Scan(source.warehouse, "raw_accounts", CONTRACTS["accounts"], row="n", scratch="s")
    engine.load_batch_data("b", frame)
    with pytest.raises(NotImplementedError, match=r"`column\.max` is not compiled for a scan"):
        engine.resolve_metrics([MetricConfiguration("column.max", {"column": "account_id"}, {})])
    rows = MetricConfiguration("table.row_count", {}, {})
    assert engine.resolve_metrics([rows]) == {rows.id: 1}
