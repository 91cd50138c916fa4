"""A key that comes again with a later known_at restates the row before it; any other copy is a duplicate."""

from __future__ import annotations

import random
from datetime import date, datetime
from typing import Any

import ibis
import pandas as pd
import pytest

from data_contracts.check import check_sources
from data_contracts.contract import source_contracts
from data_contracts.corruption import as_known, corrupted
from data_contracts.facts import latest
from data_contracts.known import as_arrow, restated, superseded_at
from data_contracts.sources import ACCEPTED, QUARANTINED, SourceReader, TableCheck
from tests.data_contracts.rows import CLEAN, NOW, Row, deliver, reader, rows_of
from tests.features.building import frame_of

CONTRACTS = source_contracts()
TERM = CLEAN["subscriptions"]
UNDECIDED = TERM | {"decision_at": None, "decision_kind": None, "effective_on": None, "reason": None}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.fixture
def source() -> SourceReader:
    return reader(ibis.duckdb.connect())


def read(source: SourceReader, table: str, *rows: Row) -> TableCheck:
    return source.read(deliver(source.warehouse, table, rows), CONTRACTS[table])


def versions(source: SourceReader, table: str, *columns: str) -> list[tuple[Any, ...]]:
    names = (*columns, "known_at", "superseded_at")
    found = [tuple(row[name] for name in names) for row in rows_of(source.warehouse, ACCEPTED, table)]
    return sorted(found, key=str)


def test_a_decision_entered_late_and_backdated_holds_from_the_day_it_was_entered(source: SourceReader) -> None:
    january = UNDECIDED | {"known_at": "2024-01-10 10:00:00"}
    april = TERM | {"decision_at": "2024-03-01 00:00:00", "known_at": "2024-04-01 08:00:00"}
    check = read(source, "subscriptions", april, january)
    assert (check.verdict, check.quarantined, check.rows) == ("ok", 0, 2)
    assert versions(source, "subscriptions", "decision_at") == [
        (None, at("2024-01-10 10:00"), at("2024-04-01 08:00")),
        (at("2024-03-01"), at("2024-04-01 08:00"), None),
    ]
    assert source.restated == {"subscriptions"}


@pytest.mark.parametrize(
    ("table", "column", "was", "became"),
    [
        ("subscriptions", "seats", "20", "25"),
        ("invoices", "amount", "1000.0", "900.0"),
        ("users", "role", "champion", "user"),
        ("usage_events", "count", "3", "4"),
        ("support_tickets", "priority", "high", "low"),
        ("accounts", "segment", "smb", "enterprise"),
        ("milestones", "kind", "key_action", "goal"),
    ],
)
def test_a_corrected_value_is_a_new_version(
    source: SourceReader, table: str, column: str, was: str, became: str
) -> None:
    rows = [
        CLEAN[table] | {column: was, "known_at": "2025-03-01 00:00:00"},
        CLEAN[table] | {column: became, "known_at": "2025-04-01 00:00:00"},
    ]
    assert read(source, table, *rows).verdict == "ok"
    held = {known: (str(value), until) for value, known, until in versions(source, table, column)}
    assert held == {at("2025-03-01"): (was, at("2025-04-01")), at("2025-04-01"): (became, None)}


def test_three_versions_follow_each_other_and_other_keys_stand_alone(source: SourceReader) -> None:
    rows = [UNDECIDED | {"seats": str(n), "known_at": f"2024-0{n}-01 00:00:00"} for n in (3, 1, 2)]
    rows.append(UNDECIDED | {"subscription_id": "s2", "known_at": "2024-02-01 00:00:00"})
    random.Random(1).shuffle(rows)
    read(source, "subscriptions", *rows)
    assert versions(source, "subscriptions", "subscription_id", "seats") == [
        ("s1", 1, at("2024-01-01"), at("2024-02-01")),
        ("s1", 2, at("2024-02-01"), at("2024-03-01")),
        ("s1", 3, at("2024-03-01"), None),
        ("s2", 20, at("2024-02-01"), None),
    ]


def test_a_copy_known_at_the_same_moment_is_a_duplicate_beside_the_versions(source: SourceReader) -> None:
    event = CLEAN["usage_events"]
    rows = [event | {"event_id": f"clean-{n}"} for n in range(60)]
    first, second = (event | {"known_at": f"2024-03-0{n} 12:00:00"} for n in (4, 6))
    check = read(source, "usage_events", *rows, first, second, second)
    assert [(f.check.name, f.rows) for f in check.failed] == [("unique_key", 1)]
    assert [v for v in versions(source, "usage_events", "event_id") if v[0] == "e1"] == [
        ("e1", at("2024-03-04 12:00"), at("2024-03-06 12:00")),
        ("e1", at("2024-03-06 12:00"), None),
    ]


