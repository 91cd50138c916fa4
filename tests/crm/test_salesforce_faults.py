"""What a test can make go wrong, and what the server tells afterwards."""

from __future__ import annotations

import multiprocessing
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from tests.crm.salesforce_asking import FIELDS, Api
from tests.crm.salesforce_server import Emulator, server


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with server(FIELDS, seconds=120) as emulator:
        yield emulator


@pytest.fixture
def org(running: Emulator) -> Emulator:
    running.call("reset")
    return running


@pytest.fixture
def api(org: Emulator) -> Iterator[Api]:
    with Api(org) as client:
        yield client


def statuses(api: Api, times: int) -> list[int]:
    return [api.http.get("/limits").status_code for _ in range(times)]


def test_a_call_can_be_answered_instead_of_done_at_chosen_times(org: Emulator, api: Api) -> None:
    org.faults({"kind": "respond", "path": "/limits$", "status": 503, "after": 1, "times": 2})
    assert statuses(api, 5) == [200, 503, 503, 200, 200]
    org.faults({"kind": "respond", "path": "/limits$", "status": 500, "every": 3}, clear=True)
    assert statuses(api, 6) == [500, 200, 200, 500, 200, 200]
    org.faults({"kind": "respond", "method": "POST", "status": 500}, clear=True)
    assert statuses(api, 2) == [200, 200]
    org.faults({"kind": "respond", "status": 500, "probability": 0.5, "seed": 1}, clear=True)
    drawn = statuses(api, 20)
    org.faults({"kind": "respond", "status": 500, "probability": 0.5, "seed": 1}, clear=True)
    assert statuses(api, 20) == drawn
    assert set(drawn) == {200, 500}
    assert org.faults()[0]["hits"] == drawn.count(500)


def test_a_call_before_retry_after_has_passed_is_a_violation(org: Emulator, api: Api) -> None:
    body = [{"message": "busy", "errorCode": "SERVER_UNAVAILABLE"}]
    org.faults({"kind": "respond", "status": 503, "body": body, "headers": {"Retry-After": "30"}, "times": 1})
    answer = api.http.get("/limits")
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()) == (503, "30", body)
    assert org.violations() == []
    assert api.http.get("/limits").status_code == 200
    assert org.violations() == ["called before Retry-After had passed"]
    org.call("reset")
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    org.faults({"kind": "respond", "status": 429, "headers": {"Retry-After": later}, "times": 1})
    with Api(org) as again:
        assert statuses(again, 2) == [429, 200]
    assert org.violations() == ["called before Retry-After had passed"]


def test_a_connection_dropped_before_has_done_nothing_and_one_dropped_after_has_written(
    org: Emulator, api: Api
) -> None:
    org.faults({"kind": "drop_before", "path": "/Key__c$", "times": 1})
    with pytest.raises(httpx.TransportError):
        api.upsert({"Key__c": "a", "Name": "A"})
    assert org.count("Account")["records"] == 0
    org.faults({"kind": "drop_after", "path": "/Key__c$", "times": 1}, clear=True)
    with pytest.raises(httpx.TransportError):
        api.upsert({"Key__c": "a", "Name": "A"})
    assert org.count("Account")["records"] == 1
    assert not api.upsert({"Key__c": "a", "Name": "A"})[0]["created"]
    assert [(call["status"], call["fault"]) for call in org.log()["calls"]] == [
        (0, "drop_before"),
        (0, "drop_after"),
        (200, ""),
    ]


def test_an_answer_can_be_late_or_cut_short(org: Emulator, api: Api) -> None:
    org.faults({"kind": "truncate", "path": "/limits$", "keep": 10, "times": 1})
    with pytest.raises(httpx.TransportError):
        api.http.get("/limits")
    org.faults({"kind": "delay", "seconds": 0.3, "times": 1}, clear=True)
    with pytest.raises(httpx.ReadTimeout):
        api.http.get("/limits", timeout=0.05)
    assert api.http.get("/limits").status_code == 200


