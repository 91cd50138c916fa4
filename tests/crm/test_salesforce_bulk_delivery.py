"""Jobs of the Bulk API in a delivery: taken up again, failed, aborted, lost and half told; the judge is the org."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Outcome, Outgoing
from tests.crm.salesforce_company import (
    ACCOUNT_KEY,
    ACCOUNTS,
    TASK_KEY,
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
    stored,
    task,
)
from tests.crm.salesforce_server import Emulator

ENDS: dict[str, list[dict[str, Any]]] = {
    "failed before its first row": [{"kind": "fail", "rows": 0, "error": "TooManyLockFailure", "times": 1, "object": o} for o in ("Account", "Task")],
    "aborted by an admin": [{"kind": "abort", "rows": 0, "times": 2}],
    "failed without telling of the rest": [{"kind": "fail", "rows": 0, "recorded": False, "times": 2}],
    "gone before they were read": [{"kind": "gone", "times": 2}],
    "refused as a file": [{"kind": "fail", "rows": 0, "error": "InvalidBatch", "times": 2}],
    "result files that break off": [{"kind": "truncate", "keep": 200, "path": "Results|unprocessed", "every": 2, "times": 6}],
    "result files that cannot be had": [{"kind": "respond", "status": 500, "path": "Results", "times": 6}],
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_every_row_of_jobs_that_ended_badly_is_sent_anew(end: str, org: Emulator, ledger: Path) -> None:
    org.faults(*ENDS[end])
    clock = Hurried()
    with connected(org, bulk_from=5, sleep=clock.sleep) as crm:
        applied = apply(book(), crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    assert all(rule["hits"] for rule in org.faults()), "a fault that never came tests nothing"
    nothing_lost_nothing_doubled(org, book(), applied)


@pytest.mark.parametrize("recorded", [True, False])
def test_a_job_that_failed_halfway_answers_for_every_row(recorded: bool, org: Emulator) -> None:
    error = {"error": "TooManyLockFailure", "recorded": recorded}
    org.faults({"kind": "fail", "object": "Task", "rows": 200, **error})
    keys = [f"a{i % ACCOUNTS:03}|{i}" for i in range(450)]
    rows = [Outgoing(key, key[:4], {"subject": f"Row {key}"}, create=True) for key in keys]
    with connected(org, bulk_from=5) as crm:
        told = crm.write("task", rows, Nothing())
    there, codes = stored(org, "task"), Counter(outcome.code for outcome in told)
    assert codes == {"": 200, "toomanylockfailure" if recorded else "not_recorded": 250}
    assert {row.key for row, outcome in zip(rows, told, strict=True) if outcome.answer == "ok"} == there.keys()


def test_a_quota_that_is_used_up_defers_and_the_next_day_completes(org: Emulator, ledger: Path) -> None:
    org.faults({"kind": "fail", "error": "ExceededQuota", "rows": 0, "times": 1})
    with connected(org, bulk_from=5) as crm:
        first = apply(book(), crm, ledger, run_id="r1")
        assert (first.written, first.deferred) == (0, ACCOUNTS + TASKS)
    with connected(org, bulk_from=5) as crm:  # another process, which knows the job that failed from the ledger alone
        later = apply([], crm, ledger, run_id="r2", clock=lambda: time.time() + 3_700)
    assert (later.written, missing_or_wrong(org, book())) == (ACCOUNTS + TASKS, [])


class Dead(Exception):
    """Stands for the end of the process."""


def _dies(point: str) -> Callable[[str], None]:
    def at(name: str) -> None:
        if name == point:
            raise Dead

    return at


@contextmanager
def _released(org: Emulator) -> Iterator[None]:
    """Jobs that are held go on after a while."""
    timer = threading.Timer(0.4, lambda: org.config(hold=None))
    timer.start()
    yield
    timer.join()


POINTS = {
    "job_created": ("Open", "sent anew"),
    "id_saved": ("Open", "sent anew"),
    "uploaded": ("Open", "sent anew"),
    "closed": ("UploadComplete", "waited for"),
    "poll": ("UploadComplete", "waited for"),
    "fetch successfulResults": ("JobComplete", "read"),
    "fetch failedResults": ("JobComplete", "read"),
    "fetch unprocessedrecords": ("JobComplete", "read"),
}


QUICK = {"id_saved", "closed", "fetch successfulResults"}


@pytest.mark.parametrize("point", [p if p in QUICK else pytest.param(p, marks=pytest.mark.slow) for p in POINTS])
def test_a_job_that_a_dead_process_left_is_given_up_or_waited_for_or_read(point: str, org: Emulator) -> None:
    state, then = POINTS[point]
    handle, rows = Nothing(), [outgoing(task(i)) for i in range(10)]
    org.faults({"kind": "row", "object": "Task", "field": TASK_KEY, "keys": [task(3).key], "times": 1})
    if state == "UploadComplete":
        org.config(hold=state)
    with connected(org, bulk_from=5, at=_dies(point)) as crm, pytest.raises(Dead):
        crm.write("task", rows, handle)
    assert [job["state"] for job in org.jobs()] == [state]
    with _released(org), connected(org, bulk_from=5) as crm:
        told = crm.write("task", rows, handle)
    assert [outcome.code for outcome in told] == ["" if i != 3 else "unable_to_lock_row" for i in range(10)]
    jobs = org.jobs()
    assert (len(jobs), len(stored(org, "task"))) == (2 if then == "sent anew" else 1, 9)
    assert all(set(job["read"]) == {"successfulResults", "failedResults", "unprocessedrecords"} for job in jobs[-1:])
    if point not in ("job_created",):
        assert jobs[0]["state"] == ("Aborted" if then == "sent anew" else "JobComplete")
        assert jobs[-1]["id"] in json.loads(handle.job or "[]")


def test_a_job_that_is_gone_leaves_every_row_to_be_read_back(org: Emulator) -> None:
    handle, rows = Nothing(), [outgoing(task(i)) for i in range(10)]
    handle.save('["750Hs000000000zAAA"]')
    with connected(org, bulk_from=5) as crm:
        assert crm.write("task", rows, handle) == [Outcome.unknown("job_gone")] * 10
        assert [outcome.answer for outcome in crm.write("task", rows, handle)] == ["ok"] * 10


@pytest.mark.slow
def test_a_job_that_takes_long_is_left_at_work_and_not_started_twice(org: Emulator, ledger: Path) -> None:
    org.config(hold="InProgress", hold_after=0)
    clock = Hurried()
    with connected(org, bulk_from=5, poll_seconds=60, sleep=clock.sleep) as crm:
        first = apply(book(), crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
        assert (first.written, first.deferred, len(org.jobs())) == (0, ACCOUNTS + TASKS, 1)
        org.config(hold=None)
        second = apply([], crm, ledger, run_id="r2", clock=clock, sleep=clock.sleep)
    assert (second.deferred, second.rejected, missing_or_wrong(org, book())) == (0, 0, [])
    assert len(org.jobs()) == 2, "one of accounts, one of tasks"


def test_a_job_that_the_ledger_forgot_is_waited_for_before_anything_is_written(org: Emulator, ledger: Path) -> None:
    org.config(hold="UploadComplete")
    with connected(org, bulk_from=5, at=_dies("poll")) as crm, pytest.raises(Dead):
        apply(book(), crm, ledger, run_id="r1")
    with (
        _released(org),
        connected(org, bulk_from=5) as crm,
    ):  # the same rows again: the ledger drops what was on its way, and its job
        applied = apply(book(), crm, ledger, run_id="r2")
    nothing_lost_nothing_doubled(org, book(), applied)
    assert len(org.jobs()) == 2, "the accounts' job was not started a second time"


def test_a_large_batch_is_several_jobs_below_the_limit_and_all_are_known_to_the_handle(org: Emulator) -> None:
    handle = Nothing()
    org.config(upload_limit=2_000)
    with connected(org, bulk_from=5, upload_bytes=2_000) as crm:
        told = crm.write("task", [outgoing(task(i)) for i in range(40)], handle)
    assert {outcome.answer for outcome in told} == {"ok"}
    assert len(org.jobs()) == len(json.loads(handle.job or "")) > 2
    assert len(stored(org, "task")) == 40


def test_rows_of_one_account_stand_in_one_batch_so_that_they_do_not_lock_each_other(org: Emulator) -> None:
    org.config(batch=20)
    org.faults({"kind": "split_parents"})
    rows = [outgoing(task(i % 10, subject=f"{i}")) for i in range(60)]
    rows = [Outgoing(f"{i:02}|{row.key}", row.account_id, row.fields, create=True) for i, row in enumerate(rows)]
    with connected(org, bulk_from=5) as crm:
        told = crm.write("task", rows, Nothing())
    assert sum(outcome.answer == "retry" for outcome in told) <= 2 * 6, "at most one account at each seam"


def test_an_org_that_takes_line_feeds_amiss_gets_such_rows_as_json(org: Emulator, ledger: Path) -> None:
    org.config(quoted_newlines=False)
    clock = Hurried()
    with connected(org, bulk_from=5, sleep=clock.sleep) as crm:
        applied = apply(book(), crm, ledger, run_id="r1", clock=clock, sleep=clock.sleep)
    nothing_lost_nothing_doubled(org, book(), applied)
    assert len(org.jobs()) == 2, "one of accounts, and one of tasks that told what this org is like"


@pytest.mark.slow
def test_a_field_taken_away_in_mid_run_stops_it(org: Emulator, ledger: Path) -> None:
    def at(point: str) -> None:
        if point == "job_create":
            org.call("field", type="Account", name="Churn_Reason_1__c", change={"hidden": True})

    try:
        with (
            connected(org, bulk_from=5, at=at) as crm,
            pytest.raises(DeliveryIncomplete, match="does not know a field"),
        ):
            apply(book(), crm, ledger, run_id="r1")
    finally:
        org.call("field", type="Account", name="Churn_Reason_1__c", change={"hidden": False})
    with connected(org, bulk_from=5) as crm:
        assert apply(book(), crm, ledger, run_id="r2").complete
    assert missing_or_wrong(org, book()) == []


def test_a_token_that_expires_while_a_job_is_polled_is_replaced_once(org: Emulator) -> None:
    org.config(seconds=0.3)
    expired: list[str] = []

    def at(point: str) -> None:
        if point == "poll" and not expired:
            expired.append(point)
            org.call("revoke")

    with connected(org, bulk_from=5, at=at) as crm:
        told = crm.write("score", [outgoing(score(i)) for i in range(10)], Nothing())
    assert {outcome.answer for outcome in told} == {"ok"}
    assert org.log()["counts"]["POST /services/oauth2/token"] == 2
    assert org.violations() == []


def test_a_job_answers_by_key_in_whatever_order(org: Emulator) -> None:
    bad = {"Churn_Reason_2__c": "bad"}
    org.call(
        "rules", rules=[{"object": "Account", "field": name, "values": [v], "message": "no"} for name, v in bad.items()]
    )
    rows = [score(i, reason_2="bad" if i % 7 == 0 else "good") for i in range(ACCOUNTS)]
    with connected(org, bulk_from=5) as crm:
        told = crm.write("score", [outgoing(row) for row in rows], Nothing())
    assert [outcome.answer for outcome in told] == ["reject" if i % 7 == 0 else "ok" for i in range(ACCOUNTS)]
    ids = {row[ACCOUNT_KEY]: row["Id"] for row in org.records("Account")}
    assert all(o.remote_id == ids[row.key] for row, o in zip(rows, told, strict=True) if o.answer == "ok")