def test_where_a_copy_does_not_say_when_it_was_known_all_copies_are_duplicates(source: SourceReader) -> None:
    event = CLEAN["usage_events"]
    rows = [event | {"event_id": f"clean-{n}"} for n in range(60)]
    dated = [event | {"known_at": f"2024-03-0{n} 12:00:00"} for n in (5, 6)]
    check = read(source, "usage_events", *rows, *dated, event | {"known_at": None})
    assert [(f.check.name, f.rows) for f in check.failed] == [("unique_key", 2)]
    assert [r["known_at"] for r in rows_of(source.warehouse, ACCEPTED, "usage_events") if r["event_id"] == "e1"] == [
        at("2024-03-04 10:15")
    ]
    assert source.restated == set()


def test_without_known_at_a_second_row_stops_a_core_table_as_ever(source: SourceReader) -> None:
    rows = [{k: v for k, v in TERM.items() if k != "known_at"} | {"seats": seats} for seats in ("1", "2")]
    check = read(source, "subscriptions", *rows)
    assert (check.verdict, [f.check.name for f in check.failed]) == ("stopped", ["unique_key"])


def test_events_without_an_id_are_never_restated(source: SourceReader) -> None:
    event = CLEAN["usage_events"] | {"event_id": None}
    check = read(source, "usage_events", event, event | {"known_at": "2024-03-09 00:00:00"}, event)
    assert check.verdict == "ok"
    assert [until for *_, until in versions(source, "usage_events")] == [None, None, None]
    assert source.restated == set()


def test_an_entitlement_since_ever_is_restated_though_its_start_is_empty(source: SourceReader) -> None:
    owned = CLEAN["entitlements"] | {"starts_on": None}
    check = read(source, "entitlements", owned, owned | {"level": "advanced", "known_at": "2024-06-01 00:00:00"})
    assert check.verdict == "ok"
    assert versions(source, "entitlements", "level") == [
        ("advanced", at("2024-06-01"), None),
        ("core", at("2024-01-20"), at("2024-06-01")),
    ]


def test_a_version_that_breaks_a_rule_replaces_nothing(source: SourceReader) -> None:
    event = CLEAN["usage_events"]
    rows = [event | {"event_id": f"clean-{n}"} for n in range(60)]
    broken, third = (
        event | {"known_at": "2024-03-05 00:00:00", "count": "0"},
        event | {"known_at": "2024-03-07 00:00:00"},
    )
    read(source, "usage_events", *rows, event, broken, third)
    assert [v for v in versions(source, "usage_events", "event_id") if v[0] == "e1"] == [
        ("e1", at("2024-03-04 10:20"), at("2024-03-07")),
        ("e1", at("2024-03-07"), None),
    ]
    assert [r["reasons"] for r in rows_of(source.warehouse, QUARANTINED, "usage_events")] == ["count_minimum"]


def test_children_know_a_parent_of_several_versions_once() -> None:
    engine = ibis.duckdb.connect()
    account, ticket = CLEAN["accounts"], CLEAN["support_tickets"]
    mapped = {
        "accounts": deliver(
            engine, "accounts", [account, account | {"owner_id": "o2", "known_at": "2024-06-01 00:00:00"}]
        ),
        "subscriptions": deliver(engine, "subscriptions", [TERM]),
        "support_tickets": deliver(
            engine, "support_tickets", [ticket, ticket | {"priority": "low", "known_at": "2024-04-02 00:00:00"}]
        ),
        "ticket_messages": deliver(engine, "ticket_messages", [CLEAN["ticket_messages"]]),
    }
    coverage = {"support_tickets": deliver(engine, "covers", [{"account_id": "a1"}])}
    facts, report = check_sources(engine, engine, mapped, coverage, now=NOW)
    assert report.verdict == "ok"
    assert [report.tables[n].rows for n in mapped] == [2, 1, 2, 1]
    assert facts.restated == {"accounts", "support_tickets"}
    assert facts.covered["support_tickets"].count().execute() == 1
    assert latest(facts, "accounts").to_pandas()["owner_id"].tolist() == ["o2"]
    assert latest(facts, "subscriptions").count().execute() == 1