def test_a_row_can_be_locked_for_its_first_tries_or_refused_for_ever(org: Emulator, api: Api) -> None:
    org.faults(
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
        [told["errors"][0]["statusCode"] if told["errors"] else "" for told in api.upsert(*records)] for _ in range(3)
    ]
    other = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert seen == [["UNABLE_TO_LOCK_ROW", other, ""], ["UNABLE_TO_LOCK_ROW", other, ""], ["", other, ""]]
    job = api.job("Key__c,Name\nb,B\n")
    assert api.file(job["id"], "failedResults")[0]["sf__Error"] == f"{other}:trigger:--"


def test_rows_of_one_parent_in_two_batches_of_a_job_lock_each_other(org: Emulator, api: Api) -> None:
    first, second = org.seed("Account", ["Name"], [["A"], ["B"]])
    org.config(batch=200)
    org.faults({"kind": "split_parents"})
    mixed = [f"t{i},{(first, second)[i % 2]}" for i in range(400)]
    split = api.job("Key__c,WhatId\n" + "\n".join(mixed) + "\n", of="Task")
    assert split["numberRecordsFailed"] == 200
    assert api.file(split["id"], "failedResults")[0]["sf__Error"].startswith("UNABLE_TO_LOCK_ROW:")
    ordered = sorted(mixed, key=lambda line: line.rpartition(",")[2])
    assert api.job("Key__c,WhatId\n" + "\n".join(ordered) + "\n", of="Task")["numberRecordsFailed"] == 0


@pytest.mark.parametrize(
    ("kind", "error", "state"),
    [("fail", "TooManyLockFailure", "Failed"), ("fail", "ExceededQuota", "Failed"), ("abort", "Aborted", "Aborted")],
)
def test_a_job_can_end_midway_with_some_rows_written_and_the_others_unprocessed(
    org: Emulator, api: Api, kind: str, error: str, state: str
) -> None:
    org.faults({"kind": kind, "object": "Account", "error": error, "rows": 200, "times": 1})
    text = "Key__c,Name\n" + "".join(f"k{i},A\n" for i in range(500))
    job = api.job(text)
    assert (job["state"], job["numberRecordsProcessed"]) == (state, 200)
    assert job["errorMessage"].startswith(error)
    assert len(api.file(job["id"], "successfulResults")) == org.count("Account")["records"] == 200
    assert len(api.file(job["id"], "unprocessedrecords")) == 300
    assert api.job(text)["state"] == "JobComplete"
    assert org.count("Account") == {
        "records": 500,
        "deleted": 0,
        "fields": {
            n: {"values": 500 if n == "Key__c" else 0, "duplicates": 0} for n in ("Key__c", "Code__c", "Loose__c")
        },
    }


def test_rows_beyond_the_days_batches_are_in_none_of_the_three_files(org: Emulator, api: Api) -> None:
    org.faults({"kind": "fail", "error": "ExceededQuota", "rows": 200, "recorded": False})
    job = api.job("Key__c,Name\n" + "".join(f"k{i},A\n" for i in range(300)))
    files = {
        which: len(api.file(job["id"], which)) for which in ("successfulResults", "failedResults", "unprocessedrecords")
    }
    assert files == {"successfulResults": 200, "failedResults": 0, "unprocessedrecords": 0}


def test_a_jobs_results_can_be_gone(org: Emulator, api: Api) -> None:
    org.faults({"kind": "gone", "times": 1})
    job = api.job("Key__c,Name\na,A\n")
    assert api.http.get(f"/jobs/ingest/{job['id']}/successfulResults").status_code == 404
    assert org.count("Account")["records"] == 1


