"""What a test can make go wrong, and what the server tells afterwards."""

from __future__ import annotations

import multiprocessing
import socket
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from tests.crm.salesforce_asking import Api
from tests.crm.salesforce_server import Emulator


def statuses(asking: Api, times: int) -> list[int]:
    return [asking.http.get("/limits").status_code for _ in range(times)]


def test_a_call_can_be_answered_instead_of_done_at_chosen_times(blank: Emulator, asking: Api) -> None:
    blank.faults({"kind": "respond", "path": "/limits$", "status": 503, "after": 1, "times": 2})
    assert statuses(asking, 5) == [200, 503, 503, 200, 200]
    blank.faults({"kind": "respond", "path": "/limits$", "status": 500, "every": 3}, clear=True)
    assert statuses(asking, 6) == [500, 200, 200, 500, 200, 200]
    blank.faults({"kind": "respond", "method": "POST", "status": 500}, clear=True)
    assert statuses(asking, 2) == [200, 200]
    blank.faults({"kind": "respond", "status": 500, "probability": 0.5, "seed": 1}, clear=True)
    drawn = statuses(asking, 20)
    blank.faults({"kind": "respond", "status": 500, "probability": 0.5, "seed": 1}, clear=True)
    assert statuses(asking, 20) == drawn
    assert set(drawn) == {200, 500}
    assert blank.faults()[0]["hits"] == drawn.count(500)


def test_a_call_before_retry_after_has_passed_is_a_violation(blank: Emulator, asking: Api) -> None:
    body = [{"message": "busy", "errorCode": "SERVER_UNAVAILABLE"}]
    blank.faults({"kind": "respond", "status": 503, "body": body, "headers": {"Retry-After": "30"}, "times": 1})
    answer = asking.http.get("/limits")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (503, "30", body)
    assert blank.violations() == []
    assert asking.http.get("/limits").status_code == 200
    assert blank.violations() == ["called before Retry-After had passed"]
    blank.call("reset")
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    blank.faults({"kind": "respond", "status": 429, "headers": {"Retry-After": later}, "times": 1})
    with Api(blank) as again:
        assert statuses(again, 2) == [429, 200]
    assert blank.violations() == ["called before Retry-After had passed"]


def test_a_connection_dropped_before_has_done_nothing_and_one_dropped_after_has_written(
    blank: Emulator, asking: Api
) -> None:
    blank.faults({"kind": "drop_before", "path": "/Key__c$", "times": 1})
    with pytest.raises(httpx.TransportError):
        asking.upsert({"Key__c": "a", "Name": "A"})
    assert blank.count("Account")["records"] == 0
    blank.faults({"kind": "drop_after", "path": "/Key__c$", "times": 1}, clear=True)
    with pytest.raises(httpx.TransportError):
        asking.upsert({"Key__c": "a", "Name": "A"})
    assert blank.count("Account")["records"] == 1
    assert not asking.upsert({"Key__c": "a", "Name": "A"})[0]["created"]
    assert [(call["status"], call["fault"]) for call in blank.log()["calls"]] == [
        (0, "drop_before"),
        (0, "drop_after"),
        (200, ""),
    ]


def test_an_answer_can_be_late_or_cut_short(blank: Emulator, asking: Api) -> None:
    blank.faults({"kind": "truncate", "path": "/limits$", "keep": 10, "times": 1})
    with pytest.raises(httpx.TransportError):
        asking.http.get("/limits")
    blank.faults({"kind": "delay", "seconds": 0.3, "times": 1}, clear=True)
    with pytest.raises(httpx.ReadTimeout):
        asking.http.get("/limits", timeout=0.05)
    assert asking.http.get("/limits").status_code == 200


