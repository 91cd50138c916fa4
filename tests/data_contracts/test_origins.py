"""Sources in another database than the warehouse: each SELECT runs there and its rows are copied by Arrow batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import ibis
import pytest

from data_contracts import big_tables
from data_contracts.check import check_sources
from data_contracts.sources import ACCEPTED, QUARANTINED, Mapped
from tests.data_contracts.rows import NOW, rows_of

CRM = """
CREATE TABLE kunden (nr INTEGER PRIMARY KEY, firma TEXT, angelegt DATE, mail TEXT);
INSERT INTO kunden VALUES (1, 'Fjord', '2024-01-01', 'ada@example.com'), (2, '', '2024-01-02 00:00:00', NULL);
CREATE TABLE vertraege (nr INTEGER, kunde INTEGER, von DATE, bis DATE, betrag NUMERIC(10,2), sitze REAL, verlaengert BOOLEAN);
INSERT INTO vertraege VALUES (10, 1, '2024-01-01', '2025-01-01', 1200.5, 5.0, 1), (11, 2, '2024-02-01', '2025-02-01', 99, NULL, 0);
CREATE TABLE klicks (wer INTEGER, wann TIMESTAMP, was TEXT);
"""
SOURCES = {
    "accounts": "SELECT nr AS account_id, firma AS name, angelegt AS created_on, mail AS owner_email FROM kunden",
    "subscriptions": "SELECT nr AS subscription_id, kunde AS account_id, von AS starts_on, bis AS ends_on, betrag AS arr, "
    "sitze AS seats, verlaengert AS auto_renew FROM vertraege",
    "usage_events": "SELECT wer AS account_id, wann AS occurred_at, was AS feature FROM klicks",
}


@pytest.fixture
def origin(tmp_path: Path) -> Iterator[Any]:
    path = tmp_path / "crm.sqlite"
    with sqlite3.connect(path) as database:
        database.executescript(CRM)
        clicks = [(n % 2 + 1, f"2024-03-{n % 28 + 1:02d} 10:00:00", "export") for n in range(1000)]
        clicks[3] = (1, "kaputt", "export")
        clicks[4] = (99, "2024-03-05T12:00:00+02:00", "export")
        clicks[5] = (1, "2024-03-05T12:00:00+02:00", "zoned")
        database.executemany("INSERT INTO klicks VALUES (?, ?, ?)", clicks)
    database.close()
    connection = ibis.sqlite.connect(path)
    yield connection
    connection.disconnect()


def selects(**changes: str) -> dict[str, Mapped]:
    return {name: Mapped(name, Path(f"{name}.sql"), sql) for name, sql in (SOURCES | changes).items()}


def test_a_sqlite_database_with_names_of_its_own_is_read_batch_by_batch(
    origin: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(big_tables, "BATCH_ROWS", 300)
    warehouse = ibis.duckdb.connect()
    coverage = Mapped(
        "usage_events", Path("usage_events_coverage.sql"), "SELECT DISTINCT wer AS account_id FROM klicks"
    )
    facts, report = check_sources(warehouse, origin, selects(), {"usage_events": coverage}, now=NOW)
    assert {n: t.verdict for n, t in report.tables.items() if t.verdict != "absent"} == {
        "accounts": "ok",
        "subscriptions": "ok",
        "usage_events": "quarantined",
    }
    accounts = {row["account_id"]: row for row in rows_of(warehouse, ACCEPTED, "accounts")}
    assert (accounts["1"]["name"], accounts["2"]["name"]) == ("Fjord", None)
    assert accounts["2"]["created_on"] == date(2024, 1, 2)
    terms = {row["subscription_id"]: row for row in rows_of(warehouse, ACCEPTED, "subscriptions")}
    assert (terms["10"]["arr"], terms["10"]["seats"], terms["10"]["auto_renew"]) == (1200.5, 5, True)
    assert (terms["11"]["account_id"], terms["11"]["seats"], terms["11"]["auto_renew"]) == ("2", None, False)
    events = rows_of(warehouse, ACCEPTED, "usage_events")
    assert len(events) == 998
    assert [e["occurred_at"] for e in events if e["feature"] == "zoned"] == [datetime.fromisoformat("2024-03-05 10:00")]
    apart = {row["reasons"]: row["unread"] for row in rows_of(warehouse, QUARANTINED, "usage_events")}
    assert apart == {"occurred_at_type": "occurred_at: kaputt; ", "account_id_known": None}
    assert sorted(r["account_id"] for r in facts.covered["usage_events"].to_pyarrow().to_pylist()) == ["1", "2"]
    assert facts.mapped["usage_events"] == {"account_id", "occurred_at", "feature"}
    assert warehouse.list_tables(database="staged") == []


def test_a_second_duckdb_file_keeps_its_types(tmp_path: Path) -> None:
    origin, warehouse = ibis.duckdb.connect(tmp_path / "theirs.duckdb"), ibis.duckdb.connect(tmp_path / "ours.duckdb")
    sql = "SELECT uuid() AS account_id, TIMESTAMPTZ '2024-01-01 23:00:00-05' AS created_on FROM range(3)"
    mapped = {"accounts": Mapped("accounts", Path("accounts.sql"), sql)}
    _, report = check_sources(warehouse, origin, mapped, {}, now=NOW)
    assert report.tables["accounts"].verdict == "ok", report.tables["accounts"].message
    assert {row["created_on"] for row in rows_of(warehouse, ACCEPTED, "accounts")} == {date(2024, 1, 2)}
    assert origin.list_tables() == []


def test_an_empty_table_crosses_with_its_columns(origin: Any) -> None:
    warehouse = ibis.duckdb.connect()
    mapped = selects(usage_events=SOURCES["usage_events"] + " WHERE 1 = 0")
    _, report = check_sources(warehouse, origin, mapped, {}, now=NOW)
    assert rows_of(warehouse, ACCEPTED, "usage_events") == []
    assert report.tables["usage_events"].message.startswith("no activity table has a row")


@pytest.mark.parametrize(
    ("sql", "told", "cure"),
    [
        ("SELECT * FROM nowhere", "the SELECT cannot be run: no such table: nowhere", "Run it in your database's own"),
        ("SELECT nr AS account_id FROM kunden", "`accounts` has no column `created_on`.", "Map it in sources/accounts"),
    ],
)
def test_mistakes_in_the_other_database_are_told_as_at_home(origin: Any, sql: str, told: str, cure: str) -> None:
    _, report = check_sources(ibis.duckdb.connect(), origin, selects(accounts=sql), {}, now=NOW)
    check = report.tables["accounts"]
    assert (check.verdict, check.message) == ("stopped", told)
    assert check.cure.startswith(cure)
