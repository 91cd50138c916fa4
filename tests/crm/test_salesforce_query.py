"""SOQL: which records a query finds, how strings are written, and what is no query."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.crm.salesforce_asking import FIELDS, Api
from tests.crm.salesforce_server import Emulator, server

ROWS: list[list[Any]] = [
    ["Ann's", "k1", "c1", 1.5, "low", True, "2026-01-01", "2026-01-01T09:00:00.000+0000"],
    ["Bob\\Co", "k2", "C1", 2.5, "high", False, "2026-02-01", "2026-02-01T09:00:00.000+0000"],
    ["100%", "K3", None, None, None, False, None, None],
    ["under_score", "k4", "c4", 4.0, "low", False, "2026-04-01", "2026-04-01T09:00:00.000+0000"],
]
COLUMNS = ["Name", "Key__c", "Code__c", "Health_Score__c", "Level__c", "At_Risk__c", "Renewal__c", "Scored_At__c"]


@pytest.fixture(scope="module")
def org() -> Iterator[Emulator]:
    with server(FIELDS, seconds=120) as emulator:
        emulator.seed("Account", COLUMNS, ROWS)
        yield emulator


@pytest.fixture(scope="module")
def api(org: Emulator) -> Iterator[Api]:
    with Api(org) as client:
        yield client


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("Key__c = 'K1'", "k1"),
        ("Key__c IN ('k1','k3', 'none')", "k1 K3"),
        ("Code__c = 'C1'", "k2"),
        ("Code__c IN ('C1', 'c4')", "k2 k4"),
        ("Name = 'ANN\\'S'", "k1"),
        ("Name = 'Bob\\\\Co'", "k2"),
        ("Name LIKE '100\\%'", "K3"),
        ("Name LIKE '%o%'", "k2 k4"),
        ("Name LIKE 'under\\_score'", "k4"),
        ("Name LIKE 'u_der_score'", "k4"),
        ("Health_Score__c > 1.5", "k2 k4"),
        ("Health_Score__c <= 2.5 AND Level__c = 'low'", "k1"),
        ("Health_Score__c = null", "K3"),
        ("Level__c != 'low'", "k2 K3"),
        ("Level__c <> null", "k1 k2 k4"),
        ("Level__c NOT IN ('low')", "k2 K3"),
        ("NOT Level__c = 'low'", "k2 K3"),
        ("At_Risk__c = TRUE", "k1"),
        ("Renewal__c >= 2026-02-01", "k2 k4"),
        ("Scored_At__c < 2026-02-01T10:00:00+01:00", "k1"),
        ("(Key__c = 'k1' OR Key__c = 'k2') AND At_Risk__c = false", "k2"),
        ("Key__c IN ('k1','k2') AND Health_Score__c > 2", "k2"),
    ],
)
def test_a_condition_finds(api: Api, where: str, keys: str) -> None:
    found = api.query(f"SELECT Key__c FROM Account WHERE {where} ORDER BY Name")
    assert sorted(r["Key__c"] for r in found["records"]) == sorted(keys.split())
    assert (found["totalSize"], found["done"]) == (len(keys.split()), True)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Id FROM Account WHERE Key__c = 'a' OR Key__c = 'b' AND Name = 'c'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Key__c = 'a'b'", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Key__c = 'a\\x'", "MALFORMED_QUERY"),
        ('SELECT Id FROM Account WHERE Key__c = "a"', "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE Key__c IN ()", "MALFORMED_QUERY"),
        ("SELECT FROM Account", "MALFORMED_QUERY"),
        ("SELECT * FROM Account", "MALFORMED_QUERY"),
        ("DELETE FROM Account", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account LIMIT many", "MALFORMED_QUERY"),
        ("SELECT Gone__c FROM Account", "INVALID_FIELD"),
        ("SELECT Id, Id FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Gone__c = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Note__c = 'a'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Health_Score__c = '1'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Key__c = 1", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Renewal__c = '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
    ],
)
def test_what_is_no_query_is_refused_with(api: Api, text: str, code: str) -> None:
    assert api.refused(text) == code


def test_records_come_with_their_type_and_address_and_values_as_the_api_writes_them(api: Api) -> None:
    record = api.query(
        "select id, name, health_score__c, scored_at__c, renewal__c, at_risk__c from account where key__c = 'k1'"
    )["records"][0]
    assert record["attributes"] == {"type": "Account", "url": f"/services/data/v66.0/sobjects/Account/{record['Id']}"}
    assert list(record)[1:] == ["Id", "Name", "Health_Score__c", "Scored_At__c", "Renewal__c", "At_Risk__c"]
    assert list(record.values())[2:] == ["Ann's", 1.5, "2026-01-01T09:00:00.000+0000", "2026-01-01", True]


def test_records_are_sorted_with_null_first_and_cut_by_limit_and_offset(api: Api) -> None:
    def keys(rest: str) -> list[str]:
        return [r["Key__c"] for r in api.query(f"SELECT Key__c FROM Account {rest}")["records"]]

    assert keys("ORDER BY Health_Score__c") == ["K3", "k1", "k2", "k4"]
    assert keys("ORDER BY Health_Score__c DESC") == ["K3", "k4", "k2", "k1"]
    assert keys("ORDER BY Health_Score__c DESC NULLS LAST") == ["k4", "k2", "k1", "K3"]
    assert keys("ORDER BY Level__c ASC NULLS LAST, Key__c DESC") == ["k2", "k4", "k1", "K3"]
    assert keys("ORDER BY Key__c LIMIT 2 OFFSET 1") == ["k2", "K3"]
    assert keys("WHERE Key__c IN ('k1','k2')") == ["k2", "k1"]
    assert api.query("SELECT COUNT() FROM Account WHERE Level__c = 'low'") == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }


def test_a_query_finds_by_the_short_id_too(api: Api) -> None:
    long = api.query("SELECT Id FROM Account WHERE Key__c = 'k1'")["records"][0]["Id"]
    assert api.query(f"SELECT Key__c FROM Account WHERE Id = '{long[:15]}'")["totalSize"] == 1
    assert api.query(f"SELECT Key__c FROM Account WHERE Id IN ('{long}')")["totalSize"] == 1


def test_a_query_gives_2000_records_a_page_and_the_way_to_the_next(org: Emulator) -> None:
    with server(FIELDS, seconds=60) as other, Api(other) as api:
        other.seed("Account", ["Name", "Key__c"], [[f"A{i}", f"k{i}"] for i in range(4_100)])
        page = api.query("SELECT Key__c FROM Account")
        seen, sizes = [], []
        while True:
            sizes.append(len(page["records"]))
            seen += [r["Key__c"] for r in page["records"]]
            if page["done"]:
                break
            page = api.http.get(other.url + page["nextRecordsUrl"]).json()
        assert sizes == [2_000, 2_000, 100]
        assert len(set(seen)) == page["totalSize"] == 4_100
        small = api.http.get(
            "/query", params={"q": "SELECT Id FROM Account"}, headers={"Sforce-Query-Options": "batchSize=200"}
        )
        assert len(small.json()["records"]) == 200
        assert api.http.get("/query/01g000000000000-2000").json()[0]["errorCode"] == "INVALID_QUERY_LOCATOR"
        other.call("delete", type="Account", field="Key__c", keys=["k1", "k2"])
        assert api.query("SELECT COUNT() FROM Account")["totalSize"] == 4_098
        everything = api.http.get("/queryAll", params={"q": "SELECT Id, IsDeleted FROM Account WHERE IsDeleted = true"})
        assert everything.json()["totalSize"] == 2