def test_a_table_that_is_no_longer_restated_says_so(source: SourceReader) -> None:
    read(source, "subscriptions", UNDECIDED, TERM | {"known_at": "2024-12-01 00:00:00"})
    assert source.restated == {"subscriptions"}
    read(source, "subscriptions", UNDECIDED)
    assert source.restated == set()
    assert source.warehouse.list_tables(database="staged") == []


# --- What was known then, and futures that must not be told apart ---

AS_OF = date(2024, 6, 3)
TICKETS = CONTRACTS["support_tickets"]


def ticket(known: str, **values: object) -> dict[str, object]:
    return {"ticket_id": "t", "account_id": "a", "opened_at": at("2024-04-01"), "known_at": at(known), **values}


def known_priorities(*rows: dict[str, object]) -> list[str]:
    return list(as_known(frame_of(rows, TICKETS), TICKETS, AS_OF)["priority"])


def test_the_last_version_known_before_as_of_is_what_was_known() -> None:
    first, second = ticket("2024-04-01", priority="low"), ticket("2024-05-01", priority="high")
    at_midnight, before = (ticket(m, priority="urgent") for m in ("2024-06-03 00:00:00", "2024-06-02 23:59:59"))
    assert known_priorities(first) == ["low"]
    assert known_priorities(second, first) == ["high"]
    assert known_priorities(first, second, at_midnight) == ["high"]
    assert known_priorities(first, before, second) == ["urgent"]
    assert known_priorities(at_midnight) == []


def test_a_version_that_says_it_has_not_happened_yet_hides_the_one_before() -> None:
    postponed = ticket("2024-05-01", priority="high", opened_at=at("2024-07-01"))
    assert known_priorities(ticket("2024-04-01", priority="low"), postponed) == []


def test_frames_say_when_the_next_version_became_known() -> None:
    rows = [ticket("2024-05-01"), ticket("2024-04-01"), ticket("2024-04-02", ticket_id="u")]
    frame = frame_of(rows, TICKETS)
    until = [None if pd.isna(v) else v for v in superseded_at(frame, TICKETS)]
    assert until == [None, pd.Timestamp("2024-05-01"), None]
    assert as_arrow(frame, TICKETS)["superseded_at"].to_pylist() == [None, at("2024-05-01"), None]
    assert restated({"support_tickets": frame}, CONTRACTS) == {"support_tickets"}
    assert restated({"support_tickets": frame[1:]}, CONTRACTS) == frozenset()


def timeline() -> pd.DataFrame:
    """Forty tickets: each restated before as_of, a few a third time after it, some moved beyond as_of while known."""
    rows = []
    for n in range(40):
        rows.append(ticket("2024-04-01", ticket_id=f"t{n}", priority="low"))
        moved = {"opened_at": at("2024-06-20")} if n % 4 == 0 else {}
        rows.append(ticket("2024-05-01", ticket_id=f"t{n}", priority="high", **moved))
        if n % 2:
            rows.append(ticket("2024-06-03", ticket_id=f"t{n}", priority="urgent"))
    return frame_of(rows, TICKETS)


@pytest.mark.parametrize("seed", range(5))
def test_corruption_restates_known_keys_and_takes_later_versions_away(seed: int) -> None:
    before = timeline()
    after = corrupted({"support_tickets": before}, CONTRACTS, as_of=AS_OF, seed=seed)["support_tickets"]
    ahead = after[after["known_at"] >= pd.Timestamp(AS_OF)]
    again = ahead[ahead["ticket_id"].isin(before["ticket_id"])]
    evens = {f"t{n}" for n in range(0, 40, 2)}
    assert set(again["ticket_id"]) & evens, "no key is restated that was not before"
    untouched = again[(again["known_at"] == pd.Timestamp(AS_OF)) & (again["priority"] == "urgent")]
    assert len(untouched) < 20, "no later version is taken away"
    assert (again["closed_at"] < pd.Timestamp(AS_OF)).any(), "no closing is backdated"
    assert (again["opened_at"] < pd.Timestamp("2024-04-01")).any(), "no opening is backdated"
    assert len(set(again["priority"].dropna())) > 1

    def told(frame: pd.DataFrame) -> list[str]:
        return sorted(str(tuple(row)) for row in as_known(frame, TICKETS, AS_OF).itertuples(index=False))

    assert told(after) == told(before)
    assert len(told(before)) == 30
