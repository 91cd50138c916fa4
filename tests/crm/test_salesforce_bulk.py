"""The Bulk API 2.0: jobs from their making to their three files, and queries in sets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from tests.crm.salesforce_asking import FIELDS, Api
from tests.crm.salesforce_server import Emulator, server

CSV = {"Content-Type": "text/csv"}


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


def rows(start: int, stop: int) -> str:
    return "".join(f"k{i},A{i}\n" for i in range(start, stop))


def test_a_job_upserts_its_rows_and_tells_of_each_in_one_of_three_files(org: Emulator, api: Api) -> None:
    org.seed("Account", ["Name", "Key__c"], [["Old", "b"]])
    job = api.job("Key__c,Name,Health_Score__c\na,New,1.5\nb,Changed,\nc,,2\nd,D,high\n")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 4, 2)
    good, bad = api.file(job["id"], "successfulResults"), api.file(job["id"], "failedResults")
    assert {r["Key__c"]: r["sf__Created"] for r in good} == {"a": "true", "b": "false"}
    assert all(len(r["sf__Id"]) == 18 for r in good)
    assert {r["Key__c"]: r["sf__Error"] for r in bad} == {
        "c": "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
        "d": "INVALID_TYPE_ON_FIELD_IN_RECORD:Health Score: value not of required type: high:Health_Score__c --",
    }
    assert bad[0]["sf__Id"] == ""
    assert api.file(job["id"], "unprocessedrecords") == []
    raw = api.http.get(f"/jobs/ingest/{job['id']}/successfulResults").text
    assert raw.startswith('"sf__Id","sf__Created",Key__c,Name,Health_Score__c\n"001')
    assert api.http.get(f"/jobs/ingest/{job['id']}/unprocessedrecords").text == "Key__c,Name,Health_Score__c\n"


def test_an_empty_cell_changes_nothing_and_hash_n_a_clears(org: Emulator, api: Api) -> None:
    org.seed(
        "Account", ["Name", "Key__c", "Note__c", "Health_Score__c"], [["A", "a", "note", 1.0], ["B", "b", "note", 2.0]]
    )
    job = api.job("Key__c,Note__c,Health_Score__c,At_Risk__c\na,,#N/A,\nb,#N/A,,TRUE\n")
    assert job["numberRecordsFailed"] == 0
    kept = org.records("Account", "Key__c", "Note__c", "Health_Score__c", "At_Risk__c")
    assert kept[0] == {"Key__c": "a", "Note__c": "note", "Health_Score__c": None, "At_Risk__c": False}
    assert kept[1] == {"Key__c": "b", "Note__c": None, "Health_Score__c": 2.0, "At_Risk__c": True}


def test_texts_between_quotes_come_back_byte_for_byte(org: Emulator, api: Api) -> None:
    texts = ['comma, "quotes"', "two\nlines", "=1+1", "é😀", "<b>&amp;</b>", "a;b|c\td`e^f"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([["Key__c", "Name", "Note__c"], *[[f"k{i}", "A", text] for i, text in enumerate(texts)]])
    job = api.job(out.getvalue())
    assert job["numberRecordsFailed"] == 0
    assert [r["Note__c"] for r in org.records("Account", "Note__c")] == texts
    assert sorted(r["Note__c"] for r in api.file(job["id"], "successfulResults")) == sorted(texts)


def test_every_type_of_cell_is_read_and_what_is_none_of_its_type_is_refused(org: Emulator, api: Api) -> None:
    good = "a,1e2,true,2026-01-05,2026-01-05T10:00:00.000+01:00,low\nb,-.5,0,2026-02-28,2026-01-05T09:00:00Z,high\n"
    bad = (
        "c,NaN,,,,\nd,1_0,,,,\ne, 1,,,,\nf,1000,,,,\ng,,yes,,,\nh,,#N/A,,,\ni,,,2026-02-30,,\n"
        "j,,,05.01.2026,,\nk,,,,2026-01-05 09:00:00,\nl,,,,2026-01-05T09:00:00,\nm,,,,,middle\n"
    )
    made = "".join(f"{line},N\n" for line in (good + bad).splitlines())
    job = api.job("Key__c,Health_Score__c,At_Risk__c,Renewal__c,Scored_At__c,Level__c,Name\n" + made)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (13, 11)
    said = {r["Key__c"]: r["sf__Error"].partition(":")[0] for r in api.file(job["id"], "failedResults")}
    assert (said.pop("f"), said.pop("m")) == ("NUMBER_OUTSIDE_VALID_RANGE", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert set(said.values()) == {"INVALID_TYPE_ON_FIELD_IN_RECORD"}
    kept = org.records("Account", "Health_Score__c", "At_Risk__c", "Scored_At__c")
    assert kept[0] == {"Health_Score__c": 100.0, "At_Risk__c": True, "Scored_At__c": "2026-01-05T09:00:00.000+0000"}
    assert kept[1]["Health_Score__c"] == -0.5


def test_many_different_values_are_read_as_one_by_one(org: Emulator, api: Api) -> None:
    lines = [f"k{i}, A{i} ,{i / 100}" for i in range(3_000)]
    lines[7], lines[8], lines[9] = "k7,A,nan", f"k8,{'x' * 256},8", "k9,A9,1e3"
    job = api.job("Key__c,Name,Health_Score__c\n" + "\n".join(lines) + "\n")
    assert job["numberRecordsFailed"] == 3
    kept = {
        r["Key__c"]: (r["Name"], r["Health_Score__c"])
        for r in org.records("Account", "Key__c", "Name", "Health_Score__c")
    }
    assert len(kept) == 2_997
    assert kept["k2999"] == ("A2999", 29.99)


def test_a_key_twice_within_200_rows_fails_both_and_further_apart_the_later_row_wins(org: Emulator, api: Api) -> None:
    near = api.job("Key__c,Name\na,1\nb,2\nA,3\n")
    assert near["numberRecordsFailed"] == 2
    assert {r["sf__Error"] for r in api.file(near["id"], "failedResults")} == {
        "DUPLICATE_VALUE:Duplicate external id specified: a:Key__c --",
        "DUPLICATE_VALUE:Duplicate external id specified: A:Key__c --",
    }
    far = api.job("Key__c,Name\na,first\n" + rows(0, 200) + "a,last\n")
    assert far["numberRecordsFailed"] == 0
    assert org.records("Account", "Name", field="Key__c", keys=["a"]) == [{"Name": "last"}]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Key__c,Gone__c\na,1\n", "InvalidBatch : Field name not found : Gone__c"),
        ("key__c,Name\na,1\n", "InvalidBatch : Field name not found : key__c"),
        ("Name\nA\n", "InvalidBatch : Field name not found : Key__c"),
        ("Key__c,Name,Name\na,1,1\n", "InvalidBatch : Duplicate field name in header : Name"),
        ("Key__c;Name\na;1\n", "InvalidBatch : Field name not found : Key__c;Name"),
        (
            "Key__c,Name\r\na,1\r\n",
            "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is LF",
        ),
        ("\ufeffKey__c,Name\na,1\n", "InvalidBatch : Field name not found : \ufeffKey__c"),
        ("", "InvalidBatch : Failed to parse CSV header: no data"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_fails_the_job_and_writes_nothing(
    org: Emulator, api: Api, text: str, error: str
) -> None:
    job = api.job(text)
    assert (job["state"], job["errorMessage"], job["numberRecordsProcessed"]) == ("Failed", error, 0)
    assert api.file(job["id"], "successfulResults") == []
    assert org.count("Account")["records"] == 0


def test_rows_of_a_job_that_failed_as_a_whole_are_unprocessed(api: Api) -> None:
    job = api.job("Key__c,Gone__c\na,1\nb,2\n")
    assert {r["Key__c"] for r in api.file(job["id"], "unprocessedrecords")} == {"a", "b"}


def test_a_row_that_cannot_be_read_fails_alone(api: Api) -> None:
    job = api.job('Key__c,Name\na,A\nb\nc,C,3\nd, "D"\n"e" ,E\nf, F\n')
    assert {r["Key__c"] for r in api.file(job["id"], "successfulResults")} == {"a", "f"}
    assert job["numberRecordsFailed"] == 4


def test_the_delimiter_and_line_ending_are_those_of_the_job(org: Emulator, api: Api) -> None:
    job = api.job('Key__c\tName\r\na\tA\r\nb\t"B\tC"\r\n', columnDelimiter="TAB", lineEnding="CRLF")
    assert job["numberRecordsFailed"] == 0
    assert [r["Name"] for r in org.records("Account", "Name")] == ["A", "B\tC"]
    wrong = api.job("Key__c\tName\na\tA\n", columnDelimiter="TAB", lineEnding="CRLF")
    assert wrong["errorMessage"].endswith("Current LineEnding setting is CRLF")


def test_an_org_that_takes_no_line_ends_inside_quotes_fails_the_job(org: Emulator, api: Api) -> None:
    org.config(quoted_newlines=False)
    job = api.job('Key__c,Name\na,"two\nlines"\n')
    assert job["errorMessage"].startswith("ClientInputError : LineEnding is invalid")


def test_a_job_inserts_without_a_key_and_updates_by_id(org: Emulator, api: Api) -> None:
    made = api.job("Name\nA\nB\n", by=None)
    ids = {r["Name"]: r["sf__Id"] for r in api.file(made["id"], "successfulResults")}
    changed = api.job(f"Id,Name\n{ids['A'][:15]},C\n001Hs0000000zzz,D\nnothing,E\n", by=None, operation="update")
    assert {r["Id"]: r["sf__Error"].partition(":")[0] for r in api.file(changed["id"], "failedResults")} == {
        "001Hs0000000zzz": "INVALID_CROSS_REFERENCE_KEY",
        "nothing": "MALFORMED_ID",
    }
    assert [r["sf__Id"] for r in api.file(changed["id"], "failedResults")] == ["001Hs0000000zzz", "nothing"]
    assert sorted(r["Name"] for r in org.records("Account", "Name")) == ["B", "C"]


def test_an_upsert_by_id_creates_where_there_is_none(org: Emulator, api: Api) -> None:
    kept = org.seed("Account", ["Name"], [["A"]])[0]
    job = api.job(f"Id,Name\n{kept},B\n,C\n", by="Id")
    assert sorted(r["sf__Created"] for r in api.file(job["id"], "successfulResults")) == ["false", "true"]
    assert sorted(r["Name"] for r in org.records("Account", "Name")) == ["B", "C"]


@pytest.mark.parametrize(
    "asked",
    [
        {"object": "Nothing__c", "operation": "insert"},
        {"object": "Account", "operation": "upsert"},
        {"object": "Account", "operation": "upsert", "externalIdFieldName": "Name"},
        {"object": "Account", "operation": "replace"},
        {"object": "Account", "operation": "insert", "lineEnding": "CR"},
    ],
)
def test_a_job_that_cannot_be_is_not_made(api: Api, asked: dict[str, str]) -> None:
    answer = api.http.post("/jobs/ingest", json=asked)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALIDJOB")


def test_a_job_takes_one_upload_while_it_is_open(org: Emulator, api: Api) -> None:
    made = api.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    where = f"/jobs/ingest/{made['id']}"
    assert (made["state"], made["contentUrl"]) == ("Open", f"services/data/v66.0{where}/batches")
    assert api.http.put(f"{where}/batches", content=b"Name\nA\n").status_code == 415
    assert api.http.put(f"{where}/batches", content=b"Name\nA\n", headers=CSV).status_code == 201
    second = api.http.put(f"{where}/batches", content=b"Name\nB\n", headers=CSV)
    assert second.json()[0]["message"].startswith(f"Found multiple contents for job: <{made['id']}>")
    assert api.http.get(f"{where}/failedResults").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert api.http.delete(where).status_code == 400
    api.http.patch(where, json={"state": "UploadComplete"})
    api.ended(made["id"])
    assert (
        api.http.put(f"{where}/batches", content=b"Name\nB\n", headers=CSV).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    )
    for state in ("UploadComplete", "Aborted"):
        assert api.http.patch(where, json={"state": state}).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert [job["id"] for job in api.http.get("/jobs/ingest").json()["records"]] == [made["id"]]
    assert api.http.delete(where).status_code == 204
    assert api.http.get(where).status_code == 404
    org.config(upload_limit=10)
    third = api.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    assert (
        api.http.put(f"/jobs/ingest/{third['id']}/batches", content=b"Name\n1234567\n", headers=CSV).status_code == 413
    )


def test_a_job_that_is_aborted_before_it_began_writes_nothing_and_forgets_its_rows(org: Emulator, api: Api) -> None:
    org.config(hold="UploadComplete")
    job = api.job("Key__c,Name\na,A\n", wait=False)
    assert api.http.patch(f"/jobs/ingest/{job['id']}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    org.config(hold=None)
    assert api.file(job["id"], "unprocessedrecords") == []
    assert org.count("Account")["records"] == 0


def test_a_job_that_is_aborted_midway_keeps_what_it_wrote_and_tells_what_it_did_not(org: Emulator, api: Api) -> None:
    org.config(hold="InProgress", hold_after=400)
    job = api.job("Key__c,Name\n" + rows(0, 1_000), wait=False)
    while api.http.get(f"/jobs/ingest/{job['id']}").json()["numberRecordsProcessed"] < 400:
        pass
    api.http.patch(f"/jobs/ingest/{job['id']}", json={"state": "Aborted"})
    good, left = api.file(job["id"], "successfulResults"), api.file(job["id"], "unprocessedrecords")
    assert (len(good), len(left), org.count("Account")["records"]) == (400, 600, 400)
    assert {r["Key__c"] for r in good} | {r["Key__c"] for r in left} == {f"k{i}" for i in range(1_000)}
    assert list(left[0]) == ["Key__c", "Name"]


def test_results_come_in_an_order_of_their_own_and_are_gone_when_they_have_expired(org: Emulator, api: Api) -> None:
    job = api.job("Key__c,Name\n" + rows(0, 2_000))
    keys = [r["Key__c"] for r in api.file(job["id"], "successfulResults")]
    assert sorted(keys) == sorted(f"k{i}" for i in range(2_000))
    assert keys != [f"k{i}" for i in range(2_000)]
    assert org.jobs()[0]["read"] == {"successfulResults": 1}
    org.config(results_expired=True)
    assert api.http.get(f"/jobs/ingest/{job['id']}/successfulResults").status_code == 404
    assert api.http.get(f"/jobs/ingest/{job['id']}").status_code == 404


def test_a_query_job_gives_its_records_in_sets_that_lead_on(org: Emulator, api: Api) -> None:
    seeded = [[f"A{i}", f"k{i}", "2026-01-05T09:00:00.000+0000"] for i in range(5)]
    org.seed("Account", ["Name", "Key__c", "Scored_At__c"], seeded)
    job = api.http.post(
        "/jobs/query", json={"operation": "query", "query": "SELECT Key__c, Scored_At__c, At_Risk__c FROM Account"}
    ).json()
    assert job["state"] == "UploadComplete"
    where = f"/jobs/query/{job['id']}"
    assert api.http.get(where).json()["state"] == "JobComplete"
    found, locator = [], ""
    while locator != "null":
        page = api.http.get(f"{where}/results", params={"maxRecords": 2, **({"locator": locator} if locator else {})})
        found += list(csv.DictReader(io.StringIO(page.text)))
        locator = page.headers["Sforce-Locator"]
    assert page.headers["Sforce-NumberOfRecords"] == "1"
    assert sorted(r["Key__c"] for r in found) == ["k0", "k1", "k2", "k3", "k4"]
    assert (found[0]["Scored_At__c"], found[0]["At_Risk__c"]) == ("2026-01-05T09:00:00.000Z", "false")
    with Api(org, version="65.0") as other:
        assert other.http.get(f"{where}/results").status_code == 409
    assert api.http.delete(where).status_code == 204
    assert api.http.get(where).status_code == 404
