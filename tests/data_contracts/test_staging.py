"""Values of every shape a source delivers, read as the contract's types; what does not read is told, never guessed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import ibis
import pytest

from data_contracts.contract import source_contracts
from data_contracts.sources import ACCEPTED, SourceReader, TableCheck
from tests.data_contracts.rows import reader, rows_of, select

BASE = {
    "event_id": "'e1'",
    "account_id": "'a1'",
    "occurred_at": "TIMESTAMP '2024-03-04 10:15:00'",
}


@pytest.fixture(scope="module")
def source() -> SourceReader:
    engine = ibis.duckdb.connect()
    engine.raw_sql("SET TimeZone = 'America/New_York'")
    return reader(engine)


def read(source: SourceReader, table: str = "usage_events", rest: str = "", **columns: str) -> TableCheck:
    """Read one row, its columns given as SQL."""
    given = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    return source.read(select(table, f"SELECT {given} {rest}"), source_contracts()[table])


def value(source: SourceReader, column: str, sql: str) -> Any:
    check = read(source, **BASE | {column: sql})
    assert check.verdict == "ok", check.message
    return rows_of(source.warehouse, ACCEPTED, "usage_events")[0][column]


@pytest.mark.parametrize(
    "sql",
    [
        "TIMESTAMP '2024-03-04 10:15:00'",
        "TIMESTAMPTZ '2024-03-04 05:15:00-05'",
        "'2024-03-04T12:15:00+02:00'",
        "'2024-03-04T10:15:00Z'",
        "'2024-03-04 10:15'",
        "' 2024-03-04 10:15:00 '",
        "TIMESTAMP_NS '2024-03-04 10:15:00'",
    ],
)
def test_moments_are_read_as_utc_whatever_their_zone_or_the_session_s(source: SourceReader, sql: str) -> None:
    assert value(source, "occurred_at", sql) == datetime.fromisoformat("2024-03-04 10:15:00")


def test_a_date_with_a_zone_is_the_day_in_utc(source: SourceReader) -> None:
    columns = {"account_id": "'a9'", "created_on": "TIMESTAMPTZ '2024-03-04 22:00:00-05'"}
    assert read(source, "accounts", **columns).verdict == "ok"
    assert rows_of(source.warehouse, ACCEPTED, "accounts")[0]["created_on"] == date(2024, 3, 5)
    reader(source.warehouse)


@pytest.mark.parametrize(
    ("sql", "read_as"),
    [
        ("3", 3), ("3::DOUBLE", 3), ("3.0::DECIMAL(9,2)", 3), ("'3'", 3), ("' 3 '", 3), ("'3.0'", 3), ("''", None),
        ("'  '", None), ("NULL", None), ("'NaN'", None), ("'NaN'::DOUBLE", None), ("9007199254740993", 9007199254740993),
        ("'9007199254740993'", 9007199254740993), ("7::UTINYINT", 7),
    ],
)  # fmt: skip
def test_whole_numbers_are_read_to_the_last_digit_and_blanks_are_null(
    source: SourceReader, sql: str, read_as: int | None
) -> None:
    assert value(source, "count", sql) == read_as


@pytest.mark.parametrize("sql", ["1.5::DOUBLE", "'1.5'", "'three'", "'inf'::DOUBLE", "'1,000'", "1e19::DOUBLE"])
def test_a_count_that_is_not_a_whole_number_fails_its_type(source: SourceReader, sql: str) -> None:
    check = read(source, **BASE | {"count": sql})
    assert [f.check.name for f in check.failed] == ["count_type"]


@pytest.mark.parametrize(
    ("sql", "read_as"),
    [("17", "17"), ("17.0::DOUBLE", "17"), ("17::DECIMAL(9,2)", "17"), ("' x '", " x "), ("''", None), ("'NaN'::DOUBLE", None)],
)  # fmt: skip
def test_ids_are_text_without_a_trailing_zero_and_text_is_not_trimmed(
    source: SourceReader, sql: str, read_as: str | None
) -> None:
    assert value(source, "user_id", sql) == read_as


@pytest.mark.parametrize(
    ("sql", "read_as"), [("true", True), ("1", True), ("0", False), ("'false'", False), ("NULL", None)]
)
def test_flags_are_read_from_booleans_numbers_and_words(source: SourceReader, sql: str, read_as: bool | None) -> None:
    columns = {"touch_id": "'c1'", "account_id": "'a1'", "kind": "'qbr'", "direction": "'ours'"}
    columns |= {"occurred_at": "DATE '2024-03-04'", "attended": sql}
    assert read(source, "touchpoints", **columns).verdict == "ok"
    assert rows_of(source.warehouse, ACCEPTED, "touchpoints")[0]["attended"] is read_as
    columns["attended"] = "2"
    assert [f.check.name for f in read(source, "touchpoints", **columns).failed] == ["attended_type"]


def test_an_end_without_end_is_kept_though_it_lies_beyond_what_pandas_can_hold(source: SourceReader) -> None:
    term = {"subscription_id": "'s1'", "account_id": "'a1'", "arr": "1", "starts_on": "DATE '2024-01-01'"}
    assert read(source, "subscriptions", **term | {"ends_on": "DATE '9999-12-31'"}).verdict == "ok"
    assert rows_of(source.warehouse, ACCEPTED, "subscriptions")[0]["ends_on"] == date(9999, 12, 31)
    assert read(source, "subscriptions", **term | {"ends_on": "DATE '0001-01-01'"}).verdict == "stopped"


def test_a_day_is_not_before_an_hour_of_the_same_day(source: SourceReader) -> None:
    ticket = {"ticket_id": "'t2'", "account_id": "'a1'", "opened_at": "TIMESTAMP '2024-04-01 09:00:00'"}
    assert read(source, "support_tickets", **ticket | {"closed_at": "DATE '2024-04-01'"}).verdict == "ok"
    late = read(source, "support_tickets", **ticket | {"closed_at": "DATE '2024-03-31'"})
    assert [f.check.name for f in late.failed] == ["closed_at_not_before_opened_at"]
    reader(source.warehouse)


def test_a_type_that_fails_in_some_rows_quarantines_those_rows_only(source: SourceReader) -> None:
    check = read(
        source,
        rest="FROM range(100) t(i)",
        **BASE | {"event_id": "'e' || i", "count": "CASE WHEN i = 7 THEN 'x' ELSE '1' END"},
    )
    assert (check.verdict, check.quarantined) == ("quarantined", 1)


def test_a_type_that_fails_in_every_row_stops_with_the_values_and_the_conversion(source: SourceReader) -> None:
    day = "CASE WHEN i < 60 THEN '13/02/2024' WHEN i < 90 THEN '14/02/2024' END"
    check = read(source, rest="FROM range(90) t(i)", **BASE | {"event_id": "'e' || i", "occurred_at": day})
    assert check.verdict == "stopped"
    assert check.message == (
        "not one of the 90 values of `occurred_at` in `usage_events` reads as a date and time. "
        "For example occurred_at `13/02/2024`; occurred_at `14/02/2024`."
    )
    assert check.cure == (
        "Convert it in sources/usage_events.sql, for example strptime(your_column, '%d/%m/%Y %H:%M') AS occurred_at "
        "(from epoch seconds: to_timestamp(your_column))."
    )


@pytest.mark.parametrize(
    ("column", "sql", "told"),
    [
        ("occurred_at", "1709547300", "`occurred_at` should be timestamp, and the SELECT gives int32."),
        ("count", "DATE '2024-01-01'", "`count` should be integer, and the SELECT gives date."),
    ],
)
def test_a_type_of_another_kind_stops_before_any_row_is_read(
    source: SourceReader, column: str, sql: str, told: str
) -> None:
    check = read(source, **BASE | {column: sql})
    assert (check.verdict, check.message) == ("stopped", told)
    assert check.cure.startswith("Convert it in sources/usage_events.sql, for example ")


def test_column_names_may_be_shouted(source: SourceReader) -> None:
    check = read(source, EVENT_ID="'e1'", ACCOUNT_ID="'a1'", Occurred_At="DATE '2024-01-01'")
    assert check.verdict == "ok"
    assert source.delivered["usage_events"] == {"event_id", "account_id", "occurred_at"}
