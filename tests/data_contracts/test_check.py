"""A whole project under contract: verdicts of all tables, what is missing, coverage, and what is handed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis
import pytest

from data_contracts.check import CheckReport, check_sources
from data_contracts.contract import source_contracts
from data_contracts.sources import Facts, Mapped, mapped_sources
from policy.errors import ContractStop
from tests.data_contracts.rows import CLEAN, NOW, Row, deliver, rows_of, select

CORE = {"accounts": [CLEAN["accounts"]], "subscriptions": [CLEAN["subscriptions"]]}
BOOK = CORE | {"usage_events": [CLEAN["usage_events"]]}


def checked(
    tables: dict[str, list[Row]], coverages: dict[str, str] | None = None, engine: Any = None
) -> tuple[Facts, CheckReport]:
    engine = engine or ibis.duckdb.connect()
    mapped = {name: deliver(engine, name, rows) for name, rows in tables.items()}
    covers = {name: Mapped(name, Path(f"{name}_coverage.sql"), sql) for name, sql in (coverages or {}).items()}
    return check_sources(engine, engine, mapped, covers, now=NOW)


def stopped(report: CheckReport) -> str:
    with pytest.raises(ContractStop) as caught:
        report.raise_if_stopped()
    assert report.verdict == "stopped"
    return str(caught.value)


def test_every_clean_table_is_ok_and_children_are_read_after_their_parents() -> None:
    seen: list[str] = []
    engine = ibis.duckdb.connect()
    mapped = {name: deliver(engine, name, [row]) for name, row in CLEAN.items()}
    facts, report = check_sources(engine, engine, mapped, {}, now=NOW, progress=seen.append)
    assert {name: t.verdict for name, t in report.tables.items()} == dict.fromkeys(source_contracts(), "ok")
    assert list(report.tables) == list(source_contracts())
    assert seen.index("support_tickets") < seen.index("ticket_messages")
    assert report.verdict == "ok"
    report.raise_if_stopped()
    assert facts.absent == []


def test_absent_optional_tables_are_told_and_not_handed_on() -> None:
    facts, report = checked(BOOK)
    assert report.verdict == "ok"
    assert {n for n, t in report.tables.items() if t.verdict == "absent"} == set(source_contracts()) - set(BOOK)
    assert set(facts.tables) == set(BOOK)
    assert "invoices" in facts.absent


def test_facts_say_which_columns_the_selects_deliver() -> None:
    engine = ibis.duckdb.connect()
    mapped = {name: deliver(engine, name, rows) for name, rows in BOOK.items()}
    mapped["usage_events"] = select(
        "usage_events", "SELECT 'a1' AS account_id, DATE '2024-02-03' AS occurred_at, 1 AS foo"
    )
    facts, _ = check_sources(engine, engine, mapped, {}, now=NOW)
    assert facts.mapped["usage_events"] == {"account_id", "occurred_at"}
    assert facts.mapped["accounts"] == set(source_contracts()["accounts"].column_names)
    assert facts.has("usage_events", "occurred_at")
    assert not facts.has("usage_events", "user_id")
    assert not facts.has("usage_events", "known_at")
    # Nothing was restated, so no row says when it was superseded.
    assert facts.tables["usage_events"].columns == tuple(source_contracts()["usage_events"].column_names)


@pytest.mark.parametrize("missing", ["accounts", "subscriptions"])
def test_a_missing_required_table_stops_and_the_others_are_still_judged(missing: str) -> None:
    _, report = checked({name: rows for name, rows in BOOK.items() if name != missing})
    assert stopped(report) == (
        f"sources/{missing}.sql: `{missing}` is required and sources/{missing}.sql is missing. Write it: one SELECT "
        "over your own tables. `churn init` shows a commented example."
    )
    assert report.tables["usage_events"].verdict == "ok"


def test_without_any_activity_table_the_run_stops() -> None:
    assert stopped(checked(CORE)[1]) == (
        "sources/usage_events.sql: no activity table is mapped. "
        "Map at least one of support_tickets, touchpoints, usage_events."
    )


def test_an_activity_table_without_a_row_is_no_activity() -> None:
    engine = ibis.duckdb.connect()
    mapped = {name: deliver(engine, name, rows) for name, rows in CORE.items()}
    mapped["touchpoints"] = select(
        "touchpoints", "SELECT 'c' AS touch_id, 'a1' AS account_id, 'qbr' AS kind, 'ours' AS direction, "
        "DATE '2024-01-01' AS occurred_at WHERE false",
    )  # fmt: skip
    _, report = check_sources(engine, engine, mapped, {}, now=NOW)
    assert stopped(report) == (
        "sources/touchpoints.sql: no activity table has a row: `touchpoints` came back empty. "
        "Look at what sources/touchpoints.sql selects."
    )


def test_all_tables_that_stop_are_named() -> None:
    terms = [CLEAN["subscriptions"] | {"arr": "-1"}]
    users = [CLEAN["users"] | {"role": "king"}]
    facts, report = checked(BOOK | {"subscriptions": terms, "users": users})
    told = stopped(report)
    assert "break a rule that must hold: `arr` is at least 0." in told
    assert "`role`" in told.split("Stopped as well: users (")[1]
    assert set(facts.tables) == {"accounts", "usage_events"}


def test_a_file_that_was_not_split_into_columns_is_told_as_that() -> None:
    engine = ibis.duckdb.connect()
    mapped = {name: deliver(engine, name, rows) for name, rows in BOOK.items()}
    sql = """SELECT 'u1,a1' AS "user_id,account_id,role,created_at" """
    _, report = check_sources(engine, engine, mapped | {"users": Mapped("users", Path("users.sql"), sql)}, {}, now=NOW)
    told = stopped(report)
    assert "sources/users.sql gives one column, `user_id,account_id,role,created_at`: the file was not split." in told


def test_covered_accounts_are_handed_on() -> None:
    facts, report = checked(BOOK, {"usage_events": "SELECT account_id FROM raw_accounts"})
    assert report.verdict == "ok"
    assert facts.covered["usage_events"].to_pyarrow().to_pylist() == [{"account_id": "a1"}]


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("SELECT 'zz' AS account_id", "names no account that sources/accounts.sql delivers."),
        ("SELECT 1 AS id", "has no column `account_id`."),
        ("SELEC 1", "the SELECT cannot be run:"),
    ],
)
def test_a_coverage_that_cannot_be_used_stops_its_table(sql: str, told: str) -> None:
    facts, report = checked(BOOK, {"usage_events": sql})
    assert stopped(report).startswith(f"sources/usage_events_coverage.sql: {told}")
    assert "usage_events" not in facts.tables


def test_a_table_that_is_no_longer_mapped_leaves_nothing_behind() -> None:
    engine = ibis.duckdb.connect()
    checked(BOOK | {"users": [CLEAN["users"]]}, {"users": "SELECT 'a1' AS account_id"}, engine)
    checked(BOOK, engine=engine)
    assert set(engine.list_tables(database="accepted")) == set(BOOK)
    assert set(engine.list_tables(database="quarantined")) == set(BOOK)
    assert engine.list_tables(database="staged") == []


def test_the_json_is_the_interface() -> None:
    events = [CLEAN["usage_events"] | {"event_id": f"e{n}", "count": str(n)} for n in range(40)]
    _, report = checked(BOOK | {"usage_events": events})
    told = report.as_json()
    assert told["verdict"] == "quarantined"
    assert told["tables"]["usage_events"] == {
        "rows": 40,
        "verdict": "quarantined",
        "quarantined": 1,
        "failed": [{"check": "count_minimum", "column": "count", "rows": 1}],
    }
    assert told["tables"]["invoices"] == {"rows": 0, "verdict": "absent", "quarantined": 0, "failed": []}


@pytest.mark.shared
def test_the_open_university_book_holds(request: pytest.FixtureRequest) -> None:
    root = request.config.rootpath
    data = root.parent / "shared" / "data" / "oulad"
    if not data.exists():
        pytest.skip("the OULAD files are not beside this checkout (../shared/data/oulad)")
    engine = ibis.duckdb.connect()
    tables, coverages = mapped_sources(root / "examples" / "oulad" / "sources", {"data": str(data)})
    facts, report = check_sources(engine, engine, tables, coverages, now=NOW)
    assert {n: t.verdict for n, t in report.tables.items() if t.verdict != "absent"} == dict.fromkeys(tables, "ok")
    assert facts.covered["usage_events"].count().execute() < len(rows_of(engine, "accepted", "accounts"))
