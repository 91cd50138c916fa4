"""The Bulk API 2.0: jobs from their making to their three files, and queries in sets."""

from __future__ import annotations

import csv
import io

import pytest

from tests.crm.salesforce_asking import Api
from tests.crm.salesforce_server import Emulator

CSV = {"Content-Type": "text/csv"}


def rows(start: int, stop: int) -> str:
    return "".join(f"k{i},A{i}\n" for i in range(start, stop))


def test_a_job_upserts_its_rows_and_tells_of_each_in_one_of_three_files(blank: Emulator, asking: Api) -> None:
    blank.seed("Account", ["Name", "Key__c"], [["Old", "b"]])
    job = asking.job("Key__c,Name,Health_Score__c\na,New,1.5\nb,Changed,\nc,,2\nd,D,high\n")
    assert (job["state"], job["numberRecordsProcessed"], job["numberRecordsFailed"]) == ("JobComplete", 4, 2)
    good, bad = asking.file(job["id"], "successfulResults"), asking.file(job["id"], "failedResults")
    assert {r["Key__c"]: r["sf__Created"] for r in good} == {"a": "true", "b": "false"}
    assert all(len(r["sf__Id"]) == 18 for r in good)
    assert {r["Key__c"]: r["sf__Error"] for r in bad} == {
        "c": "REQUIRED_FIELD_MISSING:Required fields are missing: [Name]:Name --",
        "d": "INVALID_TYPE_ON_FIELD_IN_RECORD:Health Score: value not of required type: high:Health_Score__c --",
    }
    assert bad[0]["sf__Id"] == ""
    assert asking.file(job["id"], "unprocessedrecords") == []
    raw = asking.http.get(f"/jobs/ingest/{job['id']}/successfulResults").text
    assert raw.startswith('"sf__Id","sf__Created",Key__c,Name,Health_Score__c\n"001')
    assert asking.http.get(f"/jobs/ingest/{job['id']}/unprocessedrecords").text == "Key__c,Name,Health_Score__c\n"


def test_an_empty_cell_changes_nothing_and_hash_n_a_clears(blank: Emulator, asking: Api) -> None:
    blank.seed(
        "Account", ["Name", "Key__c", "Note__c", "Health_Score__c"], [["A", "a", "note", 1.0], ["B", "b", "note", 2.0]]
    )
    job = asking.job("Key__c,Note__c,Health_Score__c,At_Risk__c\na,,#N/A,\nb,#N/A,,TRUE\n")
    assert job["numberRecordsFailed"] == 0
    kept = blank.records("Account", "Key__c", "Note__c", "Health_Score__c", "At_Risk__c")
    assert kept[0] == {"Key__c": "a", "Note__c": "note", "Health_Score__c": None, "At_Risk__c": False}
    assert kept[1] == {"Key__c": "b", "Note__c": None, "Health_Score__c": 2.0, "At_Risk__c": True}


