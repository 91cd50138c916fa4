"""What a delivery owes Salesforce beyond single faults: few calls, none too early, and the guilty row found."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from serving.writeback.destination import Outgoing
from serving.writeback.patient import Deferred
from serving.writeback.place import rejections
from tests.crm.salesforce_company import (
    ACCOUNTS,
    TASKS,
    Hurried,
    Nothing,
    apply,
    book,
    connected,
    missing_or_wrong,
    nothing_lost_nothing_doubled,
    outgoing,
    score,
    task,
)
from tests.crm.salesforce_server import Emulator

BOTH = pytest.mark.parametrize("bulk_from", [2_000, 5], ids=["collections", "jobs"])


@pytest.mark.slow
@BOTH
def test_a_storm_of_429_is_waited_out_and_nobody_calls_too_early(bulk_from: int, org: Emulator, ledger: Path) -> None:
    told = {"kind": "respond", "status": 429, "headers": {"Retry-After": "1"}}
    org.faults(
        {**told, "path": "composite|jobs/ingest", "method": "PATCH|PUT|POST", "after": 1, "times": 2},
        {**told, "path": "query", "after": 4, "times": 1},
        {**told, "path": "successfulResults|composite", "times": 1},
        {**told, "status": 503, "path": "query", "after": 6, "times": 1},
    )
    with connected(org, bulk_from=bulk_from) as crm:
        applied = apply(book(), crm, ledger, run_id="r1")
    assert all(rule["hits"] for rule in org.faults()), org.faults()
    assert org.violations() == []
    nothing_lost_nothing_doubled(org, book(), applied)


@BOTH
@pytest.mark.parametrize("calls", [9, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 6, 8, 10, 11))])
def test_the_days_calls_used_up_at_any_moment_defer_and_the_next_day_completes(
    calls: int, bulk_from: int, org: Emulator, ledger: Path
) -> None:
    org.config(limit=calls)
    with connected(org, bulk_from=bulk_from) as crm:
        try:
            assert not apply(book(), crm, ledger, run_id="r1").complete
        except Deferred:
            assert calls < 6
        with pytest.raises(Deferred):
            apply(book(), crm, ledger, run_id="r2")
        assert org.violations() == []
        org.config(used=0, limit=1_000)
        later = apply(book(), crm, ledger, run_id="r3", clock=lambda: time.time() + 3_700)
    assert (later.deferred, missing_or_wrong(org, book())) == (0, [])
    assert len(org.records("Task", "Id")) == TASKS


def test_long_calls_at_one_time_are_waited_for_in_seconds_not_hours(org: Emulator) -> None:
    body = [
        {
            "errorCode": "REQUEST_LIMIT_EXCEEDED",
            "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
        }
    ]
    org.faults({"kind": "respond", "status": 403, "body": body, "path": "query"})
    with connected(org) as crm, pytest.raises(Exception, match="REQUEST_LIMIT_EXCEEDED") as busy:
        crm.read("score", ["a001"])
    assert busy.value.after == 30  # type: ignore[attr-defined]


def test_one_row_that_spoils_its_whole_call_is_found_in_few_calls(org: Emulator, ledger: Path) -> None:
    rows = [score(i) for i in range(ACCOUNTS)]
    rows[37] = score(37, reason_3="a text where the org has a number since")
    with connected(org) as crm:
        told = crm.describe()
        crm.describe = lambda: told  # type: ignore[method-assign]
        org.call("field", type="Account", name="Churn_Reason_3__c", change={"type": "Number"})
        try:
            applied = apply(rows, crm, ledger, run_id="r1")
        finally:
            org.call("field", type="Account", name="Churn_Reason_3__c", change={"type": "Text"})
    assert (applied.written, applied.rejected) == (ACCOUNTS - 1, 1)
    assert [(line.key, line.code) for line in rejections(ledger)] == [("a037", "json_parser_error")]
    assert "a text where" not in rejections(ledger)[0].reason
    assert sum(n for call, n in org.log()["counts"].items() if call.startswith("PATCH")) <= 15
    assert missing_or_wrong(org, [row for row in rows if row.key != "a037"]) == []


def test_a_row_that_the_server_cannot_digest_is_given_up_and_the_others_arrive(org: Emulator, ledger: Path) -> None:
    org.faults(
        {
            "kind": "row",
            "object": "Account",
            "field": "Churn_Health_Score__c",
            "keys": [7.0],
            "error": "UNKNOWN_EXCEPTION",
        }
    )
    clock = Hurried()
    with connected(org, sleep=clock.sleep) as crm:
        applied = apply(book(), crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert (applied.written, applied.rejected) == (ACCOUNTS + TASKS - 2, 2), "the row, and its account's task"
    assert {line.code for line in rejections(ledger)} == {"unknown_exception", "score_rejected"}
    assert missing_or_wrong(org, [row for row in book() if row.account_id != "a007"]) == []


@pytest.mark.parametrize("fault", [{"kind": "drop_before"}, {"kind": "respond", "status": 500}])
def test_an_org_that_takes_nothing_is_given_up_after_a_few_calls(
    fault: dict[str, object], org: Emulator, ledger: Path
) -> None:
    org.faults({"method": "PATCH", **fault})
    clock = Hurried()
    with connected(org, sleep=clock.sleep) as crm:
        applied = apply(book(), crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep, patience=5)
    assert applied.written == 0
    assert sum(call["method"] == "PATCH" for call in org.log()["calls"]) <= 15


def test_a_small_run_is_a_handful_of_calls(org: Emulator, ledger: Path) -> None:
    with connected(org) as crm:
        apply([*book(), *(task(i, "2025-01-13") for i in range(TASKS))], crm, ledger, run_id="r1")
    assert len(org.log()["calls"]) <= 18, org.log()["counts"]


def test_a_fault_in_one_of_several_calls_leaves_the_rows_of_the_others_written(org: Emulator) -> None:
    org.seed("Account", ["Name", "Churn_Account_Id__c"], [["Firm", f"b{i:03}"] for i in range(600)])
    fields = outgoing(score(1)).fields
    rows = [Outgoing(f"b{i:03}", f"b{i:03}", fields, create=False) for i in range(600)]
    org.faults({"kind": "respond", "status": 500, "method": "PATCH", "after": 1, "times": 1})
    with connected(org) as crm:
        told = crm.write("score", rows, Nothing())
    assert [(told[i].answer, told[i].code) for i in (0, 250, 599)] == [("ok", ""), ("unknown", "http_500"), ("ok", "")]