def test_a_row_can_be_locked_for_its_first_tries_or_refused_for_ever(blank: Emulator, asking: Api) -> None:
    blank.faults(
        {"kind": "row", "field": "Key__c", "keys": ["a"], "times": 2},
        {
            "kind": "row",
            "field": "Key__c",
            "keys": ["b"],
            "error": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "message": "trigger",
        },
    )
    records = [{"Key__c": key, "Name": "N"} for key in "abc"]
    seen = [
        [told["errors"][0]["statusCode"] if told["errors"] else "" for told in asking.upsert(*records)]
        for _ in range(3)
    ]
    other = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert seen == [["UNABLE_TO_LOCK_ROW", other, ""], ["UNABLE_TO_LOCK_ROW", other, ""], ["", other, ""]]
    job = asking.job("Key__c,Name\nb,B\n")
    assert asking.file(job["id"], "failedResults")[0]["sf__Error"] == f"{other}:trigger:--"


def test_rows_of_one_parent_in_two_batches_of_a_job_lock_each_other(blank: Emulator, asking: Api) -> None:
    first, second = blank.seed("Account", ["Name"], [["A"], ["B"]])
    blank.config(batch=200)
    blank.faults({"kind": "split_parents"})
    mixed = [f"t{i},{(first, second)[i % 2]}" for i in range(400)]
    split = asking.job("Key__c,WhatId\n" + "\n".join(mixed) + "\n", of="Task")
    assert split["numberRecordsFailed"] == 200
    assert asking.file(split["id"], "failedResults")[0]["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:")
    ordered = sorted(mixed, key=lambda line: line.rpartition(",")[2])
    assert asking.job("Key__c,WhatId\n" + "\n".join(ordered) + "\n", of="Task")["numberRecordsFailed"] == 0


@pytest.mark.parametrize(
    ("kind", "error", "state"),
    [("fail", "TooManyLockFailure", "Failed"), ("fail", "ExceededQuota", "Failed"), ("abort", "Aborted", "Aborted")],
)
def test_a_job_can_end_midway_with_some_rows_written_and_the_others_unprocessed(
    blank: Emulator, asking: Api, kind: str, error: str, state: str
) -> None:
    blank.faults({"kind": kind, "object": "Account", "error": error, "rows": 200, "times": 1})
    text = "Key__c,Name\n" + "".join(f"k{i},A\n" for i in range(500))
    job = asking.job(text)
    assert (job["state"], job["numberRecordsProcessed"]) == (state, 200)
    assert job["errorMessage"].startswith(error)
    assert len(asking.file(job["id"], "successfulResults")) == blank.count("Account")["records"] == 200
    assert len(asking.file(job["id"], "unprocessedrecords")) == 300
    assert asking.job(text)["state"] == "JobComplete"
    assert blank.count("Account") == {
        "records": 500,
        "deleted": 0,
        "fields": {
            n: {"values": 500 if n == "Key__c" else 0, "duplicates": 0} for n in ("Key__c", "Code__c", "Loose__c")
        },
    }


def test_rows_beyond_the_days_batches_are_in_none_of_the_three_files(blank: Emulator, asking: Api) -> None:
    blank.faults({"kind": "fail", "error": "ExceededQuota", "rows": 200, "recorded": False})
    job = asking.job("Key__c,Name\n" + "".join(f"k{i},A\n" for i in range(300)))
    files = {
        which: len(asking.file(job["id"], which))
        for which in ("successfulResults", "failedResults", "unprocessedrecords")
    }
    assert files == {"successfulResults": 200, "failedResults": 0, "unprocessedrecords": 0}


def test_a_jobs_results_can_be_gone(blank: Emulator, asking: Api) -> None:
    blank.faults({"kind": "gone", "times": 1})
    job = asking.job("Key__c,Name\na,A\n")
    assert asking.http.get(f"/jobs/ingest/{job['id']}/successfulResults").status_code == 404
    assert blank.count("Account")["records"] == 1