def test_texts_between_quotes_come_back_byte_for_byte(blank: Emulator, asking: Api) -> None:
    texts = ['comma, "quotes"', "two\nlines", "=1+1", "é😀", "<b>&amp;</b>", "a;b|c\td`e^f"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([["Key__c", "Name", "Note__c"], *[[f"k{i}", "A", text] for i, text in enumerate(texts)]])
    job = asking.job(out.getvalue())
    assert job["numberRecordsFailed"] == 0
    assert [r["Note__c"] for r in blank.records("Account", "Note__c")] == texts
    assert sorted(r["Note__c"] for r in asking.file(job["id"], "successfulResults")) == sorted(texts)


def test_every_type_of_cell_is_read_and_what_is_none_of_its_type_is_refused(blank: Emulator, asking: Api) -> None:
    good = "a,1e2,true,2026-01-05,2026-01-05T10:00:00.000+01:00,low\nb,-.5,0,2026-02-28,2026-01-05T09:00:00Z,high\n"
    bad = (
        "c,NaN,,,,\nd,1_0,,,,\ne, 1,,,,\nf,1000,,,,\ng,,yes,,,\nh,,#N/A,,,\ni,,,2026-02-30,,\n"
        "j,,,05.01.2026,,\nk,,,,2026-01-05 09:00:00,\nl,,,,2026-01-05T09:00:00,\nm,,,,,middle\n"
    )
    made = "".join(f"{line},N\n" for line in (good + bad).splitlines())
    job = asking.job("Key__c,Health_Score__c,At_Risk__c,Renewal__c,Scored_At__c,Level__c,Name\n" + made)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (13, 11)
    said = {r["Key__c"]: r["sf__Error"].partition(":")[0] for r in asking.file(job["id"], "failedResults")}
    assert (said.pop("f"), said.pop("m")) == ("NUMBER_OUTSIDE_VALID_RANGE", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST")
    assert set(said.values()) == {"INVALID_TYPE_ON_FIELD_IN_RECORD"}
    kept = blank.records("Account", "Health_Score__c", "At_Risk__c", "Scored_At__c")
    assert kept[0] == {"Health_Score__c": 100.0, "At_Risk__c": True, "Scored_At__c": "2026-01-05T09:00:00.000+0000"}
    assert kept[1]["Health_Score__c"] == -0.5


def test_many_different_values_are_read_as_one_by_one(blank: Emulator, asking: Api) -> None:
    lines = [f"k{i}, A{i} ,{i / 100}" for i in range(3_000)]
    lines[7], lines[8], lines[9] = "k7,A,nan", f"k8,{'x' * 256},8", "k9,A9,1e3"
    job = asking.job("Key__c,Name,Health_Score__c\n" + "\n".join(lines) + "\n")
    assert job["numberRecordsFailed"] == 3
    kept = {
        r["Key__c"]: (r["Name"], r["Health_Score__c"])
        for r in blank.records("Account", "Key__c", "Name", "Health_Score__c")
    }
    assert len(kept) == 2_997
    assert kept["k2999"] == ("A2999", 29.99)


def test_a_key_twice_within_200_rows_fails_both_and_further_apart_the_later_row_wins(
    blank: Emulator, asking: Api
) -> None:
    near = asking.job("Key__c,Name\na,1\nb,2\nA,3\n")
    assert near["numberRecordsFailed"] == 2
    assert {r["sf__Error"] for r in asking.file(near["id"], "failedResults")} == {
        "DUPLICATE_VALUE:Duplicate external id specified: a:Key__c --",
        "DUPLICATE_VALUE:Duplicate external id specified: A:Key__c --",
    }
    far = asking.job("Key__c,Name\na,first\n" + rows(0, 200) + "a,last\n")
    assert far["numberRecordsFailed"] == 0
    assert blank.records("Account", "Name", field="Key__c", keys=["a"]) == [{"Name": "last"}]


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
    blank: Emulator, asking: Api, text: str, error: str
) -> None:
    job = asking.job(text)
    assert (job["state"], job["errorMessage"], job["numberRecordsProcessed"]) == ("Failed", error, 0)
    assert asking.file(job["id"], "successfulResults") == []
    assert blank.count("Account")["records"] == 0


def test_rows_of_a_job_that_failed_as_a_whole_are_unprocessed(asking: Api) -> None:
    job = asking.job("Key__c,Gone__c\na,1\nb,2\n")
    assert {r["Key__c"] for r in asking.file(job["id"], "unprocessedrecords")} == {"a", "b"}


def test_a_row_that_cannot_be_read_fails_alone(asking: Api) -> None:
    job = asking.job('Key__c,Name\na,A\nb\nc,C,3\nd, "D"\n"e" ,E\nf, F\n')
    assert {r["Key__c"] for r in asking.file(job["id"], "successfulResults")} == {"a", "f"}
    assert job["numberRecordsFailed"] == 4


def test_the_delimiter_and_line_ending_are_those_of_the_job(blank: Emulator, asking: Api) -> None:
    job = asking.job('Key__c\tName\r\na\tA\r\nb\t"B\tC"\r\n', columnDelimiter="TAB", lineEnding="CRLF")
    assert job["numberRecordsFailed"] == 0
    assert [r["Name"] for r in blank.records("Account", "Name")] == ["A", "B\tC"]
    wrong = asking.job("Key__c\tName\na\tA\n", columnDelimiter="TAB", lineEnding="CRLF")
    assert wrong["errorMessage"].endswith("Current LineEnding setting is CRLF")


def test_an_org_that_takes_no_line_ends_inside_quotes_fails_the_job(blank: Emulator, asking: Api) -> None:
    blank.config(quoted_newlines=False)
    job = asking.job('Key__c,Name\na,"two\nlines"\n')
    assert job["errorMessage"].startswith("ClientInputError : LineEnding is invalid")


def test_a_job_inserts_without_a_key_and_updates_by_id(blank: Emulator, asking: Api) -> None:
    made = asking.job("Name\nA\nB\n", by=None)
    ids = {r["Name"]: r["sf__Id"] for r in asking.file(made["id"], "successfulResults")}
    changed = asking.job(f"Id,Name\n{ids['A'][:15]},C\n001Hs0000000zzz,D\nnothing,E\n", by=None, operation="update")
    assert {r["Id"]: r["sf__Error"].partition(":")[0] for r in asking.file(changed["id"], "failedResults")} == {
        "001Hs0000000zzz": "INVALID_CROSS_REFERENCE_KEY",
        "nothing": "MALFORMED_ID",
    }
    assert [r["sf__Id"] for r in asking.file(changed["id"], "failedResults")] == ["001Hs0000000zzz", "nothing"]
    assert sorted(r["Name"] for r in blank.records("Account", "Name")) == ["B", "C"]


def test_an_upsert_by_id_creates_where_there_is_none(blank: Emulator, asking: Api) -> None:
    kept = blank.seed("Account", ["Name"], [["A"]])[0]
    job = asking.job(f"Id,Name\n{kept},B\n,C\n", by="Id")
    assert sorted(r["sf__Created"] for r in asking.file(job["id"], "successfulResults")) == ["false", "true"]
    assert sorted(r["Name"] for r in blank.records("Account", "Name")) == ["B", "C"]


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
def test_a_job_that_cannot_be_is_not_made(asking: Api, asked: dict[str, str]) -> None:
    answer = asking.http.post("/jobs/ingest", json=asked)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALIDJOB")


def test_a_job_takes_one_upload_while_it_is_open(blank: Emulator, asking: Api) -> None:
    made = asking.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    where = f"/jobs/ingest/{made['id']}"
    assert (made["state"], made["contentUrl"]) == ("Open", f"services/data/v66.0{where}/batches")
    assert asking.http.put(f"{where}/batches", content=b"Name\nA\n").status_code == 415
    assert asking.http.put(f"{where}/batches", content=b"Name\nA\n", headers=CSV).status_code == 201
    second = asking.http.put(f"{where}/batches", content=b"Name\nB\n", headers=CSV)
    assert second.json()[0]["message"].startswith(f"Found multiple contents for job: <{made['id']}>")
    assert asking.http.get(f"{where}/failedResults").json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert asking.http.delete(where).status_code == 400
    asking.http.patch(where, json={"state": "UploadComplete"})
    asking.ended(made["id"])
    assert (
        asking.http.put(f"{where}/batches", content=b"Name\nB\n", headers=CSV).json()[0]["errorCode"]
        == "INVALIDJOBSTATE"
    )
    for state in ("UploadComplete", "Aborted"):
        assert asking.http.patch(where, json={"state": state}).json()[0]["errorCode"] == "INVALIDJOBSTATE"
    assert [job["id"] for job in asking.http.get("/jobs/ingest").json()["records"]] == [made["id"]]
    assert asking.http.delete(where).status_code == 204
    assert asking.http.get(where).status_code == 404
    blank.config(upload_limit=10)
    third = asking.http.post("/jobs/ingest", json={"object": "Account", "operation": "insert"}).json()
    assert (
        asking.http.put(f"/jobs/ingest/{third['id']}/batches", content=b"Name\n1234567\n", headers=CSV).status_code
        == 413
    )


def test_a_job_that_is_aborted_before_it_began_writes_nothing_and_forgets_its_rows(
    blank: Emulator, asking: Api
) -> None:
    blank.config(hold="UploadComplete")
    job = asking.job("Key__c,Name\na,A\n", wait=False)
    assert asking.http.patch(f"/jobs/ingest/{job['id']}", json={"state": "Aborted"}).json()["state"] == "Aborted"
    blank.config(hold=None)
    assert asking.file(job["id"], "unprocessedrecords") == []
    assert blank.count("Account")["records"] == 0


def test_a_job_that_is_aborted_midway_keeps_what_it_wrote_and_tells_what_it_did_not(
    blank: Emulator, asking: Api
) -> None:
    blank.config(hold="InProgress", hold_after=400)
    job = asking.job("Key__c,Name\n" + rows(0, 1_000), wait=False)
    while asking.http.get(f"/jobs/ingest/{job['id']}").json()["numberRecordsProcessed"] < 400:
        pass
    asking.http.patch(f"/jobs/ingest/{job['id']}", json={"state": "Aborted"})
    good, left = asking.file(job["id"], "successfulResults"), asking.file(job["id"], "unprocessedrecords")
    assert (len(good), len(left), blank.count("Account")["records"]) == (400, 600, 400)
    assert {r["Key__c"] for r in good} | {r["Key__c"] for r in left} == {f"k{i}" for i in range(1_000)}
    assert list(left[0]) == ["Key__c", "Name"]


def test_results_come_in_an_order_of_their_own_and_are_gone_when_they_have_expired(
    blank: Emulator, asking: Api
) -> None:
    job = asking.job("Key__c,Name\n" + rows(0, 2_000))
    keys = [r["Key__c"] for r in asking.file(job["id"], "successfulResults")]
    assert sorted(keys) == sorted(f"k{i}" for i in range(2_000))
    assert keys != [f"k{i}" for i in range(2_000)]
    assert blank.jobs()[0]["read"] == {"successfulResults": 1}
    blank.config(results_expired=True)
    assert asking.http.get(f"/jobs/ingest/{job['id']}/successfulResults").status_code == 404
    assert asking.http.get(f"/jobs/ingest/{job['id']}").status_code == 404


def test_a_query_job_gives_its_records_in_sets_that_lead_on(blank: Emulator, asking: Api) -> None:
    seeded = [[f"A{i}", f"k{i}", "2026-01-05T09:00:00.000+0000"] for i in range(5)]
    blank.seed("Account", ["Name", "Key__c", "Scored_At__c"], seeded)
    job = asking.http.post(
        "/jobs/query", json={"operation": "query", "query": "SELECT Key__c, Scored_At__c, At_Risk__c FROM Account"}
    ).json()
    assert job["state"] == "UploadComplete"
    where = f"/jobs/query/{job['id']}"
    assert asking.http.get(where).json()["state"] == "JobComplete"
    found, locator = [], ""
    while locator != "null":
        page = asking.http.get(
            f"{where}/results", params={"maxRecords": 2, **({"locator": locator} if locator else {})}
        )
        found += list(csv.DictReader(io.StringIO(page.text)))
        locator = page.headers["Sforce-Locator"]
    assert page.headers["Sforce-NumberOfRecords"] == "1"
    assert sorted(r["Key__c"] for r in found) == ["k0", "k1", "k2", "k3", "k4"]
    assert (found[0]["Scored_At__c"], found[0]["At_Risk__c"]) == ("2026-01-05T09:00:00.000Z", "false")
    with Api(blank, version="65.0") as other:
        assert other.http.get(f"{where}/results").status_code == 409
    assert asking.http.delete(where).status_code == 204
    assert asking.http.get(where).status_code == 404
