"""Records over REST: what a value must be, what a collection answers, what single records do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.crm.salesforce_asking import Api
from tests.crm.salesforce_server import Emulator


def codes(results: list[dict[str, Any]]) -> list[str]:
    """What became of each record: created, updated, or the status code it was refused with."""
    return [
        ("created" if told.get("created") else "updated") if told["success"] else told["errors"][0]["statusCode"]
        for told in results
    ]


def test_a_collection_creates_and_updates_in_the_order_of_the_request_and_is_200_though_records_failed(
    blank: Emulator, asking: Api
) -> None:
    blank.seed("Account", ["Name", "Key__c"], [["Old", "b"]])
    told = asking.upsert({"Key__c": "a", "Name": "New"}, {"Key__c": "b", "Name": "Renamed"}, {"Key__c": "c"})
    assert codes(told) == ["created", "updated", "REQUIRED_FIELD_MISSING"]
    assert told[2]["errors"] == [
        {"statusCode": "REQUIRED_FIELD_MISSING", "message": "Required fields are missing: [Name]", "fields": ["Name"]}
    ]
    assert len(told[0]["id"]) == 18
    assert {r["Key__c"]: r["Name"] for r in blank.records("Account", "Key__c", "Name")} == {"a": "New", "b": "Renamed"}


def test_null_clears_an_absent_field_stays_and_an_empty_text_is_null(blank: Emulator, asking: Api) -> None:
    blank.seed("Account", ["Name", "Key__c", "Note__c", "Health_Score__c"], [["A", "a", "note", 1.5]])
    asking.upsert({"Key__c": "a", "Note__c": None})
    assert blank.records("Account", "Note__c", "Health_Score__c") == [{"Note__c": None, "Health_Score__c": 1.5}]
    asking.upsert({"Key__c": "a", "Note__c": "  kept inside, not around \n"})
    assert blank.records("Account", "Note__c") == [{"Note__c": "kept inside, not around"}]
    asking.upsert({"Key__c": "a", "Note__c": "   "})
    assert blank.records("Account", "Note__c") == [{"Note__c": None}]


@pytest.mark.parametrize(
    ("field", "sent", "kept"),
    [
        ("Health_Score__c", 12.3456, 12.3456),
        ("Health_Score__c", "12.5", 12.5),
        ("Rounded__c", 12.345, 12.35),
        ("At_Risk__c", True, True),
        ("Renewal__c", "2026-02-28", "2026-02-28"),
        ("Scored_At__c", "2026-01-05T10:00:00+01:00", "2026-01-05T09:00:00.000+0000"),
        ("Scored_At__c", "2026-01-05T09:00:00.250Z", "2026-01-05T09:00:00.250+0000"),
        ("Level__c", "low", "low"),
        ("Wish__c", "something else", "something else"),
        ("Note__c", 'a,"b"\r\n=1+1 <b>é😀</b>', 'a,"b"\r\n=1+1 <b>é😀</b>'),
        ("Name", "\u00a0nbsp stays\u00a0", "\u00a0nbsp stays\u00a0"),
        ("NumberOfEmployees", 12, 12),
    ],
)
def test_a_value_is_kept(blank: Emulator, asking: Api, field: str, sent: Any, kept: Any) -> None:
    assert codes(asking.upsert({"Key__c": "a", "Name": "A", field: sent})) == ["created"]
    assert blank.records("Account", field) == [{field: kept}]
    assert asking.query(f"SELECT {field} FROM Account")["records"][0][field] == kept


@pytest.mark.parametrize(
    ("field", "sent", "code"),
    [
        ("Key__c", "x" * 41, "STRING_TOO_LONG"),
        ("Health_Score__c", 1000, "NUMBER_OUTSIDE_VALID_RANGE"),
        ("Level__c", "middle", "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ("Gone__c", 1, "INVALID_FIELD"),
        ("Fixed__c", "x", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("CreatedDate", "2026-01-05T09:00:00Z", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("Id", "001Hs0000000001", "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ("OwnerId", "005Hs0000000009MAA", "MALFORMED_ID"),
        ("ParentId", "001Hs0000000009", "INVALID_CROSS_REFERENCE_KEY"),
        ("ParentId", "00THs0000000001", "FIELD_INTEGRITY_EXCEPTION"),
        ("OwnerId", "005Hs0000000009", "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_a_value_that_does_not_fit_fails_its_record_alone(
    blank: Emulator, asking: Api, field: str, sent: Any, code: str
) -> None:
    told = asking.upsert({"Key__c": "a", "Name": "A", field: sent}, {"Key__c": "b", "Name": "B"})
    assert codes(told) == [code, "created"]
    assert [r["Name"] for r in blank.records("Account", "Name")] == ["B"]


@pytest.mark.parametrize(
    ("field", "sent", "kind"),
    [
        ("Health_Score__c", "high", "double"),
        ("Health_Score__c", True, "double"),
        ("NumberOfEmployees", 1.5, "int"),
        ("At_Risk__c", "true", "boolean"),
        ("At_Risk__c", None, "boolean"),
        ("Renewal__c", "2026-02-30", "date"),
        ("Renewal__c", "2026-02-28T00:00:00Z", "date"),
        ("Scored_At__c", "2026-01-05 09:00:00", "datetime"),
        ("Scored_At__c", "2026-01-05T09:00:00", "datetime"),
        ("Name", 7, "string"),
    ],
)
def test_a_value_of_the_wrong_type_fails_the_whole_request(
    blank: Emulator, asking: Api, field: str, sent: Any, kind: str
) -> None:
    records = [{"attributes": {"type": "Account"}, "Key__c": "a", "Name": "A"} | {field: sent}]
    records.append({"attributes": {"type": "Account"}, "Key__c": "b", "Name": "B"})
    answer = asking.http.patch("/composite/sobjects/Account/Key__c", json={"records": records})
    assert answer.status_code == 400
    assert answer.json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    assert answer.json()[0]["message"].startswith(f"Cannot deserialize instance of {kind} from ")
    assert blank.count("Account")["records"] == 0


def test_the_same_key_twice_in_one_request_fails_both_records_in_any_case(blank: Emulator, asking: Api) -> None:
    told = asking.upsert({"Key__c": "a", "Name": "1"}, {"Key__c": "b", "Name": "2"}, {"Key__c": " A", "Name": "3"})
    assert codes(told) == ["DUPLICATE_VALUE", "created", "DUPLICATE_VALUE"]
    assert told[0]["errors"][0]["message"] == "Duplicate external id specified: a"
    cased = asking.upsert({"Code__c": "a", "Name": "1"}, {"Code__c": "A", "Name": "2"}, by="Code__c")
    assert codes(cased) == ["created", "created"]


def test_a_key_without_regard_to_case_finds_its_record_and_no_key_finds_none(blank: Emulator, asking: Api) -> None:
    blank.seed("Account", ["Name", "Key__c", "Code__c"], [["A", "abc", "abc"]])
    assert codes(asking.upsert({"Key__c": "ABC", "Name": "B"})) == ["updated"]
    assert codes(asking.upsert({"Code__c": "ABC", "Name": "B"}, by="Code__c")) == ["created"]
    assert codes(asking.upsert({"Name": "B"}, {"Key__c": None, "Name": "C"})) == ["MISSING_ARGUMENT"] * 2


def test_a_key_that_several_records_have_is_ambiguous_and_a_unique_value_is_taken_once(
    blank: Emulator, asking: Api
) -> None:
    ids = blank.seed("Account", ["Name", "Loose__c", "Code__c"], [["A", "same", "1"], ["B", "same", "2"]])
    told = asking.upsert(
        {"Loose__c": "same", "Name": "C"}, {"Loose__c": "new", "Name": "D", "Code__c": "1"}, by="Loose__c"
    )
    assert codes(told) == ["DUPLICATE_EXTERNAL_ID", "DUPLICATE_VALUE"]
    assert told[0]["errors"][0]["message"].endswith(f"[{ids[0]}, {ids[1]}]")
    assert (
        told[1]["errors"][0]["message"]
        == f"duplicate value found: Code__c duplicates value on record with id: {ids[0]}"
    )
    assert blank.duplicates("Account", "Loose__c") == ["same"]


def test_all_or_none_writes_none_and_says_of_the_good_ones_that_they_were_rolled_back(
    blank: Emulator, asking: Api
) -> None:
    blank.seed("Account", ["Name", "Key__c"], [["Old", "a"]])
    told = asking.upsert(
        {"Key__c": "a", "Name": "X", "Code__c": "1"}, {"Key__c": "b", "Name": "Y"}, {"Key__c": "c"}, allOrNone=True
    )
    assert codes(told) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK"] * 2 + ["REQUIRED_FIELD_MISSING"]
    assert blank.records("Account", "Name", "Code__c") == [{"Name": "Old", "Code__c": None}]
    assert codes(asking.upsert({"Key__c": "b", "Name": "Y", "Code__c": "1"})) == ["created"]


def test_a_collection_has_at_most_200_records_of_one_type_and_goes_by_an_external_id(asking: Api) -> None:
    record = {"attributes": {"type": "Account"}, "Name": "A", "Key__c": "a"}
    many = asking.http.patch("/composite/sobjects/Account/Key__c", json={"records": [record] * 201})
    assert (many.status_code, many.json()[0]["errorCode"]) == (400, "EXCEEDED_ID_LIMIT")
    bare = asking.http.patch("/composite/sobjects/Account/Key__c", json={"records": [{"Name": "A", "Key__c": "a"}]})
    assert bare.status_code == 400
    other = asking.http.patch("/composite/sobjects/Task/Key__c", json={"records": [record]})
    assert other.status_code == 400
    assert asking.http.patch("/composite/sobjects/Account/Name", json={"records": [record]}).status_code == 404
    assert asking.http.patch("/composite/sobjects/Account/Key__c", content="{}").status_code == 415
    text = {"Content-Type": "application/json"}
    assert (
        asking.http.patch("/composite/sobjects/Account/Key__c", content="{", headers=text).json()[0]["errorCode"]
        == "JSON_PARSER_ERROR"
    )


def test_records_are_created_changed_and_fetched_by_id_in_collections(blank: Emulator, asking: Api) -> None:
    made = asking.http.post(
        "/composite/sobjects", json={"records": [{"attributes": {"type": "Account"}, "Name": n} for n in "ab"]}
    ).json()
    ids = [told["id"] for told in made]
    changes = [{"id": ids[0][:15], "Name": "c"}, {"id": "001Hs0000000zzz", "Name": "d"}, {"Name": "e"}]
    body = {"records": [{"attributes": {"type": "Account"}, **change} for change in changes]}
    assert codes(asking.http.patch("/composite/sobjects", json=body).json()) == [
        "updated",
        "INVALID_CROSS_REFERENCE_KEY",
        "MISSING_ARGUMENT",
    ]
    found = asking.http.post(
        "/composite/sobjects/Account", json={"ids": [ids[1], "001Hs0000000zzz", ids[0]], "fields": ["Name"]}
    ).json()
    assert [told and told["Name"] for told in found] == ["b", None, "c"]
    assert found[0]["attributes"]["url"] == f"/services/data/v66.0/sobjects/Account/{ids[1]}"


def test_a_single_upsert_is_201_when_it_creates_200_when_it_changes_and_300_when_several_match(
    blank: Emulator, asking: Api
) -> None:
    first = asking.http.patch("/sobjects/Account/Loose__c/a%20b", json={"Name": "A"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    second = asking.http.patch("/sobjects/Account/Loose__c/a%20b", json={"Name": "B"})
    assert (second.status_code, second.json()) == (
        200,
        {"id": first.json()["id"], "success": True, "errors": [], "created": False},
    )
    blank.seed("Account", ["Name", "Loose__c"], [["Twin", "a b"]])
    third = asking.http.patch("/sobjects/Account/Loose__c/a%20b", json={"Name": "C"})
    assert third.status_code == 300
    assert third.json()[0] == f"/services/data/v66.0/sobjects/Account/{first.json()['id']}"
    assert sorted(r["Name"] for r in blank.records("Account", "Name")) == ["B", "Twin"]


def test_a_single_upsert_may_be_told_not_to_create_and_does_not_take_its_key_twice(
    blank: Emulator, asking: Api
) -> None:
    assert (
        asking.http.patch("/sobjects/Account/Key__c/a", params={"updateOnly": "true"}, json={"Name": "A"}).status_code
        == 404
    )
    twice = asking.http.patch("/sobjects/Account/Key__c/a", json={"Name": "A", "Key__c": "a"})
    assert (twice.status_code, twice.json()[0]["errorCode"]) == (400, "INVALID_FIELD")
    assert blank.count("Account")["records"] == 0


def test_single_records_are_made_read_changed_and_deleted(blank: Emulator, asking: Api) -> None:
    made = asking.http.post("/sobjects/Account", json={"Name": "A"})
    where = f"/sobjects/Account/{made.json()['id']}"
    assert made.status_code == 201
    assert asking.http.patch(where, json={"Name": "B"}).status_code == 204
    assert asking.http.get(where, params={"fields": "Name"}).json()["Name"] == "B"
    assert asking.http.post("/sobjects/Account", json={}).json()[0]["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert asking.http.delete(where).status_code == 204
    assert asking.http.patch(where, json={"Name": "C"}).json()[0]["errorCode"] == "ENTITY_IS_DELETED"
    assert asking.http.get("/sobjects/Account/001Hs0000000zzz").status_code == 404


def test_a_task_has_its_defaults_and_an_account_that_must_not_be_deleted(blank: Emulator, asking: Api) -> None:
    account, gone = blank.seed("Account", ["Name", "Key__c"], [["A", "a"], ["B", "b"]])
    blank.call("delete", type="Account", ids=[gone])
    told = asking.upsert(
        {"Key__c": "t1", "Subject": "Call", "WhatId": account, "ActivityDate": "2026-02-01", "Priority": "High"},
        {"Key__c": "t2", "WhatId": gone},
        {"Key__c": "t3", "WhatId": "005Hs0000000001"},
        of="Task",
    )
    assert codes(told) == ["created", "ENTITY_IS_DELETED", "FIELD_INTEGRITY_EXCEPTION"]
    task = blank.records("Task", "Status", "IsClosed", "IsHighPriority", "AccountId")[0]
    assert task == {"Status": "Not Started", "IsClosed": False, "IsHighPriority": True, "AccountId": account}
    asking.upsert({"Key__c": "t1", "Status": "Completed"}, of="Task")
    assert blank.records("Task", "IsClosed") == [{"IsClosed": True}]


def test_a_validation_rule_refuses_the_records_it_is_about(blank: Emulator, asking: Api) -> None:
    rule = {"object": "Account", "field": "Key__c", "values": ["b"], "message": "Not this one."}
    blank.call("rules", rules=[rule])
    told = asking.upsert({"Key__c": "a", "Name": "A"}, {"Key__c": "b", "Name": "B"})
    assert codes(told) == ["created", "FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    assert told[1]["errors"][0]["message"] == "Not this one."