def test_people_edit_delete_and_merge_meanwhile(org: Emulator, api: Api) -> None:
    a, b, c = org.seed("Account", ["Name", "Key__c"], [["A", "a"], ["B", "b"], ["C", "c"]])
    api.upsert({"Key__c": "t", "Subject": "Call", "WhatId": b}, of="Task")
    org.call("edit", type="Task", field="Key__c", keys=["t"], values={"Status": "Completed"})
    assert org.records("Task", "IsClosed", "LastModifiedById", "CreatedById")[0]["IsClosed"]
    org.call("edit", type="Account", ids=[a], values={"Fixed__c": "by hand"})
    org.call("merge", master=a, losers=[b])
    assert org.records("Task", "WhatId", "AccountId") == [{"WhatId": a, "AccountId": a}]
    assert org.records("Account", "MasterRecordId", "IsDeleted", ids=[b], deleted=True) == [
        {"MasterRecordId": a, "IsDeleted": True}
    ]
    org.call("delete", type="Account", ids=[c])
    gone = [{"attributes": {"type": "Account"}, "id": text, "Name": "X"} for text in (b, c)]
    told = api.http.patch("/composite/sobjects", json={"records": gone}).json()
    assert [r["errors"][0]["statusCode"] for r in told] == ["ENTITY_IS_DELETED"] * 2
    assert api.upsert({"Key__c": "c", "Name": "Again"})[0]["created"]
    org.call("delete", type="Account", ids=[c], undelete=True)
    assert org.duplicates("Account", "Key__c") == ["c"]
    org.call("delete", type="Account", ids=[a])
    assert org.count("Task")["records"] == 0
    org.call("delete", type="Account", ids=[a], undelete=True)
    assert org.records("Task", "Key__c") == [{"Key__c": "t"}]


def test_half_an_upload_of_a_client_that_went_away_is_no_upload(org: Emulator, api: Api) -> None:
    made = api.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    where = f"/services/data/v66.0/jobs/ingest/{made['id']}/batches"
    head = f"PUT {where} HTTP/1.1\r\nHost: x\r\nAuthorization: {api.http.headers['Authorization']}\r\n"
    for sent in (
        f"{head}Content-Type: text/csv\r\nContent-Length: 100\r\n\r\nName\nA\n",
        f"{head}Transfer-Encoding: chunked\r\n\r\n9\r\nName",
    ):
        with socket.create_connection(("127.0.0.1", httpx.URL(org.url).port or 0)) as client:
            client.sendall(sent.encode())
    for _ in range(500):
        if len(org.log()["calls"]) == 3:
            break
    assert [call["fault"] for call in org.log()["calls"]] == ["", "client went away", "client went away"]
    again = api.http.put(
        f"/jobs/ingest/{made['id']}/batches", content=b"Name\nB\n", headers={"Content-Type": "text/csv"}
    )
    assert again.status_code == 201


def test_an_upload_in_chunks_is_read_as_one(org: Emulator, api: Api) -> None:
    made = api.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    parts = iter([b"Name\nA", b"B\n", b"C\n"])
    api.http.put(f"/jobs/ingest/{made['id']}/batches", content=parts, headers={"Content-Type": "text/csv"})
    api.http.patch(f"/jobs/ingest/{made['id']}", json={"state": "UploadComplete"})
    assert api.ended(made["id"])["numberRecordsProcessed"] == 2
    assert [r["Name"] for r in org.records("Account", "Name")] == ["AB", "C"]


def _write_and_hang(url: str, token: str, started: multiprocessing.synchronize.Event) -> None:
    client = httpx.Client(base_url=f"{url}/services/data/v66.0", headers={"Authorization": f"Bearer {token}"})
    body = {"records": [{"attributes": {"type": "Account"}, "Key__c": "a", "Name": "A"}]}
    client.patch("/composite/sobjects/Account/Key__c", json=body)
    started.set()
    client.get("/limits", timeout=60)


def test_a_client_that_is_killed_in_the_middle_of_a_call_leaves_the_org_as_it_was(org: Emulator, api: Api) -> None:
    org.faults({"kind": "delay", "path": "/limits$", "seconds": 0.5, "times": 1})
    context = multiprocessing.get_context("spawn")
    started = context.Event()
    client = context.Process(target=_write_and_hang, args=(org.url, org.token(), started))
    client.start()
    assert started.wait(20)
    client.kill()
    client.join(10)
    client.close()
    assert org.records("Account", "Key__c") == [{"Key__c": "a"}]
    assert statuses(api, 3) == [200, 200, 200]
