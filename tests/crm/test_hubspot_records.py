"""Reads, tasks, associations, merges, the bin, search and definitions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.crm.hubspot_oracle import Emulator
from tests.crm.hubspot_server import server

COMPANIES, TASKS = "/crm/objects/2026-03/companies", "/crm/objects/2026-03/tasks"
DUE = {"hs_timestamp": "2026-03-02T09:00:00Z", "hs_task_subject": "Call them"}
KEY = {"name": "task_key", "label": "Key", "type": "string", "fieldType": "text", "groupName": "task"}


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with server() as emulator:
        yield emulator


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    running.reset()
    running.define("account_id", hasUniqueValue=True)
    return running


@pytest.fixture
def api(hub: Emulator) -> Iterator[httpx.Client]:
    with hub.http() as client:
        yield client


def upsert(api: httpx.Client, key: str, **properties: str) -> dict[str, Any]:
    given = {"id": key, "idProperty": "account_id", "properties": {"name": key, **properties}}
    return api.post(f"{COMPANIES}/batch/upsert", json={"inputs": [given]}).raise_for_status().json()["results"][0]


def read(api: httpx.Client, *ids: str, **members: Any) -> httpx.Response:
    body = {"inputs": [{"id": i} for i in ids], "properties": ["name"], "propertiesWithHistory": [], **members}
    return api.post(f"{COMPANIES}/batch/read", json=body)


def to_company(company: str, number: int = 192) -> dict[str, Any]:
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": number}]
    return {"to": {"id": company}, "types": types}


def search(api: httpx.Client, kind: str = COMPANIES, **members: Any) -> dict[str, Any]:
    body = {"filterGroups": [], "limit": 10, "after": "0", "sorts": [], "properties": ["name"], **members}
    return api.post(f"{kind}/search", json=body).raise_for_status().json()


def test_a_read_by_key_answers_what_it_finds_and_names_the_rest(hub: Emulator, api: httpx.Client) -> None:
    hub.seed(3, account_id="a{n}", name="Company {n}")
    answer = read(api, "a1", "a3", "gone", idProperty="account_id")
    assert answer.status_code == 207
    assert {r["properties"]["account_id"]: r["properties"]["name"] for r in answer.json()["results"]} == {
        "a1": "Company 1",
        "a3": "Company 3",
    }
    (error,) = answer.json()["errors"]
    assert (error["category"], error["context"]) == ("OBJECT_NOT_FOUND", {"ids": ["gone"]})
    assert read(api, "a1", idProperty="account_id").status_code == 200
    assert read(api, "Company 1", idProperty="name").status_code == 400


def test_a_list_goes_page_by_page(hub: Emulator, api: httpx.Client) -> None:
    ids, found, after = hub.seed(25, name="Company {n}"), [], ""
    while True:
        page = api.get(COMPANIES, params={"limit": 10, **({"after": after} if after else {})}).json()
        found += [r["id"] for r in page["results"]]
        if "paging" not in page:
            break
        after = page["paging"]["next"]["after"]
    assert found == ids
    assert api.get(COMPANIES, params={"limit": 101}).status_code == 400


def test_a_single_company_is_got_changed_and_archived(hub: Emulator, api: httpx.Client) -> None:
    made = api.post(COMPANIES, json={"properties": {"name": "A", "account_id": "a"}, "associations": []})
    assert made.status_code == 201
    key = {"idProperty": "account_id"}
    assert api.patch(f"{COMPANIES}/a", params=key, json={"properties": {"city": "Oslo"}}).status_code == 200
    got = api.get(f"{COMPANIES}/{made.json()['id']}", params={"properties": "city", "propertiesWithHistory": "city"})
    assert (got.json()["properties"]["city"], len(got.json()["propertiesWithHistory"]["city"])) == ("Oslo", 1)
    assert api.delete(f"{COMPANIES}/{made.json()['id']}").status_code == 204
    assert api.get(f"{COMPANIES}/a", params=key).status_code == 404
    assert api.patch(f"{COMPANIES}/{made.json()['id']}", json={"properties": {}}).status_code == 404


def test_an_update_of_what_is_not_there_is_an_error_of_its_row(hub: Emulator, api: httpx.Client) -> None:
    (known,) = hub.seed(1, name="A")
    inputs = [{"id": i, "properties": {"city": "Oslo"}} for i in (known, "123")]
    answer = api.post(f"{COMPANIES}/batch/update", json={"inputs": inputs})
    assert (answer.status_code, answer.json()["errors"][0]["context"]) == (207, {"ids": ["123"]})
    assert hub.records()[0]["properties"]["city"] == "Oslo"


def test_an_update_by_key_never_makes_a_company(hub: Emulator, api: httpx.Client) -> None:
    hub.seed(1, account_id="known", name="A")
    inputs = [
        {"id": k, "idProperty": "account_id", "objectWriteTraceId": k, "properties": {"city": "Oslo"}}
        for k in ("known", "unknown")
    ]
    answer = api.post(f"{COMPANIES}/batch/update", json={"inputs": inputs})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["category"]) == (207, "OBJECT_NOT_FOUND")
    assert error["context"] == {"ids": ["unknown"], "objectWriteTraceId": ["unknown"]}
    assert {r["properties"]["account_id"]: r["properties"]["city"] for r in hub.records()} == {"known": "Oslo"}


def test_an_archived_key_is_free_and_an_upsert_makes_a_second_company(hub: Emulator, api: httpx.Client) -> None:
    first = upsert(api, "a")
    hub.control("archive", {"property": "account_id", "value": "a"})
    assert read(api, first["id"]).status_code == 207
    assert upsert(api, "a")["new"]
    assert len(hub.records(archived=True)) == 2


def test_a_merge_makes_a_new_id_to_which_both_old_ones_lead(hub: Emulator, api: httpx.Client) -> None:
    winner, loser = upsert(api, "winner", city="Oslo"), upsert(api, "loser", city="Rome", phone="1")
    api.post(f"{TASKS}", json={"properties": DUE, "associations": [to_company(loser["id"])]}).raise_for_status()
    merged = api.post(
        f"{COMPANIES}/merge", json={"primaryObjectId": winner["id"], "objectIdToMerge": loser["id"]}
    ).json()
    assert merged["id"] not in (winner["id"], loser["id"])
    for old in (winner["id"], loser["id"]):
        assert api.get(f"{COMPANIES}/{old}").json()["id"] == merged["id"]
    (record,) = hub.records()
    assert {n: record["properties"][n] for n in ("account_id", "city", "phone")} == {
        "account_id": "winner",
        "city": "Oslo",
        "phone": "1",
    }
    assert len(record["associations"]["tasks"]) == 1
    assert [r["id"] for r in read(api, winner["id"], loser["id"]).json()["results"]] == [merged["id"]]
    # The loser's key leads nowhere: the next upsert by it makes a company again.
    assert read(api, "loser", idProperty="account_id").status_code == 207
    assert upsert(api, "loser")["new"]


def test_a_merge_keeps_the_primary_s_id_where_the_beta_is_on(hub: Emulator, api: httpx.Client) -> None:
    winner, loser = upsert(api, "winner"), upsert(api, "loser")
    hub.control("merge", {"primary": winner["id"], "other": loser["id"], "keeps_id": True})
    assert api.get(f"{COMPANIES}/{loser['id']}").json()["id"] == winner["id"]
    assert upsert(api, "winner")["id"] == winner["id"]
    assert hub.records()[0]["properties"]["hs_merged_object_ids"] == loser["id"]


def test_two_ids_of_one_merged_company_are_a_repeated_id(hub: Emulator, api: httpx.Client) -> None:
    one, two = hub.seed(2, name="C{n}")
    hub.control("merge", {"primary": one, "other": two})
    inputs = [{"id": i, "properties": {"city": "Oslo"}} for i in (one, two)]
    assert api.post(f"{COMPANIES}/batch/update", json={"inputs": inputs}).status_code == 400


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


def test_search_finds_the_new_only_after_a_while(hub: Emulator, api: httpx.Client) -> None:
    hub.seed(1, account_id="a", name="Old name")
    upsert(api, "b")
    upsert(api, "a", name="New name")
    assert [r["properties"]["name"] for r in search(api)["results"]] == ["Old name"]
    hub.control("clock", {"seconds": 6})
    assert {r["properties"]["name"] for r in search(api)["results"]} == {"New name", "b"}


def test_search_filters_pages_and_ends_at_its_limits(hub: Emulator, api: httpx.Client) -> None:
    hub.options(search_per_second=100)
    hub.seed(30, account_id="a{n}", name="Company {n}", numberofemployees="{n}")
    large = {"filters": [{"propertyName": "numberofemployees", "operator": "GTE", "value": "20"}]}
    one = {"filters": [{"propertyName": "account_id", "operator": "IN", "values": ["a3"]}]}
    found = search(api, filterGroups=[large, one], sorts=["numberofemployees"], limit=5)
    assert (found["total"], len(found["results"]), found["paging"]) == (12, 5, {"next": {"after": "5"}})
    for wrong in ({"limit": 201}, {"after": "9995"}, {"filterGroups": [one] * 6}, {"sorts": ["name", "city"]}):
        with pytest.raises(httpx.HTTPStatusError):
            search(api, **wrong)


def test_the_tasks_of_a_company_can_be_searched_but_not_at_once(hub: Emulator, api: httpx.Client) -> None:
    (company,) = hub.seed(1, name="A")
    api.post(TASKS, json={"properties": DUE, "associations": [to_company(company)]}).raise_for_status()
    mine = {"filters": [{"propertyName": "associations.company", "operator": "EQ", "value": company}]}
    assert search(api, TASKS, filterGroups=[mine])["total"] == 0
    hub.control("clock", {"seconds": 6})
    assert search(api, TASKS, filterGroups=[mine])["total"] == 1


def test_a_property_is_made_got_changed_and_archived(hub: Emulator, api: httpx.Client) -> None:
    where = "/crm/properties/2026-03/companies"
    asked = {"name": "score", "label": "Score", "type": "number", "fieldType": "number"}
    assert api.post(where, json=asked).status_code == 400, "a group is needed"
    asked |= {"groupName": "companyinformation"}
    assert api.post(where, json={**asked, "fieldType": "text"}).status_code == 400
    assert api.post(where, json=asked).json()["hasUniqueValue"] is False
    assert api.post(where, json=asked).status_code == 409
    assert api.patch(f"{where}/score", json={"hasUniqueValue": True}).status_code == 400
    assert "score" in {p["name"] for p in api.get(where).json()["results"]}
    assert api.delete(f"{where}/score").status_code == 204
    assert api.get(f"{where}/score").status_code == 404
    hub.options(scopes=["crm.objects.companies.write"])
    assert (api.get(where).status_code, api.post(where, json=asked).status_code) == (200, 403)


def test_an_object_has_ten_unique_properties_at_most(api: httpx.Client) -> None:
    asked = {"label": "K", "type": "string", "fieldType": "text", "groupName": "companyinformation"}
    where = "/crm/properties/2026-03/companies"
    made = [api.post(where, json={**asked, "name": f"k{n}", "hasUniqueValue": True}).status_code for n in range(10)]
    assert made == [201] * 9 + [400]


def test_a_person_edits_what_the_client_wrote(hub: Emulator, api: httpx.Client) -> None:
    upsert(api, "a", city="Oslo")
    hub.control("edit", {"property": "account_id", "value": "a", "properties": {"city": "Rome"}})
    history = hub.control("history", type="companies", property="account_id", value="a")["history"]["city"]
    assert [(value, who) for _, value, who in history] == [("Rome", "CRM_UI"), ("Oslo", "INTEGRATION")]


def test_twenty_thousand_companies_are_made_quickly(hub: Emulator, api: httpx.Client) -> None:
    assert len(hub.seed(20_000, account_id="a{n}", name="Company {n}")) == 20_000
    assert upsert(api, "a19999")["new"] is False
