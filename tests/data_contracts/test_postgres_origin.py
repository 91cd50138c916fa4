"""Sources in Postgres: read without leave to write, whatever types the columns have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ibis
import pytest

from data_contracts.check import check_sources
from data_contracts.origins import portable, selected
from data_contracts.sources import ACCEPTED, Mapped
from tests.data_contracts.rows import NOW, rows_of
from tests.postgres import ZONE, server

SETUP = """
CREATE TYPE mood AS ENUM ('calm', 'cross');
CREATE DOMAIN euros AS numeric(12, 2);
CREATE TABLE everything AS SELECT
  1::bigint AS whole, 10::numeric / 3 AS third, 123456.07::numeric(12, 2) AS fixed, 3.5::euros AS own, 12.5::money AS cash,
  '00000000-0000-4000-8000-000000000001'::uuid AS id, 'calm'::mood AS mood, '{"a": 1}'::jsonb AS doc, ARRAY[1, 2] AS many,
  daterange('2025-01-01', '2025-02-01') AS period, interval '1 day' AS span, 'x'::char(3) AS code, true AS yes,
  '2025-03-01 23:30:00-05'::timestamptz AS zoned, '2025-03-01 23:30:00'::timestamp AS plain, date '2025-03-01' AS day,
  '12:00'::time AS clock, '10.0.0.1'::inet AS address, null::text AS nothing;
CREATE TABLE cents AS SELECT n, n / 100.0 AS amount FROM generate_series(1, 20000) AS n
  UNION ALL SELECT n, n / 100.0 FROM generate_series(999999900000, 999999999999, 997) AS n;
CREATE ROLE reader LOGIN PASSWORD 'reader-only';
ALTER ROLE reader SET default_transaction_read_only = on;
REVOKE TEMPORARY ON DATABASE postgres FROM PUBLIC;
GRANT SELECT ON everything, cents TO reader;
"""


@pytest.fixture(scope="module")
def origin() -> Iterator[Any]:
    """A connection as a role that may read two tables and nothing else."""
    with server() as address:
        owner = ibis.connect(address)
        owner.raw_sql(SETUP).close()
        owner.disconnect()
        reader = ibis.connect(f"postgres://reader:reader-only@127.0.0.1:{urlsplit(address).port}/postgres")
        yield reader
        reader.disconnect()


def crossed(origin: Any, sql: str) -> list[dict[str, Any]]:
    return portable(selected(origin, sql), sqlite=False).to_pyarrow_batches().read_all().to_pylist()


def test_every_type_crosses_as_itself_or_as_text(origin: Any) -> None:
    (row,) = crossed(origin, "SELECT * FROM everything -- all of it")
    assert {name: value for name, value in row.items() if name not in ("third", "fixed", "own", "zoned")} == {
        "whole": 1,
        "cash": "$12.50",
        "id": "00000000-0000-4000-8000-000000000001",
        "mood": "calm",
        "doc": '{"a": 1}',
        "many": "{1,2}",
        "period": "[2025-01-01,2025-02-01)",
        "span": "1 day",
        "code": "x",
        "yes": True,
        "plain": datetime.fromisoformat("2025-03-01 23:30:00"),
        "day": date(2025, 3, 1),
        "clock": "12:00:00",
        "address": "10.0.0.1/32",
        "nothing": None,
    }
    assert row["third"] == 10 / 3
    assert (float(row["fixed"]), float(row["own"])) == (123456.07, 3.5)
    assert row["zoned"] == datetime.fromisoformat("2025-03-02 04:30:00+00:00")


def test_cents_divided_there_are_the_money_that_python_reads(origin: Any) -> None:
    rows = crossed(origin, "SELECT * FROM cents")
    assert len(rows) > 20_000
    assert [row["amount"] for row in rows] == [row["n"] / 100 for row in rows]


def test_the_session_runs_in_utc_whatever_the_server_says(origin: Any) -> None:
    assert crossed(origin, "SELECT reset_val AS zone FROM pg_settings WHERE name = 'TimeZone'") == [{"zone": ZONE}]
    (row,) = crossed(
        origin, "SELECT to_timestamp(0)::date AS day, timestamp '2025-07-01 00:00' ::timestamptz AS moment"
    )
    assert row["day"] == date(1970, 1, 1)
    assert row["moment"] == datetime.fromisoformat("2025-07-01 00:00:00+00:00")


def test_a_table_is_read_by_a_role_that_may_write_nothing(origin: Any) -> None:
    sql = "SELECT id AS account_id, zoned::date AS created_on, mood AS segment FROM everything"
    warehouse = ibis.duckdb.connect()
    _, report = check_sources(
        warehouse, origin, {"accounts": Mapped("accounts", Path("accounts.sql"), sql)}, {}, now=NOW
    )
    assert report.tables["accounts"].verdict == "ok", report.tables["accounts"].message
    (row,) = rows_of(warehouse, ACCEPTED, "accounts")
    assert (row["created_on"], row["segment"]) == (date(2025, 3, 2), "calm")
    warehouse.disconnect()


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT * FROM nowhere", 'the SELECT cannot be run: relation "nowhere" does not exist'),
        ("SELECT id AS account_id FROM everything", "`accounts` has no column `created_on`."),
        ("DELETE FROM everything", "the SELECT cannot be run: syntax error"),
        (
            "SELECT id AS account_id, cash AS created_on FROM everything",
            "not one of the 1 values of `created_on` in `accounts` reads as a date",
        ),
    ],
)
def test_mistakes_are_told_as_at_home(origin: Any, sql: str, told: str) -> None:
    warehouse = ibis.duckdb.connect()
    mapped = {"accounts": Mapped("accounts", Path("accounts.sql"), sql)}
    _, report = check_sources(warehouse, origin, mapped, {}, now=NOW)
    assert report.tables["accounts"].verdict == "stopped"
    assert report.tables["accounts"].message.startswith(told)
    warehouse.disconnect()
