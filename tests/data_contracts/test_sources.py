"""What goes wrong between a project's SELECT and the warehouse, told with what, where and the cure."""

from __future__ import annotations

import logging
from pathlib import Path

import ibis
import pytest

from data_contracts.contract import source_contracts
from data_contracts.sources import ACCEPTED, QUARANTINED, Facts, SourceReader, TableCheck
from policy.errors import ContractStop
from tests.data_contracts.rows import CLEAN, deliver, reader, rows_of, select

CONTRACTS = source_contracts()


@pytest.fixture
def source() -> SourceReader:
    return reader(ibis.duckdb.connect())


def read(source: SourceReader, table: str, sql: str) -> TableCheck:
    return source.read(select(table, sql), CONTRACTS[table])


def test_a_missing_column_is_told_with_the_nearest_spelling(source: SourceReader) -> None:
    check = read(source, "usage_events", "SELECT 'a1' AS account_id, now() AS occured_at")
    assert (check.verdict, check.where) == ("stopped", "sources/usage_events.sql")
    assert check.message == "`usage_events` has no column `occurred_at`. Did you mean `occured_at`?"
    assert check.cure == (
        "Map it in sources/usage_events.sql: SELECT … AS occurred_at. It gives `account_id`, `occured_at`."
    )


def test_all_missing_columns_are_told_at_once(source: SourceReader) -> None:
    check = read(source, "accounts", "SELECT 1 AS kunde")
    assert check.message == "`accounts` has no column `account_id`, `created_on`."


def test_extra_columns_are_ignored_with_a_warning(source: SourceReader, caplog: pytest.LogCaptureFixture) -> None:
    sql = "SELECT 'a1' AS account_id, DATE '2024-01-01' AS occurred_at, 'ui' AS chanel, 1 AS shoe_size"
    with caplog.at_level(logging.WARNING, "data_contracts.sources"):
        check = read(source, "usage_events", sql)
    assert check.verdict == "ok"
    assert check.warnings == (
        "selects `chanel`, which the contract does not know; it is ignored. Did you mean `channel`?",
        "selects `shoe_size`, which the contract does not know; it is ignored.",
    )
    assert [r.getMessage() for r in caplog.records] == [f"sources/usage_events.sql {w}" for w in check.warnings]
    assert "shoe_size" not in source.warehouse.table("usage_events", database=ACCEPTED).columns


def test_a_value_without_the_date_it_is_known_from_is_warned_of(source: SourceReader) -> None:
    check = read(source, "opportunities", "SELECT 'd' AS opportunity_id, 'a1' AS account_id, 'new' AS kind, "
                 "DATE '2024-01-01' AS created_at, false AS won")  # fmt: skip
    assert check.warnings == ("selects `won` but not `closed_at`, from which it is known: it will read as null.",)


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELEC 1", "the SELECT cannot be run: Parser Error: syntax error"),
        ("SELECT * FROM nowhere", "the SELECT cannot be run: Catalog Error: Table with name nowhere does not exist"),
        ("SELECT * FROM 'no.csv'", "the SELECT cannot be run: IO Error: No files found"),
        ("SELECT 1 AS a; SELECT 2 AS b", "the SELECT cannot be run: it is not one SELECT statement"),
    ],
)
def test_a_select_that_cannot_be_run_is_told(source: SourceReader, sql: str, told: str) -> None:
    check = read(source, "users", sql)
    assert check.verdict == "stopped"
    assert check.message.startswith(told)
    assert check.cure == "Run it in your database's own console, mend it, and check again."


def test_a_value_that_breaks_the_query_is_told(source: SourceReader) -> None:
    check = read(source, "usage_events", "SELECT 'a1' AS account_id, CAST(x AS DATE) AS occurred_at "
                 "FROM (VALUES ('2024-01-01'), ('13/2024')) t(x)")  # fmt: skip
    assert check.message.startswith("the rows cannot be read: Conversion Error")
    assert "column types" in check.cure


def test_a_csv_in_another_encoding_is_told_and_the_cure_works(source: SourceReader, tmp_path: Path) -> None:
    path = tmp_path / "accounts.csv"
    path.write_bytes("account_id,name,created_on\na1,Café Zürich,2024-01-01\n".encode("latin-1"))
    check = read(source, "accounts", f"SELECT * FROM read_csv('{path}')")
    assert check.verdict == "stopped"
    assert "not utf-8" in check.message
    late = tmp_path / "late.csv"  # the first bad byte lies beyond what the engine looks at beforehand
    late.write_bytes(b"account_id,name,created_on\n" + b"a1,Fjord,2024-01-01\n" * 60_000 + path.read_bytes()[27:])
    check = read(source, "accounts", f"SELECT * FROM read_csv('{late}')")
    assert check.message.startswith("the rows cannot be read: ")
    assert "read_csv('…', encoding = 'latin-1')" in check.cure
    assert read(source, "accounts", f"SELECT * FROM read_csv('{path}', encoding = 'latin-1')").verdict == "ok"
    assert rows_of(source.warehouse, ACCEPTED, "accounts")[0]["name"] == "Café Zürich"


