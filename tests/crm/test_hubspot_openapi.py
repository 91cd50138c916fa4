"""The emulator speaks the documented shapes, and what a client sends can be held against the documents."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest

from tests.crm.hubspot_openapi import answer_violations, need_documents, of_kept, violations
from tests.crm.hubspot_oracle import Emulator

COMPANIES, TASKS = "/crm/objects/2026-03/companies", "/crm/objects/2026-03/tasks"
PROPERTIES = "/crm/properties/2026-03/companies"
HEADERS = {"Authorization": "Bearer x", "Content-Type": "application/json"}
pytestmark = pytest.mark.shared
DUE = {"hs_timestamp": "2026-03-02T09:00:00Z"}
KEY = {"name": "account_id", "label": "Account", "type": "string", "fieldType": "text", "hasUniqueValue": True}
KEY["groupName"] = "companyinformation"


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    need_documents()
    running.reset()
    return running


def sent(body: Any, path: str = f"{COMPANIES}/batch/upsert") -> list[str]:
    need_documents()
    return violations("POST", path, {}, HEADERS, json.dumps(body))


def row(key: str, **properties: str) -> dict[str, Any]:
    return {"id": key, "idProperty": "account_id", "objectWriteTraceId": key, "properties": {"name": key, **properties}}


def every_kind_of_call(api: httpx.Client) -> None:
    """Each route once or more, well and badly."""
    api.post(PROPERTIES, json=KEY).raise_for_status()
    api.post(PROPERTIES, json=KEY)
    for path in (PROPERTIES, f"{PROPERTIES}/name", f"{PROPERTIES}/groups", f"{PROPERTIES}/nobody"):
        api.get(path)
    api.post(f"{PROPERTIES}/groups", json={"name": "churn", "label": "Churn"}).raise_for_status()
    api.get(f"{PROPERTIES}/groups/churn").raise_for_status()
    api.patch(f"{PROPERTIES}/account_id", json={"label": "Account id"}).raise_for_status()
    upserted = api.post(f"{COMPANIES}/batch/upsert", json={"inputs": [row("a"), row("b"), row("c", nope="1")]})
    ids = sorted(one["id"] for one in upserted.json()["results"])
    api.post(f"{COMPANIES}/batch/upsert", json={"inputs": [row("a"), row("a")]})
    api.post(f"{COMPANIES}/batch/create", json={"inputs": [{"properties": {"name": "D"}, "associations": []}]})
    changes = [{"id": i, "properties": {"city": "Oslo"}} for i in (*ids, "1")]
    api.post(f"{COMPANIES}/batch/update", json={"inputs": changes})
    asked = {"properties": ["name"], "propertiesWithHistory": ["city"], "inputs": [{"id": i} for i in (*ids, "1")]}
    api.post(f"{COMPANIES}/batch/read", json=asked)
    link = {"to": {"id": ids[0]}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 192}]}
    task = api.post(TASKS, json={"properties": DUE, "associations": [link]}).raise_for_status().json()["id"]
    api.post(TASKS, json={"properties": {}, "associations": []})
    api.post(f"{TASKS}/batch/create", json={"inputs": [{"properties": DUE, "associations": [link]}]})
    api.patch(f"{TASKS}/{task}", json={"properties": {"hs_task_status": "COMPLETED"}}).raise_for_status()
    api.get(f"{TASKS}/{task}", params={"properties": ["hs_task_status"], "associations": ["companies"]})
    api.get(TASKS, params={"limit": "1"}).raise_for_status()
    api.get(f"{COMPANIES}/{ids[0]}", params={"associations": "tasks"}).raise_for_status()
    api.get(f"{COMPANIES}/{ids[0]}/associations/tasks", params={"limit": "500"}).raise_for_status()
    both = {"inputs": [{"id": i} for i in ids]}
    api.post("/crm/associations/2026-03/companies/tasks/batch/read", json=both).raise_for_status()
    api.put(f"{TASKS}/{task}/associations/default/companies/{ids[1]}").raise_for_status()
    api.put(f"{TASKS}/{task}/associations/companies/{ids[1]}", json=link["types"]).raise_for_status()
    api.delete(f"{TASKS}/{task}/associations/companies/{ids[1]}").raise_for_status()
    search = {"filterGroups": [], "limit": 5, "after": "0", "sorts": ["name"], "properties": ["name"]}
    api.post(f"{COMPANIES}/search", json=search).raise_for_status()
    api.post(f"{COMPANIES}/merge", json={"primaryObjectId": ids[0], "objectIdToMerge": ids[1]}).raise_for_status()
    api.get(f"{COMPANIES}/{ids[1]}").raise_for_status()
    api.delete(f"{TASKS}/{task}").raise_for_status()
    api.get(f"{TASKS}/{task}")
    api.get(f"{TASKS}/{task}", params={"archived": "true"}).raise_for_status()
    api.post(f"{COMPANIES}/batch/archive", json={"inputs": [{"id": ids[0]}]}).raise_for_status()


def test_every_answer_of_the_emulator_has_a_documented_shape(hub: Emulator, api: httpx.Client) -> None:
    every_kind_of_call(api)
    hub.control("revoke", {"revoked": True})
    api.get(COMPANIES)
    hub.control("revoke", {"revoked": False})
    hub.options(scopes=["nothing"])
    api.get(COMPANIES)
    kept = hub.raw()
    assert {one["status"] for one in kept} >= {200, 201, 204, 207, 400, 401, 403, 404, 409}
    found = {
        f"{one['method']} {one['path']} {one['status']}": wrong
        for one in kept
        if (wrong := answer_violations(one["method"], one["path"], one["status"], one["answer"], one["answer_headers"]))
    }
    assert not found


def test_every_request_of_that_round_is_allowed(hub: Emulator, api: httpx.Client) -> None:
    every_kind_of_call(api)
    found = {f"{one['method']} {one['path']}": wrong for one in hub.raw() if (wrong := of_kept(one))}
    assert not found
    assert not hub.violations()


def test_only_a_429_is_shorter_than_the_documents_want(hub: Emulator, api: httpx.Client) -> None:
    hub.options(ten_secondly=0)
    answer = api.get(COMPANIES)
    assert answer_violations("GET", COMPANIES, 429, answer.content) == ["the body: 'category' is a required property"]


def test_a_right_upsert_has_no_violations() -> None:
    assert sent({"inputs": [row("a", churn_probability="0.5")]}) == []


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"inputs": [{"id": 1, "properties": {}}]}, "inputs/0/id: 1 is not of type 'string'"),
        ({"inputs": [{"id": "a", "properties": {"p": 0.5}}]}, "inputs/0/properties/p: 0.5 is not of type 'string'"),
        ({"inputs": [{"id": "a"}]}, "inputs/0: 'properties' is a required property"),
        ({"inputs": [{**row("a"), "objectWriteTraceID": "t"}]}, "'objectWriteTraceID' was unexpected"),
        ({}, "'inputs' is a required property"),
    ],
)
def test_a_wrong_body_is_told_by_its_place(body: dict[str, Any], told: str) -> None:
    assert any(told in found for found in sent(body))


def test_a_read_needs_both_lists_of_properties() -> None:
    found = sent({"inputs": [{"id": "a"}], "idProperty": "account_id"}, f"{COMPANIES}/batch/read")
    assert found == [f"the body: '{name}' is a required property" for name in ("properties", "propertiesWithHistory")]


def test_a_path_a_query_and_headers_are_checked_too() -> None:
    need_documents()
    assert "Path not found" in violations("GET", "/crm/v3/objects/companies", {}, HEADERS, None)[0]
    assert violations("GET", COMPANIES, {"idProprety": "x"}, HEADERS, None) == ["the query has no parameter idProprety"]
    assert violations("GET", COMPANIES, {"limit": "ten"}, HEADERS, None)
    assert violations("GET", COMPANIES, {}, {}, None) == ["no Authorization header"]
    assert violations("POST", f"{COMPANIES}/merge", {}, {**HEADERS, "Content-Type": "text/plain"}, "{}")


def test_a_hundred_inputs_are_checked_in_far_less_than_a_second() -> None:
    body = {"inputs": [row(f"a{n}") for n in range(100)]}
    sent(body)
    began = time.perf_counter()
    assert sent(body) == []
    # Some 10 ms; the bound is loose because other work may run beside the tests.
    assert time.perf_counter() - began < 0.5
