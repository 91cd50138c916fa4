"""A load that stopped, emptied or doubled is noticed; a book that merely lies in the past is not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ibis
import pytest

from data_contracts import check
from data_contracts.check import CheckReport, check_sources
from data_contracts.contract import source_contracts
from data_contracts.freshness import Held, carried_on, read_held, stale, write_held
from data_contracts.freshness import held as held_by
from data_contracts.sources import ACCEPTED, Facts
from policy.errors import ContractStop
from tests.data_contracts.rows import CLEAN, NOW, deliver, select

CONTRACTS = source_contracts()
MONDAY = datetime.fromisoformat("2025-06-02")


class Book:
    """A small warehouse that is checked again and again; usage and tickets have one row a day up to their last."""

    def __init__(self, folder: Path) -> None:
        self.engine = ibis.duckdb.connect()
        self.last = folder / "checks" / "last.json"
        self.core = {name: deliver(self.engine, name, [CLEAN[name]]) for name in ("accounts", "subscriptions")}

    def check(
        self, *, now: datetime = NOW, without: str | None = None, note: str = "", **last: tuple[str, int]
    ) -> tuple[Facts, CheckReport]:
        """Check with `usage=(last day, rows)` and the like; `note` changes the text of every SELECT."""
        mapped = {"usage_events": self._usage(*last.get("usage", ("2025-06-01", 400)), note)}
        mapped["support_tickets"] = self._tickets(*last.get("tickets", ("2025-06-01", 200)), note)
        kept = {name: found for name, found in mapped.items() if name != without}
        return check_sources(self.engine, self.engine, self.core | kept, {}, now=now, last=self.last)

    def _usage(self, until: str, rows: int, note: str) -> Any:
        columns = f"'a1' AS account_id, 'e' || i AS event_id, TIMESTAMP '{until}' - to_days(i::INT) AS occurred_at"
        return self._mapped("usage_events", columns, rows, note)

    def _tickets(self, until: str, rows: int, note: str) -> Any:
        columns = f"'a1' AS account_id, 't' || i AS ticket_id, TIMESTAMP '{until}' - to_days(i::INT) AS opened_at"
        return self._mapped("support_tickets", columns, rows, note)

    def _mapped(self, name: str, columns: str, rows: int, note: str) -> Any:
        self.engine.raw_sql(f"CREATE OR REPLACE TABLE raw_{name} AS SELECT {columns} FROM range({rows}) t(i)")
        return select(name, f"SELECT * FROM raw_{name} {note}")


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    # What single rows look like is not the matter here; leaving it unchecked saves most of the time.
    unchecked = {name: replace(contract, checks=()) for name, contract in CONTRACTS.items()}
    monkeypatch.setattr(check, "source_contracts", lambda: unchecked)
    return Book(tmp_path)


def told(report: CheckReport) -> dict[str, str]:
    found = report.as_json()["warnings"]
    assert len({w["table"] for w in found}) == len(found)
    return {w["table"]: w["message"] for w in found}


def stopped(report: CheckReport) -> str:
    with pytest.raises(ContractStop) as caught:
        report.raise_if_stopped()
    return str(caught.value)


def test_the_same_book_twice_is_no_news(book: Book) -> None:
    for now in (NOW, NOW, NOW + timedelta(days=1), NOW + timedelta(days=400)):
        _, report = book.check(now=now)
        assert (report.verdict, told(report)) == ("ok", {})


def test_what_each_table_held_is_remembered_and_the_future_is_no_news(book: Book) -> None:
    _, report = book.check(usage=("2026-01-05", 34))
    assert report.verdict == "ok"
    found = read_held(book.last)
    assert set(found) == {"accounts", "subscriptions", "usage_events", "support_tickets"}
    usage = found["usage_events"]
    assert (usage.rows, usage.days, usage.moved_at) == (34, 30, None)
    assert (usage.first_event, usage.newest_event) == ("2025-12-03T00:00:00", "2026-01-01T00:00:00")
    assert found["accounts"].newest_known == "2024-01-02T08:00:00"
    assert not list(book.last.parent.glob("*.part"))


def test_a_source_that_comes_back_empty_stops_with_what_where_and_cure(book: Book) -> None:
    book.check()
    facts, report = book.check(tickets=("2025-06-01", 0))
    assert stopped(report) == (
        "sources/support_tickets.sql: `support_tickets` came back empty; it had 200 rows at the check of 2026-01-01. "
        "Look at what sources/support_tickets.sql selects and whether its load ran through. If it is meant, delete "
        ".churn/checks/last.json: the next check then starts anew."
    )
    assert "support_tickets" not in facts.tables
    assert "support_tickets" not in book.engine.list_tables(database=ACCEPTED)
    assert report.tables["usage_events"].verdict == "ok"


def test_it_stops_until_it_is_mended_or_the_memory_is_deleted(book: Book) -> None:
    book.check()
    for _ in range(2):
        assert book.check(tickets=("2025-06-01", 0))[1].verdict == "stopped"
    assert book.check()[1].verdict == "ok"
    book.check(tickets=("2025-06-01", 0))
    book.last.unlink()
    assert book.check(tickets=("2025-06-01", 0))[1].verdict == "ok"


@pytest.mark.parametrize(
    ("rows", "verdict", "said"),
    [
        (360, "ok", None),
        (359, "ok", "has 359 rows, 10% fewer than the 400 at the check of 2026-01-01."),
        (200, "ok", "has 200 rows, 50% fewer than the 400 at the check of 2026-01-01."),
        (199, "stopped", None),
        (1200, "ok", None),
        (1201, "ok", "has 1,201 rows, 3.0 times the 400 at the check of 2026-01-01."),
    ],
)
def test_a_fall_is_told_half_a_table_gone_stops_and_a_jump_is_told(
    book: Book, rows: int, verdict: str, said: str | None
) -> None:
    book.check()
    _, report = book.check(usage=("2025-06-01", rows))
    assert report.verdict == verdict
    assert told(report).get("usage_events") == said
    if verdict == "stopped":
        assert "`usage_events` has 199 rows; it had 400 at the check of 2026-01-01 (50% are gone" in stopped(report)


def test_a_handful_of_rows_may_come_and_go(book: Book) -> None:
    book.check(tickets=("2025-06-01", 99))
    for rows in (1, 99):
        _, report = book.check(tickets=("2025-06-01", rows))
        assert (report.verdict, told(report)) == ("ok", {})


def test_another_select_is_not_compared_but_must_not_come_back_empty(book: Book) -> None:
    book.check()
    _, report = book.check(note="WHERE true", usage=("2025-06-01", 10))
    assert (report.verdict, told(report)) == ("ok", {})
    assert book.check(note="WHERE 1 = 1", usage=("2025-06-01", 0))[1].verdict == "stopped"


def test_a_table_that_is_mapped_no_more_is_told_once(book: Book) -> None:
    book.check()
    _, report = book.check(without="support_tickets")
    assert report.tables["support_tickets"].verdict == "absent"
    assert told(report) == {"support_tickets": "is not mapped any more; it had 200 rows at the last check."}
    assert told(book.check(without="support_tickets")[1]) == {}


@pytest.mark.parametrize(("until", "late"), [("2025-05-25", False), ("2025-05-24", True), ("2025-05-11", True)])
def test_usage_whose_load_stopped_before_the_others_is_told(book: Book, until: str, late: bool) -> None:
    _, report = book.check(usage=(until, 400))
    assert report.verdict == "ok"
    assert ("usage_events" in told(report)) == late
    if until == "2025-05-11":
        assert told(report) == {
            "usage_events": "ends on 2025-05-11, 21 days before `support_tickets` (2025-06-01); at most 7 are usual. "
            "Did its load stop?"
        }


def test_tickets_of_three_quiet_weeks_are_no_news(book: Book) -> None:
    assert told(book.check(tickets=("2025-05-11", 200))[1]) == {}
    assert "support_tickets" in told(book.check(tickets=("2025-05-03", 200))[1])


def held(newest: str, *, first: str = "2024-06-01", days: int = 300, moved: str | None = None) -> Held:
    return Held(1000, "2025-06-02", "x", newest, newest, first, days, moved)


def test_a_table_with_far_apart_days_is_quiet_for_longer() -> None:
    """Eleven days with tickets in a hundred: one in ten; fifty quiet days are usual there."""
    usage = held("2025-06-01")
    for newest, late in (("2025-04-12", False), ("2025-04-11", True)):
        first = (datetime.fromisoformat(newest) - timedelta(days=100)).isoformat()
        found = stale(
            CONTRACTS, {"usage_events": usage, "support_tickets": held(newest, first=first, days=11)}, now=MONDAY
        )
        assert bool(found) == late


def test_tables_that_move_slowly_by_nature_are_not_judged() -> None:
    found = {"usage_events": held("2025-06-01"), "accounts": held("2020-01-01"), "survey_responses": held("2023-01-01")}
    assert stale(CONTRACTS, found, now=MONDAY) == {}


def test_the_clock_judges_only_what_has_been_seen_to_move() -> None:
    later = MONDAY + timedelta(days=30)
    assert stale(CONTRACTS, {"usage_events": held("2025-06-01")}, now=later) == {}
    moved = {"usage_events": held("2025-06-01", moved="2025-06-02T06:00:00")}
    assert stale(CONTRACTS, moved, now=MONDAY + timedelta(days=6)) == {}
    assert stale(CONTRACTS, moved, now=later) == {
        "usage_events": "has had nothing new since 2025-06-01, 31 days ago; at most 7 are usual, and it last moved at the "
        "check of 2025-06-02. Did its load stop?"
    }


def test_a_table_moves_when_its_newest_event_does_under_the_same_select() -> None:
    before, later = held("2025-05-25"), held("2025-06-01")
    assert carried_on(None, later).moved_at is None
    assert carried_on(before, before).moved_at is None
    assert carried_on(before, later).moved_at == "2025-06-02"
    assert carried_on(Held(1, "2025-05-26", "other", "2025-05-25"), later).moved_at is None
    assert carried_on(held("2025-06-01", moved="2025-05-01"), later).moved_at == "2025-05-01"


def test_a_live_book_whose_loads_all_stop_is_told_at_a_later_check(book: Book) -> None:
    for day, until in (("2025-05-26", "2025-05-25"), ("2025-06-02", "2025-06-01"), ("2025-06-08", "2025-06-01")):
        _, report = book.check(now=datetime.fromisoformat(day), usage=(until, 400), tickets=(until, 200))
        assert told(report) == {}
    _, report = book.check(now=datetime.fromisoformat("2025-06-20"))
    assert set(told(report)) == {"usage_events"}
    _, report = book.check(now=datetime.fromisoformat("2025-07-20"))
    assert set(told(report)) == {"usage_events", "support_tickets"}


@pytest.mark.parametrize("broken", ["{", "[]", '{"usage_events": {"rows": 3}}', '{"usage_events": 3}'])
def test_a_memory_that_does_not_read_is_begun_anew(book: Book, broken: str, caplog: pytest.LogCaptureFixture) -> None:
    book.last.parent.mkdir(parents=True)
    book.last.write_text(broken, encoding="utf-8")
    _, report = book.check()
    assert (report.verdict, told(report)) == ("ok", {})
    assert "last.json does not read" in caplog.text
    assert read_held(book.last)["usage_events"].rows == 400


def test_a_check_that_is_killed_leaves_the_memory_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "last.json"
    write_held(path, {"usage_events": held("2025-06-01")})

    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        write_held(path, {})
    assert json.loads(path.read_text(encoding="utf-8"))["usage_events"]["rows"] == 1000


def test_a_plan_whose_day_has_passed_is_no_news_of_milestones() -> None:
    rows = ibis.memtable(
        {
            "due_on": [datetime.fromisoformat(day) for day in ("2025-05-30", "2025-03-01")],
            "reached_at": [None, datetime.fromisoformat("2025-03-04T10:00")],
            "known_at": [datetime.fromisoformat("2025-03-04T10:00")] * 2,
        }
    )
    found = held_by(rows, CONTRACTS["milestones"], rows=2, sql="SELECT 1", now=MONDAY)
    assert found.newest_event == "2025-03-04T10:00:00"
