"""Days and moments in accounts on both sides of UTC: no day moves, and nobody edited what nobody touched."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from serving.writeback.hubspot_values import Property, decode, default_names, encode
from serving.writeback.plan import FieldEdit, plan
from tests.crm.hubspot_company import WEEK_2, apply, client, missing_or_wrong, opened, score, task
from tests.crm.hubspot_oracle import Emulator

# The account's zone and this machine's: nine hours behind UTC to fourteen ahead of it.
ZONES = [
    ("America/Anchorage", "Pacific/Kiritimati"),
    ("Pacific/Kiritimati", "America/Anchorage"),
    ("Asia/Kolkata", "UTC"),
]
DUE = "2025-01-07T06:30:00+01:00"


@pytest.fixture(params=ZONES, ids=lambda pair: pair[0])
def zone(request: pytest.FixtureRequest, running: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    account, machine = request.param
    opened(running, zone=account)
    monkeypatch.setenv("TZ", machine)
    time.tzset()
    yield account
    monkeypatch.undo()
    time.tzset()


def page(hub: Emulator, key: str, kind: str = "companies", **typed: str) -> dict[str, str]:
    name = "churn_account_id" if kind == "companies" else "churn_task_key"
    found: dict[str, str] = hub.control("page", {"type": kind, "property": name, "value": key, "typed": typed})["shown"]
    return found


ROWS = [score(1, published_at="2025-01-06T23:59:59+00:00"), task(1, due_at=DUE)]


def test_a_day_shows_as_that_day_and_a_moment_as_the_accounts_hour(zone: str, running: Emulator, ledger: Path) -> None:
    crm = client(running, zone=zone)
    assert apply(ROWS, crm, ledger, run_id="r1").written == 2
    account, due = page(running, "a001"), page(running, ROWS[1].key, "tasks")["hs_timestamp"]
    assert (account["churn_as_of"], account["churn_expires_on"]) == ("2025-01-06", "2025-01-20")
    assert due == datetime.fromisoformat(DUE).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")
    assert missing_or_wrong(running, ROWS) == []
    running.control("forget", {})
    found = plan(ROWS, crm, ledger)
    assert (found.edited, found.changes, found.scores.unchanged, found.tasks.unchanged) == ([], [], 1, 1)
    assert apply(ROWS, crm, ledger, run_id="r2").skipped == 2
    crm.close()
    assert not [one for one in running.log() if one["path"].endswith(("update", "create"))]


def test_an_account_that_moves_to_another_zone_edits_nothing(zone: str, running: Emulator, ledger: Path) -> None:
    crm = client(running, zone=zone)
    apply(ROWS, crm, ledger, run_id="r1")
    running.options(zone="America/Los_Angeles" if zone != "America/Los_Angeles" else "UTC")
    # Saved again as the page shows it.
    shown = page(running, "a001"), page(running, ROWS[1].key, "tasks")
    page(running, "a001", churn_as_of=shown[0]["churn_as_of"], churn_expires_on=shown[0]["churn_expires_on"])
    page(running, ROWS[1].key, "tasks", hs_timestamp=shown[1]["hs_timestamp"])
    assert plan(ROWS, crm, ledger).edited == []
    crm.close()


def test_a_day_that_a_person_does_move_is_told_and_stays(zone: str, running: Emulator, ledger: Path) -> None:
    crm = client(running, zone=zone)
    apply(ROWS, crm, ledger, run_id="r1")
    page(running, "a001", churn_expires_on="2025-01-21")
    page(running, ROWS[1].key, "tasks", hs_timestamp="2025-01-08 00:30")
    edited = {(edit.key, edit.field): edit.theirs for edit in plan(ROWS, crm, ledger).edited}
    local = datetime(2025, 1, 8, 0, 30, tzinfo=ZoneInfo(zone))
    assert edited.pop(("a001", "expires_on")) == "2025-01-21"
    (moved,) = edited.values()
    assert datetime.fromisoformat(str(moved)) == local
    applied = apply([score(1, WEEK_2), ROWS[1]], crm, ledger, run_id="r2")
    assert ("score", "a001", "expires_on") in applied.edited
    crm.close()
    assert page(running, "a001")["churn_expires_on"] == "2025-01-21"
    assert page(running, ROWS[1].key, "tasks")["hs_timestamp"] == "2025-01-08 00:30"


def test_a_property_of_a_persons_own_may_hold_a_day(zone: str, running: Emulator, ledger: Path) -> None:
    running.define("renewal_check", type="date", fieldType="date")
    crm = client(running, zone=zone, names=default_names(score={"expires_on": "renewal_check"}))
    apply([score(1)], crm, ledger, run_id="r1")
    assert page(running, "a001")["renewal_check"] == "2025-01-20"
    page(running, "a001", renewal_check="2025-01-19")
    edit = FieldEdit("score", "a001", "expires_on", "2025-01-20", "2025-01-19")
    assert plan([score(1)], crm, ledger).edited == [edit]
    crm.close()


@pytest.mark.parametrize(
    "told",
    ["2025-01-20", "1737331200000", "2025-01-20T00:00:00Z", "2025-01-20T00:00:00.000Z", "2025-01-19T19:00:00-05:00"],
)
def test_a_day_is_read_the_same_however_it_is_told(told: str, zone: str) -> None:
    assert decode(told, Property("expires_on", "date", "date")) == "2025-01-20"


def test_what_is_no_midnight_is_not_cut_to_a_day() -> None:
    assert decode("2025-01-20T10:00:00Z", Property("x", "date", "date")) == "2025-01-20T10:00:00+00:00"
    assert decode("a while ago", Property("x", "date", "date")) == "a while ago"
    assert encode("2025-01-20", Property("x", "date", "date")) == "2025-01-20"
