"""Tasks: what they need, whose they are, and how a client can find out whether it made one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.crm.hubspot_oracle import Emulator

COMPANIES, TASKS = "/crm/objects/2026-03/companies", "/crm/objects/2026-03/tasks"
DUE = {"hs_timestamp": "2026-03-02T09:00:00Z", "hs_task_subject": "Call them"}
KEY = {"name": "task_key", "label": "Key", "type": "string", "fieldType": "text", "groupName": "task"}


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    running.reset()
    return running


def to_company(company: str, number: int = 192) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
    return {"to": {"id": company}, "types": types}


def found(api: httpx.Client, company: str) -> int:
    mine = {"filters": [{"propertyName": "associations.company", "operator": "EQ", "value": company}]}
    body = {"filterGroups": [mine], "limit": 10, "after": "0", "sorts": [], "properties": []}
    return api.post(f"{TASKS}/search", json=body).raise_for_status().json()["total"]


def test_a_task_needs_its_due_date_and_known_options(api: httpx.Client) -> None:
    bare = api.post(TASKS, json={"properties": {"hs_task_subject": "x"}, "associations": []})
    assert (bare.status_code, bare.json()["context"]) == (400, {"properties": ["hs_timestamp"]})
    wrong = api.post(TASKS, json={"properties": {**DUE, "hs_task_priority": "URGENT"}, "associations": []})
    assert wrong.json()["errors"][0]["code"] == "INVALID_OPTION"


def test_the_tasks_of_a_company_are_listed_in_three_ways(hub: Emulator, api: httpx.Client) -> None:
    company, other = hub.seed(2, name="C{n}")
    rows = [{"properties": DUE, "associations": [to_company(company)]} for _ in range(3)]
    made = api.post(f"{TASKS}/batch/create", json={"inputs": rows})
    assert made.status_code == 201
    ids = {r["id"] for r in made.json()["results"]}
    listed = api.get(f"{COMPANIES}/{company}/associations/tasks").json()["results"]
    assert {one["toObjectId"] for one in listed} == ids
    inline = api.get(f"{COMPANIES}/{company}", params={"associations": "tasks"}).json()["associations"]["tasks"]
    assert {one["id"] for one in inline["results"]} == ids
    body = {"inputs": [{"id": company}, {"id": other}]}
    batch = api.post("/crm/associations/2026-03/companies/tasks/batch/read", json=body)
    assert (batch.status_code, batch.json()["results"][0]["from"]) == (207, {"id": company})
    assert {one["toObjectId"] for one in batch.json()["results"][0]["to"]} == ids
    assert hub.records("tasks")[0]["associations"] == {"companies": [company]}


@pytest.mark.parametrize(("company", "number"), [("12", 192), ("known", 204), ("known", 191)])
def test_a_task_for_a_company_that_is_not_there_or_of_a_wrong_type_is_not_made(
    hub: Emulator, api: httpx.Client, company: str, number: int
) -> None:
    (known,) = hub.seed(1, name="A")
    link = to_company(known if company == "known" else company, number)
    assert api.post(TASKS, json={"properties": DUE, "associations": [link]}).status_code == 400
    assert not hub.records("tasks")


def test_associations_are_set_and_removed(hub: Emulator, api: httpx.Client) -> None:
    (company,), (task,) = hub.seed(1, name="A"), hub.seed(1, "tasks", **DUE)
    assert api.put(f"{TASKS}/{task}/associations/default/companies/{company}").status_code == 200
    assert hub.records("tasks")[0]["associations"] == {"companies": [company]}
    assert api.delete(f"{TASKS}/{task}/associations/companies/{company}").status_code == 204
    assert hub.records("tasks")[0]["associations"] == {}
    types = to_company(company)["types"]
    assert api.put(f"{TASKS}/{task}/associations/companies/{company}", json=types).status_code == 201


@pytest.mark.parametrize(("switch", "made", "then"), [("off", 400, 400), ("silent", 201, 400), ("on", 201, 200)])
def test_whether_tasks_can_have_a_key_is_a_switch(
    hub: Emulator, api: httpx.Client, switch: str, made: int, then: int
) -> None:
    hub.options(task_unique=switch)
    answer = api.post("/crm/properties/2026-03/tasks", json={**KEY, "hasUniqueValue": True})
    assert (answer.status_code, answer.json().get("hasUniqueValue", False)) == (made, switch == "on")
    one = {"id": "a|call|2026-W09", "idProperty": "task_key", "properties": DUE}
    statuses = [api.post(f"{TASKS}/batch/upsert", json={"inputs": [one]}).status_code for _ in range(2)]
    assert (statuses, len(hub.records("tasks"))) == ([then, then], 1 if switch == "on" else 0)


def test_an_upsert_of_a_task_takes_no_associations(hub: Emulator, api: httpx.Client) -> None:
    hub.define("task_key", "tasks", hasUniqueValue=True)
    (company,) = hub.seed(1, name="A")
    one = {"id": "k", "idProperty": "task_key", "properties": DUE, "associations": [to_company(company)]}
    made = api.post(f"{TASKS}/batch/upsert", json={"inputs": [one]}).raise_for_status().json()["results"][0]
    assert hub.records("tasks")[0]["associations"] == {}
    assert hub.violations() == [f"POST {TASKS}/batch/upsert: an upsert takes no associations"]
    for _ in range(2):
        api.put(f"{TASKS}/{made['id']}/associations/default/companies/{company}").raise_for_status()
    assert hub.records("tasks")[0]["associations"] == {"companies": [company]}


def test_a_task_made_twice_with_a_unique_key_names_the_first(hub: Emulator, api: httpx.Client) -> None:
    hub.define("task_key", "tasks", hasUniqueValue=True)
    (company,) = hub.seed(1, name="A")
    one = {"properties": {**DUE, "task_key": "k"}, "associations": [to_company(company)]}
    first = api.post(TASKS, json=one).raise_for_status().json()["id"]
    again = api.post(TASKS, json=one)
    assert (again.status_code, f"{first} already has that value." in again.json()["message"]) == (409, True)
    assert len(hub.records("tasks")) == 1


def test_the_oracle_counts_repeats_of_a_value_that_need_not_be_unique(hub: Emulator, api: httpx.Client) -> None:
    api.post("/crm/properties/2026-03/tasks", json=KEY).raise_for_status()
    for _ in range(2):
        api.post(TASKS, json={"properties": {**DUE, "task_key": "k1"}, "associations": []}).raise_for_status()
    assert len(hub.duplicates("task_key", "tasks")["k1"]) == 2


def test_the_tasks_of_a_company_can_be_searched_but_not_at_once(hub: Emulator, api: httpx.Client) -> None:
    (company,) = hub.seed(1, name="A")
    api.post(TASKS, json={"properties": DUE, "associations": [to_company(company)]}).raise_for_status()
    assert found(api, company) == 0
    hub.control("clock", {"seconds": 6})
    assert found(api, company) == 1