def test_an_empty_required_table_stops_and_an_empty_optional_one_does_not(source: SourceReader) -> None:
    check = read(source, "accounts", "SELECT 'a' AS account_id, DATE '2024-01-01' AS created_on WHERE false")
    assert (check.verdict, check.message) == ("stopped", "`accounts` is empty.")
    assert check.cure == "Look at what sources/accounts.sql selects: without accounts there is nobody to score."
    sql = "SELECT 'a' AS account_id, 'm' AS milestone, 'task' AS kind WHERE false"
    assert read(source, "milestones", sql).verdict == "ok"
    assert rows_of(source.warehouse, ACCEPTED, "milestones") == []


def test_a_reference_to_nobody_is_quarantined_and_an_absent_parent_is_not_asked(source: SourceReader) -> None:
    message = CLEAN["ticket_messages"]
    rows = [
        message,
        *({**message, "message_id": f"m{n}"} for n in range(2, 100)),
        {**message, "message_id": "x", "ticket_id": "t9"},
    ]
    check = source.read(deliver(source.warehouse, "ticket_messages", rows), CONTRACTS["ticket_messages"])
    assert [(f.check.name, f.rows) for f in check.failed] == [("ticket_id_known", 1)]
    source.forget("support_tickets")
    check = source.read(deliver(source.warehouse, "ticket_messages", rows), CONTRACTS["ticket_messages"])
    assert check.verdict == "ok"


def test_a_stopped_parent_does_not_stop_its_children(source: SourceReader) -> None:
    assert read(source, "accounts", "SELECT 'a1' AS account_id").verdict == "stopped"
    check = source.read(deliver(source.warehouse, "users", [CLEAN["users"]]), CONTRACTS["users"])
    assert check.verdict == "ok"


def test_nothing_of_an_earlier_run_is_left(source: SourceReader) -> None:
    bad = [CLEAN["users"] | {"user_id": f"u{n}", "role": "user" if n else "king"} for n in range(50)]
    assert source.read(deliver(source.warehouse, "users", bad), CONTRACTS["users"]).verdict == "quarantined"
    assert read(source, "users", "SELECT 1 AS nothing").verdict == "stopped"
    for schema in (ACCEPTED, QUARANTINED):
        assert "users" not in source.warehouse.list_tables(database=schema)


def test_facts_know_which_columns_the_project_delivers(source: SourceReader) -> None:
    facts = Facts({"users": object()}, mapped={"users": frozenset({"user_id", "account_id"})})
    assert facts.has("users", "user_id")
    assert not facts.has("users", "user_id", "role")
    assert not facts.has("invoices")
    assert "invoices" in facts.absent
    assert "users" not in facts.absent


def test_coverage_lists_known_accounts_once(source: SourceReader) -> None:
    covered = source.cover(select("users", "SELECT * FROM (VALUES ('a1'), ('a1'), ('stranger'), (NULL)) t(ACCOUNT_ID)"))
    assert covered.to_pyarrow().to_pylist() == [{"account_id": "a1"}]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 'a1' AS id", "has no column `account_id`. Select the accounts that `users` covers AS account_id."),
        (
            "SELECT 'A-1' AS account_id",
            "names no account that sources/accounts.sql delivers. Compare the ids, or delete",
        ),
    ],
)
def test_a_coverage_that_says_nothing_is_refused(source: SourceReader, sql: str, told: str) -> None:
    with pytest.raises(ContractStop) as caught:
        source.cover(select("users", sql))
    assert str(caught.value).startswith(f"sources/users.sql: {told}")


TERM = (
    "'s' AS subscription_id, 'a1' AS account_id, DATE '2024-01-01' AS starts_on, DATE '2025-01-01' AS ends_on, 1 AS arr"
)
ANSWER = "'r' AS response_id, 'a1' AS account_id, 'csat' AS kind, DATE '2024-01-01' AS answered_at"


@pytest.mark.parametrize(
    ("table", "sql", "failing"),
    [
        ("subscriptions", f"SELECT {TERM}", []),
        ("subscriptions", f"SELECT {TERM}, 'voluntary' AS decision_kind", ["decision_kind_needs_decision_at"]),
        ("subscriptions", f"SELECT {TERM}, DATE '2024-06-01' AS decision_at", []),
        ("survey_responses", f"SELECT {ANSWER}, 6 AS score", ["csat_between_1_and_5"]),
        ("survey_responses", f"SELECT {ANSWER}, 6 AS score, 10 AS scale_max", []),
        ("entitlements", "SELECT 'a1' AS account_id, 'm' AS module, 'f' AS feature, 'core' AS level FROM range(2)", ["unique_key"]),
    ],
)  # fmt: skip
def test_rules_judge_what_is_delivered_and_what_it_calls_for(
    source: SourceReader, table: str, sql: str, failing: list[str]
) -> None:
    assert [f.check.name for f in read(source, table, sql).failed] == failing


def test_rules_about_columns_that_are_not_delivered_are_not_run(source: SourceReader) -> None:
    few = CONTRACTS["usage_events"].for_delivered({"account_id", "occurred_at"})
    assert few.column_names == ["account_id", "occurred_at"]
    assert [check.name for check in few.checks] == [
        "account_id_required", "account_id_known", "occurred_at_type", "occurred_at_required", "occurred_at_minimum",
        "occurred_at_not_in_the_future",
    ]  # fmt: skip
    assert few.key == ("event_id",)