def test_people_edit_delete_and_merge_meanwhile(blank: Emulator, asking: Api) -> None:
    a, b, c = blank.seed("Account", ["Name", "Key__c"], [["A", "a"], ["B", "b"], ["C", "c"]])
    asking.upsert({"Key__c": "t", "Subject": "Call", "WhatId": b}, of="Task")
    blank.call("edit", type="Task", field="Key__c", keys=["t"], values={"Status": "Completed"})
    assert blank.records("Task", "IsClosed", "LastModifiedById", "CreatedById")[0]["IsClosed"]
    blank.call("edit", type="Account", ids=[a], values={"Fixed__c": "by hand"})
    blank.call("merge", master=a, losers=[b])
    assert blank.records("Task", "WhatId", "AccountId") == [{"WhatId": a, "AccountId": a}]
    assert blank.records("Account", "MasterRecordId", "IsDeleted", ids=[b], deleted=True) == [
        {"MasterRecordId": a, "IsDeleted": True}
    ]
    blank.call("delete", type="Account", ids=[c])
    gone = [{"attributes": {"type": "Account"}, "id": text, "Name": "X"} for text in (b, c)]
    told = asking.http.patch("/composite/sobjects", json={"records": gone}).json()
    assert [r["errors"][0]["statusCode"] for r in told] == ["ENTITY_IS_DELETED"] * 2
    assert asking.upsert({"Key__c": "c", "Name": "Again"})[0]["created"]
    blank.call("delete", type="Account", ids=[c], undelete=True)
    assert blank.duplicates("Account", "Key__c") == ["c"]
    blank.call("delete", type="Account", ids=[a])
    assert blank.count("Task")["records"] == 0
    blank.call("delete", type="Account", ids=[a], undelete=True)
    assert blank.records("Task", "Key__c") == [{"Key__c": "t"}]


def test_half_an_upload_of_a_client_that_went_away_is_no_upload(blank: Emulator, asking: Api) -> None:
    made = asking.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    where = f"/services/data/v66.0/jobs/ingest/{made['id']}/batches"
    head = f"PUT {where} HTTP/1.1\r\nHost: x\r\nAuthorization: {asking.http.headers['Authorization']}\r\n"
    for sent in (
        f"{head}Content-Type: text/csv\r\nContent-Length: 100\r\n\r\nName\nA\n",
        f"{head}Transfer-Encoding: chunked\r\n\r\n9\r\nName",
    ):
        with socket.create_connection(("127.0.0.1", httpx.URL(blank.url).port or 0)) as client:
            client.sendall(sent.encode())
    for _ in range(500):
        if len(blank.log()["calls"]) == 3:
            break
    assert [call["fault"] for call in blank.log()["calls"]] == ["", "client went away", "client went away"]
    again = asking.http.put(
        f"/jobs/ingest/{made['id']}/batches", content=b"Name\nB\n", headers={"Content-Type": "text/csv"}
    )
    assert again.status_code == 201


def test_an_upload_in_chunks_is_read_as_one(blank: Emulator, asking: Api) -> None:
    made = asking.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    parts = iter([b"Name\nA", b"B\n", b"C\n"])
    asking.http.put(f"/jobs/ingest/{made['id']}/batches", content=parts, headers={"Content-Type": "text/csv"})
    asking.http.patch(f"/jobs/ingest/{made['id']}", json={"state": "UploadComplete"})
    assert asking.ended(made["id"])["numberRecordsProcessed"] == 2
    assert [r["Name"] for r in blank.records("Account", "Name")] == ["AB", "C"]


def _write_and_hang(url: str, token: str, started: multiprocessing.synchronize.Event) -> None:
    client = httpx.Client(base_url=f"{url}/services/data/v66.0", headers={"Authorization": f"Bearer {token}"})
    body = {"records": [{"attributes": {"type": "Account"}, "Key__c": "a", "Name": "A"}]}
    client.patch("/composite/sobjects/Account/Key__c", json=body)
    started.set()
    client.get("/limits", timeout=60)


def test_a_client_that_is_killed_in_the_middle_of_a_call_leaves_the_org_as_it_was(blank: Emulator, asking: Api) -> None:
    blank.faults({"kind": "delay", "path": "/limits$", "seconds": 0.5, "times": 1})
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    client = context.Process(target=_write_and_hang, args=(blank.url, blank.token(), started))
    client.start()
    assert started.wait(20)
    client.kill()
    client.join(10)
    client.close()
    assert blank.records("Account", "Key__c") == [{"Key__c": "a"}]
    assert statuses(asking, 3) == [200, 200, 200]
