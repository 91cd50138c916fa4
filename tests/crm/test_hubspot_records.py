"""Reads, changes, merges, the bin, search and definitions."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.crm.hubspot_oracle import Emulator

COMPANIES, TASKS = "/crm/objects/2026-03/companies", "/crm/objects/2026-03/tasks"
DUE = {"hs_timestamp": "2026-03-02T09:00:00Z", "hs_task_subject": "Call them"}


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    running.reset()
    running.define("account_id", hasUniqueValue=True)
    return running


def upsert(api: httpx.Client, key: str, **properties: str) -> dict[str, Any]:
    given = {"id": key, "idProperty": "account_id", "properties": {"name": key, **properties}}
    return api.post(f"{COMPANIES}/batch/upsert", json={"inputs": [given]}).raise_for_status().json()["results"][0]


def read(api: httpx.Client, *ids: str, **members: Any) -> httpx.Response:
    body = {"inputs": [{"id": i} for i in ids], "properties": ["name"], "propertiesWithHistory": [], **members}
    return api.post(f"{COMPANIES}/batch/read", json=body)


def search(api: httpx.Client, **members: Any) -> dict[str, Any]:
    body = {"filterGroups": [], "limit": 10, "after": "0", "sorts": [], "properties": ["name"], **members}
    return api.post(f"{COMPANIES}/search", json=body).raise_for_status().json()


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
    (task,) = hub.seed(1, "tasks", **DUE)
    api.put(f"{TASKS}/{task}/associations/default/companies/{loser['id']}").raise_for_status()
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


def test_neither_a_person_nor_a_seed_can_repeat_a_unique_value(hub: Emulator) -> None:
    one, _ = hub.seed(2, account_id="a{n}", name="A")
    with pytest.raises(ValueError, match="already has that value"):
        hub.control("edit", {"id": one, "properties": {"account_id": "a2"}})
    with pytest.raises(ValueError, match="already has that value"):
        hub.seed(1, account_id="a1", name="A")


def test_twenty_thousand_companies_are_made_quickly(hub: Emulator, api: httpx.Client) -> None:
    assert len(hub.seed(20_000, account_id="a{n}", name="Company {n}")) == 20_000
    assert upsert(api, "a19999")["new"] is False
