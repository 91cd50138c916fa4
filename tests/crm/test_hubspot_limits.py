"""What HubSpot asks of a client that calls too often: it waits, not too short, not for ever, and not by being told."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from serving.writeback.destination import Busy, Outgoing
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.patient import Deferred
from tests.crm.hubspot_company import (
    ACCOUNTS,
    TASKS,
    WRITES,
    Hurried,
    apply,
    book,
    client,
    missing_or_wrong,
    nothing_lost_nothing_doubled,
)
from tests.crm.hubspot_oracle import Emulator

ROW = Outgoing("a001", "a001", {"health_score": 1}, create=False)


class Nothing:
    job = None

    def save(self, job: str) -> None: ...


def refused(policy: str, **headers: str) -> dict[str, Any]:
    return {"status": 429, "body": {"policyName": policy, "errorType": "RATE_LIMIT"}, "headers": headers}


@pytest.mark.parametrize(
    ("answer", "least", "most"),
    [
        (refused("TEN_SECONDLY_ROLLING"), 10, 10),
        (refused("SECONDLY"), 1, 1),
        (refused("A_NEW_ONE"), 10, 10),
        (refused("TEN_SECONDLY_ROLLING", **{"Retry-After": "17"}), 17, 17),
        ({"status": 423, "body": {"category": "LOCKED"}}, 2, 2),
        ({"status": 477, "headers": {"Retry-After": "7200"}}, 7200, 7200),
        ({"status": 503, "headers": {"Retry-After": "5"}}, 5, 5),
    ],
)
def test_a_refusal_that_names_a_time_is_obeyed(
    answer: dict[str, Any], least: float, most: float, hub: Emulator, crm: HubSpotCrm
) -> None:
    crm.definitions("score")
    hub.faults({"answer": answer, "path": WRITES})
    (outcome,) = crm.write("score", [ROW], Nothing())
    assert outcome.answer == "retry"
    assert least <= (outcome.after or 0) <= most
    hub.faults({"answer": answer, "path": "batch/read"}, replace=True)
    with pytest.raises(Busy) as busy:
        crm.read("score", ["a001"])
    assert least <= (busy.value.after or 0) <= most


@pytest.mark.parametrize(
    ("zone", "now", "hours"),
    [
        ("UTC", "2025-03-30T22:00:00+00:00", 2),
        ("America/New_York", "2025-03-30T22:00:00+00:00", 6),
        ("Europe/Oslo", "2025-03-29T23:30:00+00:00", 22.5),  # the day on which the clock goes forward
        ("Europe/Oslo", "2025-10-25T22:30:00+00:00", 24.5),
    ],
)
def test_a_daily_limit_ends_at_midnight_in_the_accounts_zone(zone: str, now: str, hours: float, hub: Emulator) -> None:
    at = datetime.fromisoformat(now)
    crm = client(hub, zone=zone, clock=at.timestamp)
    hub.faults({"answer": refused("DAILY"), "path": "properties"})
    with pytest.raises(Busy) as busy:
        crm.describe()
    crm.close()
    assert abs((busy.value.after or 0) - hours * 3600) <= 2
    assert datetime.fromtimestamp(at.timestamp() + (busy.value.after or 0), UTC).astimezone(ZoneInfo(zone)).hour == 0


def test_a_daily_limit_defers_and_the_run_of_the_next_day_completes(hub: Emulator, ledger: Path) -> None:
    hub.options(daily=hub_calls(hub) + 15)
    crm = client(hub)
    first = apply(book(), crm, ledger, run_id="r1")
    assert 0 < first.written < ACCOUNTS
    assert (first.rejected, first.complete) == (0, False)
    before = len(hub.log())
    with pytest.raises(Deferred):
        apply(book(), crm, ledger, run_id="r2")
    assert len(hub.log()) == before
    hub.control("clock", {"seconds": 86_400})
    hub.options(daily=10_000)
    later = apply(book(), crm, ledger, run_id="r3", clock=lambda: time.time() + 86_400)
    crm.close()
    assert (later.written + later.skipped, missing_or_wrong(hub, book())) == (ACCOUNTS + TASKS, [])


def hub_calls(hub: Emulator) -> int:
    """What today's calls of the set-up were, by the answer's own header."""
    with hub.http() as api:
        left = api.get("/crm/properties/2026-03/tasks").headers["X-HubSpot-RateLimit-Daily-Remaining"]
    return 625_000 - int(left)


@pytest.mark.slow
def test_a_storm_of_429_is_waited_out_and_nobody_calls_too_early(hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    answer = refused("TEN_SECONDLY_ROLLING", **{"Retry-After": "1"})
    hub.faults(
        {"answer": answer, "path": WRITES, "count": 2},
        {"answer": answer, "every": 9, "count": 2},
    )
    applied = apply(book(), crm, ledger, run_id="r1")
    assert [rule["fired"] for rule in hub.faults()] == [2, 2]
    nothing_lost_nothing_doubled(hub, book(), applied)


@pytest.mark.slow
def test_a_limit_is_seen_coming_and_never_met(hub: Emulator, ledger: Path) -> None:
    hub.control("forget", {})
    hub.options(ten_secondly=12, window_seconds=1.0)
    time.sleep(1.1)
    crm = client(hub)
    applied = apply(book(), crm, ledger, run_id="r1")
    crm.close()
    assert 429 not in {one["status"] for one in hub.log()}
    assert len(hub.log()) >= 24, "fewer calls than two windows hold prove nothing"
    nothing_lost_nothing_doubled(hub, book(), applied)


def test_a_limit_that_others_use_up_is_waited_out(hub: Emulator, ledger: Path) -> None:
    hub.faults({"answer": refused("TEN_SECONDLY_ROLLING"), "every": 7, "count": 6})
    crm, hurried = client(hub), Hurried()
    applied = apply(book(), crm, ledger, run_id="r1", clock=hurried, sleep=hurried.sleep)
    crm.close()
    assert hurried.ahead >= hub.faults()[0]["fired"] * 9.8 > 9
    nothing_lost_nothing_doubled(hub, book(), applied)


@pytest.mark.slow
def test_rows_that_are_locked_are_written_later(hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    hub.options(locks_above=40)
    applied = apply(book()[:ACCOUNTS], crm, ledger, run_id="r1")
    assert 423 in {one["status"] for one in hub.log()}
    assert (applied.written, missing_or_wrong(hub, book()[:ACCOUNTS]), hub.violations()) == (ACCOUNTS, [], [])


def test_a_hubspot_that_takes_nothing_is_given_up_after_a_few_calls(hub: Emulator, ledger: Path) -> None:
    hub.faults({"answer": {"status": 502}, "path": WRITES})
    crm, hurried = client(hub), Hurried()
    applied = apply(book(), crm, ledger, run_id="r1", clock=hurried, sleep=hurried.sleep, patience=20)
    crm.close()
    assert (applied.written, applied.rejected) == (0, 0)
    assert hub.faults()[0]["fired"] <= 30
