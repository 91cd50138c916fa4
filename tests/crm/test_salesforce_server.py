"""The emulated org itself: who may call it, how it tells what it is, and what its limits do."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from tests.crm.salesforce_asking import FIELDS, Api, assertion
from tests.crm.salesforce_ids import record_id, record_number, suffix, well_formed
from tests.crm.salesforce_server import ROOT, Emulator, server

BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def exchange(blank: Emulator, **form: str) -> httpx.Response:
    return httpx.post(f"{blank.url}/services/oauth2/token", data={"grant_type": BEARER, **form})


def test_a_signed_assertion_is_exchanged_for_a_token_that_opens_the_org(blank: Emulator) -> None:
    told = exchange(blank, assertion=assertion(blank)).json()
    assert told["scope"] == "api"
    assert told["instance_url"] == blank.url
    assert "refresh_token" not in told
    with Api(blank, token=told["access_token"]) as asking:
        assert asking.http.get("/limits").status_code == 200


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"aud": "https://login.example.org"}, "invalid_grant", "audience is invalid"),
        ({"exp": 1}, "invalid_grant", "expired authorization code"),
        ({"exp": 1e11}, "invalid_grant", "invalid assertion"),
        ({"sub": "nobody@example.org"}, "invalid_grant", "user hasn't approved this consumer"),
        ({"iss": "another.app"}, "invalid_client_id", "client identifier invalid"),
    ],
)
def test_an_assertion_that_claims_anything_else_is_refused(
    blank: Emulator, claims: dict[str, Any], error: str, description: str
) -> None:
    answer = exchange(blank, assertion=assertion(blank, **claims))
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_an_assertion_that_was_changed_after_signing_is_refused(blank: Emulator) -> None:
    head, _, signature = assertion(blank).split(".")
    body = assertion(blank, exp=time.time() + 60).split(".")[1]
    assert exchange(blank, assertion=f"{head}.{body}.{signature}").json()["error_description"] == "invalid assertion"
    assert exchange(blank, assertion="no token").json()["error"] == "invalid_grant"
    assert exchange(blank, grant_type="password").json()["error"] == "unsupported_grant_type"


def test_a_call_without_a_good_token_is_told_so_in_a_list(blank: Emulator) -> None:
    with Api(blank, token=blank.token()[:-1]) as asking:
        answer = asking.http.get("/limits")
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_a_token_ends_with_its_calls_its_time_or_a_revocation_and_only_the_first_late_call_is_forgiven(
    blank: Emulator,
) -> None:
    blank.config(token_calls=2)
    with Api(blank) as asking:
        assert [asking.http.get("/limits").status_code for _ in range(3)] == [200, 200, 401]
        assert blank.violations() == []
        asking.http.get("/limits")
    assert blank.violations() == ["called again with an expired token"]
    blank.config(token_calls=None, token_seconds=0.05)
    with Api(blank) as asking:
        time.sleep(0.06)
        assert asking.http.get("/limits").status_code == 401
    blank.config(token_seconds=60)
    with Api(blank) as asking:
        blank.call("revoke")
        assert asking.http.get("/limits").status_code == 401


def test_every_answer_tells_the_calls_used_and_the_day_ends_with_403(blank: Emulator, asking: Api) -> None:
    blank.config(limit=2)
    assert asking.http.get("/limits").headers["Sforce-Limit-Info"] == "api-usage=1/2"
    assert asking.http.get("/limits").json()["DailyApiRequests"] == {"Max": 2, "Remaining": 0}
    answer = asking.http.get("/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")
    asking.http.get("/limits")
    assert blank.violations() == ["called again after REQUEST_LIMIT_EXCEEDED"]
    blank.config(used=0)
    assert asking.http.get("/limits").status_code == 200


def test_the_versions_are_listed_to_anyone_and_another_one_is_not_found(blank: Emulator) -> None:
    assert "66.0" in [told["version"] for told in httpx.get(f"{blank.url}/services/data/").json()]
    with Api(blank, version="99.0") as asking:
        answer = asking.http.get("/limits")
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (404, "NOT_FOUND")


def test_describe_says_what_a_field_is_and_what_may_be_done_with_it(asking: Api) -> None:
    fields = {f["name"]: f for f in asking.http.get("/sobjects/Account/describe").json()["fields"]}
    key, score, level = fields["Key__c"], fields["Health_Score__c"], fields["Level__c"]
    assert (key["type"], key["length"], key["externalId"], key["unique"], key["idLookup"]) == (
        "string",
        40,
        True,
        True,
        True,
    )
    assert (key["caseSensitive"], fields["Code__c"]["caseSensitive"], fields["Loose__c"]["unique"]) == (
        False,
        True,
        False,
    )
    assert (score["type"], score["precision"], score["scale"], score["nillable"]) == ("double", 5, 2, True)
    assert level["restrictedPicklist"]
    assert [value["value"] for value in level["picklistValues"]] == ["low", "high"]
    assert (fields["At_Risk__c"]["type"], fields["At_Risk__c"]["nillable"]) == ("boolean", False)
    assert not fields["Fixed__c"]["updateable"]
    assert (fields["Name"]["nillable"], fields["Note__c"]["filterable"]) == (False, False)
    tasks = {f["name"]: f for f in asking.http.get("/sobjects/Task/describe").json()["fields"]}
    assert tasks["WhatId"]["referenceTo"] == ["Account"]
    assert asking.http.get("/sobjects/Nothing__c/describe").status_code == 404


def test_an_administrator_can_take_a_field_away_or_change_its_type(blank: Emulator, asking: Api) -> None:
    blank.call("field", type="Account", name="Wish__c", change={"hidden": True})
    blank.call("field", type="Account", name="Health_Score__c", change={"type": "Text"})
    blank.call("field", type="Account", name="New__c", change={"type": "Date"})
    fields = {f["name"]: f["type"] for f in asking.http.get("/sobjects/Account/describe").json()["fields"]}
    assert "Wish__c" not in fields
    assert (fields["Health_Score__c"], fields["New__c"]) == ("string", "date")
    assert asking.refused("SELECT Wish__c FROM Account") == "INVALID_FIELD"


def test_an_id_has_eighteen_characters_that_survive_the_loss_of_case() -> None:
    assert suffix("0018a00001rBqb8") == "AAC"
    ids = [record_id("001", number) for number in (0, 35, 61, 10_000_000)]
    assert [record_number("001", text) for text in ids] == [0, 35, 61, 10_000_000]
    assert record_number("001", ids[1][:15]) == 35
    assert record_id("001", 9)[:15].lower() == record_id("001", 35)[:15].lower()
    assert record_id("001", 9).lower() != record_id("001", 35).lower()
    assert record_number("00T", ids[0]) is None
    assert not well_formed(ids[1].lower())
    assert not well_formed("001")


def test_a_uri_beyond_16384_bytes_is_414_and_headers_on_top_of_it_431(asking: Api) -> None:
    assert asking.http.get("/query", params={"q": "x" * 16_500}).status_code == 414
    assert asking.http.get("/query", params={"q": "x" * 16_200}, headers={"X-More": "y" * 100}).status_code == 431


def test_the_control_routes_are_not_there_without_their_token(blank: Emulator) -> None:
    assert httpx.get(f"{blank.url}/_control/log").status_code == 404
    assert httpx.post(f"{blank.url}/_control/reset", headers={"X-Control": "guess"}).status_code == 404
    assert blank.log()["calls"] == []


def test_a_switch_that_there_is_not_is_an_error_that_names_those_there_are(blank: Emulator) -> None:
    with pytest.raises(RuntimeError, match="token_seconds"):
        blank.config(token_minutes=1)
    assert blank.config(seconds=0.5)["seconds"] == 0.5


def test_the_log_has_times_paths_and_rows_but_no_query_and_no_body(blank: Emulator, asking: Api) -> None:
    asking.upsert({"Key__c": "secret-1", "Name": "A"}, {"Key__c": "secret-2", "Name": "B"})
    asking.query("SELECT Id FROM Account WHERE Key__c = 'secret-1'")
    log = blank.log()
    assert [(call["method"], call["status"], call["rows"]) for call in log["calls"]] == [
        ("PATCH", 200, 2),
        ("GET", 200, 1),
    ]
    assert log["counts"] == {
        "PATCH /services/data/vXX.X/composite/sobjects/Account/Key__c": 1,
        "GET /services/data/vXX.X/query": 1,
    }
    assert "secret" not in str(log)


def test_the_server_ends_by_itself_and_says_first_where_it_listens() -> None:
    command = [sys.executable, "-m", "tests.crm.salesforce_server", "--seconds", "0.2"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=15, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("listening on ")
    assert second.startswith("control ")


def test_two_orgs_know_nothing_of_each_other(blank: Emulator) -> None:
    with server(FIELDS, seconds=60) as other:
        other.seed("Account", ["Name"], [["Elsewhere"]])
        assert other.count("Account")["records"] == 1
    assert other.process.poll() is not None
    assert blank.count("Account")["records"] == 0


def test_very_many_records_can_be_there_before_the_client_comes(blank: Emulator, asking: Api) -> None:
    assert blank.seed_many("Account", 20_000, Name="Account {i}", Key__c="acc-{i:05d}") == 20_000
    assert blank.count("Account")["fields"]["Key__c"] == {"values": 20_000, "duplicates": 0}
    assert asking.query("SELECT Name FROM Account WHERE Key__c = 'acc-19999'")["records"][0]["Name"] == "Account 19999"
