"""Bad rows are set apart with their reasons; nothing is lost, doubled, or dependent on the order of the rows."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

import ibis
import pytest

from data_contracts.contract import source_contracts
from data_contracts.sources import ACCEPTED, QUARANTINED, SourceReader, TableCheck
from tests.data_contracts.rows import CLEAN, deliver, reader, rows_of

EVENT = CLEAN["usage_events"]


@pytest.fixture
def source() -> SourceReader:
    return reader(ibis.duckdb.connect())


def read(source: SourceReader, table: str, *rows: dict[str, str | None]) -> TableCheck:
    return source.read(deliver(source.warehouse, table, rows), source_contracts()[table])


def events(*changes: dict[str, str | None], clean: int = 0) -> list[dict[str, str | None]]:
    """Events by their changes, after `clean` clean ones with keys of their own."""
    return [EVENT | {"event_id": f"clean-{n}"} for n in range(clean)] + [EVENT | change for change in changes]


def column(source: SourceReader, schema: str, table: str, name: str) -> list[Any]:
    return sorted(row[name] for row in rows_of(source.warehouse, schema, table))


def test_failing_rows_are_kept_apart_with_reasons_and_what_could_not_be_read(source: SourceReader) -> None:
    bad = {"event_id": "bad", "count": "0", "channel": "fax"}
    unread = {"event_id": "unread", "occurred_at": "04/03/2024", "count": "x3"}
    check = read(source, "usage_events", *events(bad, unread, clean=98))
    assert (check.verdict, check.rows, check.quarantined) == ("quarantined", 100, 2)
    assert column(source, ACCEPTED, "usage_events", "event_id") == sorted(f"clean-{n}" for n in range(98))
    kept = {row["event_id"]: row for row in rows_of(source.warehouse, QUARANTINED, "usage_events")}
    assert set(kept["bad"]["reasons"].split(", ")) == {"channel_valid", "count_minimum"}
    assert kept["bad"]["unread"] is None
    assert set(kept["unread"]["reasons"].split(", ")) == {"occurred_at_type", "count_type"}
    assert kept["unread"]["unread"] == "occurred_at: 04/03/2024; count: x3; "
    assert kept["unread"]["occurred_at"] is None


def test_of_several_copies_the_first_known_stays(source: SourceReader) -> None:
    late = {"event_id": "e", "known_at": "2024-03-09 00:00:00", "count": "1"}
    early = {"event_id": "e", "known_at": None, "count": "2"}  # known when it happened, so far as anybody can say
    check = read(source, "usage_events", *events(late, early, clean=50))
    assert [(f.check.name, f.rows) for f in check.failed] == [("unique_key", 1)]
    assert [r["count"] for r in rows_of(source.warehouse, ACCEPTED, "usage_events") if r["event_id"] == "e"] == [2]
    assert [r["count"] for r in rows_of(source.warehouse, QUARANTINED, "usage_events")] == [1]


def test_without_known_at_the_copy_that_happened_first_stays(source: SourceReader) -> None:
    late = {"event_id": "e", "occurred_at": "2024-03-04 11:00:00", "known_at": None, "count": "1"}
    early = {"event_id": "e", "occurred_at": "2024-03-04 10:00:00", "known_at": None, "count": "2"}
    read(source, "usage_events", *events(late, early, clean=50))
    assert [r["count"] for r in rows_of(source.warehouse, QUARANTINED, "usage_events")] == [1]


def test_a_valid_copy_stays_though_a_broken_one_was_known_before(source: SourceReader) -> None:
    broken = {"event_id": "e", "occurred_at": "2024-03-04 10:00:00", "known_at": None, "account_id": "nobody"}
    valid = {"event_id": "e", "known_at": None}
    read(source, "usage_events", *events(broken, valid, clean=50))
    assert "e" in column(source, ACCEPTED, "usage_events", "event_id")
    assert column(source, QUARANTINED, "usage_events", "reasons") == ["account_id_known, unique_key"]


def test_the_order_of_the_rows_does_not_matter(source: SourceReader) -> None:
    copies = [{"event_id": f"e{n % 3}", "user_id": f"u{n}", "count": str(n % 2 + 1)} for n in range(9)]
    outcomes = set()
    for seed in range(4):
        rows = events(*copies, {"event_id": "z", "count": "0"}, clean=200)
        random.Random(seed).shuffle(rows)
        read(source, "usage_events", *rows)
        kept = column(source, ACCEPTED, "usage_events", "user_id")
        apart = sorted((r["user_id"], r["reasons"]) for r in rows_of(source.warehouse, QUARANTINED, "usage_events"))
        outcomes.add((tuple(kept), tuple(apart)))
    assert len(outcomes) == 1


def test_events_without_an_id_are_facts_of_their_own(source: SourceReader) -> None:
    check = read(source, "usage_events", *events({"event_id": None}, {"event_id": None}, {"event_id": ""}))
    assert (check.verdict, len(rows_of(source.warehouse, ACCEPTED, "usage_events"))) == ("ok", 3)


def test_a_feature_bought_again_is_no_copy_but_one_delivered_twice_is(source: SourceReader) -> None:
    owned = CLEAN["entitlements"]
    again = owned | {"starts_on": "2026-02-01", "ends_on": None}
    assert read(source, "entitlements", owned, again).verdict == "ok"
    endless = owned | {"starts_on": None}
    assert read(source, "entitlements", endless, endless).quarantined == 1


def test_accepted_and_quarantined_rows_are_what_was_staged(source: SourceReader) -> None:
    rows = events({"count": "0"}, {"account_id": "nobody"}, {"event_id": "x"}, {"event_id": "x"}, clean=96)
    check = read(source, "usage_events", *rows)
    accepted, apart = (rows_of(source.warehouse, schema, "usage_events") for schema in (ACCEPTED, QUARANTINED))
    assert len(accepted) + len(apart) == check.rows == len(rows) == 100
    assert len(apart) == check.quarantined
    assert "usage_events" not in source.warehouse.list_tables(database="staged")


@pytest.mark.parametrize(("bad", "verdict"), [(5, "quarantined"), (6, "stopped")])
def test_more_than_five_per_cent_of_failing_events_stop(source: SourceReader, bad: int, verdict: str) -> None:
    broken = [{"event_id": f"bad-{n}", "channel": f"fax{n % 2}"} for n in range(bad)]
    check = read(source, "usage_events", *events(*broken, clean=100 - bad))
    assert (check.verdict, check.quarantined) == (verdict, bad)
    if verdict == "stopped":
        assert check.message == (
            "6 of 100 rows of `usage_events` fail their contract (6.0%; at most 5% may). Most often (6) this does not "
            "hold: `channel` is one of ui, api. For example channel `fax0`; channel `fax1`."
        )
        assert check.cure == (
            "Mend these rows at their source or in sources/usage_events.sql. The warehouse keeps them, with the "
            "reasons, in quarantined.usage_events."
        )
        assert len(rows_of(source.warehouse, QUARANTINED, "usage_events")) == 6
        assert "usage_events" not in source.warehouse.list_tables(database=ACCEPTED)


def test_one_bad_row_stops_a_core_table_and_the_message_names_it(source: SourceReader) -> None:
    terms = [CLEAN["subscriptions"] | {"subscription_id": f"s{n}"} for n in range(1000)]
    terms[7] = terms[7] | {"ends_on": "2024-02-01"}
    terms[8] = terms[8] | {"ends_on": "2024-01-31", "arr": "-5"}
    check = read(source, "subscriptions", *terms)
    assert (check.verdict, check.quarantined, check.where) == ("stopped", 2, "sources/subscriptions.sql")
    assert check.message == (
        "2 of 1,000 rows of `subscriptions` break a rule that must hold: `ends_on` is after `starts_on`. For example "
        "subscription_id `s7`; subscription_id `s8`. 1 further rule that must hold is broken too."
    )
    assert "sources/subscriptions.sql" in check.cure


def test_a_few_odd_signing_dates_do_not_stop_the_book(source: SourceReader) -> None:
    terms = [CLEAN["subscriptions"] | {"subscription_id": f"s{n}"} for n in range(100)]
    terms[7] = terms[7] | {"decision_at": "2024-01-09 09:00:00"}
    assert read(source, "subscriptions", *terms).verdict == "quarantined"


def test_known_at_is_filled_with_the_moment_of_the_event(source: SourceReader) -> None:
    unknown: dict[str, str | None] = {"known_at": None}
    term, step = CLEAN["subscriptions"] | unknown, CLEAN["milestones"] | unknown
    read(source, "usage_events", EVENT | unknown)
    read(source, "subscriptions", term, term | {"subscription_id": "s2", "signed_at": None})
    late = {"milestone": "late", "due_on": "2024-03-01", "reached_at": "2024-03-05 10:00:00"}
    read(source, "milestones", step, step | late, step | {"milestone": "open", "reached_at": None})
    known = {t: column(source, ACCEPTED, t, "known_at") for t in ("usage_events", "subscriptions", "milestones")}
    assert known["usage_events"] == [datetime.fromisoformat("2024-03-04 10:15:00")]
    assert known["subscriptions"] == [  # signed then; not signed: the day before the term starts
        datetime.fromisoformat("2024-01-10 09:00:00"),
        datetime.fromisoformat("2024-01-31 00:00:00"),
    ]
    assert known["milestones"] == [  # the earlier of due and reached, whichever there is
        datetime.fromisoformat("2024-02-20 14:00:00"),
        datetime.fromisoformat("2024-03-01 00:00:00"),
        datetime.fromisoformat("2024-03-01 00:00:00"),
    ]
