"""Limits, locks and faults: what the emulator does when a call must not simply succeed."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.crm.hubspot_oracle import Emulator

COMPANIES = "/crm/objects/2026-03/companies"
UPSERT, TASKS = f"{COMPANIES}/batch/upsert", "/crm/objects/2026-03/tasks"


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    running.reset()
    running.define("account_id", hasUniqueValue=True)
    return running


def upsert(api: httpx.Client, *keys: str, **properties: str) -> httpx.Response:
    inputs = [
        {"id": k, "idProperty": "account_id", "objectWriteTraceId": k, "properties": {"name": k, **properties}}
        for k in keys
    ]
    return api.post(UPSERT, json={"inputs": inputs})


def test_every_answer_but_a_search_s_tells_what_is_left(api: httpx.Client) -> None:
    told = upsert(api, "a").headers
    assert (told["X-HubSpot-RateLimit-Max"], told["X-HubSpot-RateLimit-Remaining"]) == ("190", "189")
    assert (told["X-HubSpot-RateLimit-Daily"], told["X-HubSpot-RateLimit-Daily-Remaining"]) == ("625000", "624999")
    assert told["X-HubSpot-RateLimit-Interval-Milliseconds"] == "10000"
    asked = {"filterGroups": [], "limit": 1, "after": "0", "sorts": [], "properties": []}
    assert "X-HubSpot-RateLimit-Max" not in api.post(f"{COMPANIES}/search", json=asked).headers


def test_too_many_calls_in_ten_seconds_are_told_by_policy_and_pass_later(hub: Emulator, api: httpx.Client) -> None:
    hub.options(ten_secondly=3)
    statuses = [upsert(api, f"a{n}").status_code for n in range(3)]
    refused = upsert(api, "late")
    assert (statuses, refused.status_code) == ([200] * 3, 429)
    assert (refused.json()["policyName"], refused.json()["errorType"]) == ("TEN_SECONDLY_ROLLING", "RATE_LIMIT")
    assert "category" not in refused.json(), "the guide's body of a 429 has none"
    assert "Retry-After" not in refused.headers
    hub.control("clock", {"seconds": 10})
    assert upsert(api, "late").status_code == 200


def test_a_retry_after_is_sent_where_asked_for_and_an_early_call_is_noted(hub: Emulator, api: httpx.Client) -> None:
    hub.options(ten_secondly=1, retry_after=True)
    upsert(api, "a")
    assert upsert(api, "b").headers["Retry-After"] in ("9", "10")
    assert hub.violations() == []
    upsert(api, "b")
    (noted,) = hub.violations()
    assert "before it was told to" in noted


def test_the_daily_limit_holds_until_midnight(hub: Emulator, api: httpx.Client) -> None:
    hub.options(daily=1)
    upsert(api, "a")
    assert upsert(api, "b").json()["policyName"] == "DAILY"
    hub.control("clock", {"seconds": 60})
    hub.control("clock", {"seconds": 86_400})
    assert upsert(api, "b").status_code == 200


def test_searches_have_a_limit_of_their_own(hub: Emulator, api: httpx.Client) -> None:
    hub.options(search_per_second=2)
    asked = {"filterGroups": [], "limit": 1, "after": "0", "sorts": [], "properties": []}
    answers = [api.post(f"{COMPANIES}/search", json=asked) for _ in range(3)]
    assert [a.status_code for a in answers] == [200, 200, 429]
    assert answers[-1].json()["message"] == "You have reached your secondly limit."


def test_many_rows_at_once_can_be_locked_for_two_seconds(hub: Emulator, api: httpx.Client) -> None:
    hub.options(locks_above=150)
    keys = [f"a{n}" for n in range(200)]
    assert upsert(api, *keys[:100]).status_code == 200
    assert upsert(api, *keys[100:]).status_code == 423
    upsert(api, *keys[100:])
    assert "before it was told to" in hub.violations()[0]
    hub.control("clock", {"seconds": 3})
    assert upsert(api, *keys[100:]).status_code == 200


def test_a_dropped_call_was_not_done_and_one_dropped_after_was(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"path": "batch/upsert", "drop": "before", "count": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        upsert(api, "a")
    assert not hub.records()
    hub.faults({"path": "batch/upsert", "drop": "after", "count": 1}, replace=True)
    with pytest.raises(httpx.RemoteProtocolError):
        upsert(api, "a")
    assert set(hub.by("account_id")) == {"a"}
    assert [(e["status"], e["broken"]) for e in hub.log()] == [(0, "before"), (0, "after")]
    assert upsert(api, "a").json()["results"][0]["new"] is False


def test_a_gateway_can_time_out_after_the_work_is_done(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"path": "batch/upsert", "answer_after": {"status": 504}, "count": 1})
    answer = upsert(api, "a")
    assert (answer.status_code, answer.headers["Content-Type"]) == (504, "text/html")
    assert set(hub.by("account_id")) == {"a"}


def test_a_slow_answer_is_done_although_nobody_waits_for_it(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"path": "batch/upsert", "delay": 0.4, "count": 1})
    given = {"id": "a", "idProperty": "account_id", "properties": {"name": "a"}}
    with pytest.raises(httpx.ReadTimeout):
        api.post(UPSERT, json={"inputs": [given]}, timeout=0.1)
    assert not hub.records()
    time.sleep(0.5)
    assert set(hub.by("account_id")) == {"a"}


def test_a_cut_answer_is_done(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"path": "batch/upsert", "truncate": 40, "count": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        upsert(api, "a")
    assert set(hub.by("account_id")) == {"a"}


def test_one_key_can_be_poison_for_ever(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"path": "batch/upsert", "key": "bad", "answer": {"status": 500}})
    assert [upsert(api, *keys).status_code for keys in (["a", "bad"], ["a"], ["bad"])] == [500, 200, 500]
    assert upsert(api, "badly").status_code == 200, "the whole key counts"
    assert set(hub.by("account_id")) == {"a", "badly"}


def test_a_burst_ends_and_each_nth_call_can_fail(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"answer": {"status": 503, "headers": {"Retry-After": "0"}}, "after": 1, "count": 2})
    assert [upsert(api, "a").status_code for _ in range(4)] == [200, 503, 503, 200]
    hub.faults({"answer": {"status": 502}, "every": 3}, replace=True)
    assert [upsert(api, "a").status_code for _ in range(6)] == [200, 200, 502, 200, 200, 502]


def test_chance_is_the_same_each_time_it_is_seeded(hub: Emulator, api: httpx.Client) -> None:
    runs = []
    for _ in range(2):
        hub.faults({"answer": {"status": 500}, "probability": 0.5, "seed": 7}, replace=True)
        runs.append([upsert(api, "a").status_code for _ in range(12)])
    assert runs[0] == runs[1]
    assert set(runs[0]) == {200, 500}


def test_trace_ids_can_be_left_out_and_a_200_can_carry_errors(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"omit_trace": True, "errors_in_200": True})
    inputs: list[dict[str, Any]] = [
        {"id": k, "idProperty": "account_id", "objectWriteTraceId": k, "properties": {"name": k, **bad}}
        for k, bad in (("a", {}), ("b", {"nope": "1"}))
    ]
    answer = api.post(UPSERT, json={"inputs": inputs})
    assert (answer.status_code, answer.json()["numErrors"]) == (200, 1)
    assert "objectWriteTraceId" not in answer.text
    assert set(hub.by("account_id")) == {"a"}


def test_a_rule_that_means_nothing_is_refused(hub: Emulator) -> None:
    with pytest.raises(ValueError, match="a rule has no"):
        hub.faults({"answr": {"status": 500}})
    with pytest.raises(ValueError, match="a rule must do one of"):
        hub.faults({"path": "batch"})


def test_a_rule_counts_what_it_met_and_did(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"answer": {"status": 500, "body": {"message": "mine"}}, "count": 1})
    assert upsert(api, "a").json() == {"message": "mine"}
    upsert(api, "a")
    (rule,) = hub.faults()
    assert (rule["matched"], rule["fired"]) == (2, 1)


def test_a_field_can_vanish_or_change_its_type_under_the_client(hub: Emulator, api: httpx.Client) -> None:
    hub.define("churn_probability", type="number", fieldType="number")
    hub.control("property", {"name": "churn_probability", "gone": True})
    assert upsert(api, "a", churn_probability="0.5").status_code == 207
    options = [{"label": "High", "value": "high", "hidden": False, "displayOrder": 0}]
    hub.define("churn_probability", type="enumeration", fieldType="select", options=options)
    errors = upsert(api, "a", churn_probability="0.5").json()["errors"]
    assert errors[0]["errors"][0]["code"] == "INVALID_OPTION"


def test_a_client_that_repeats_a_create_makes_what_the_oracle_finds(hub: Emulator, api: httpx.Client) -> None:
    hub.faults({"path": "/tasks$", "drop": "after", "count": 1})
    due = {"hs_timestamp": "2026-03-02T09:00:00Z", "hs_task_subject": "a | call | 2026-W09"}
    with pytest.raises(httpx.RemoteProtocolError):
        api.post(TASKS, json={"properties": due, "associations": []})
    api.post(TASKS, json={"properties": due, "associations": []}).raise_for_status()
    assert len(hub.duplicates("hs_task_subject", "tasks")["a | call | 2026-W09"]) == 2


def test_many_clients_at_once_make_each_company_once(hub: Emulator) -> None:
    def work(_: int) -> int:
        with hub.http() as api:
            return upsert(api, *[f"a{n}" for n in range(50)]).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(16))) == [200] * 16
    assert len(hub.by("account_id")) == len(hub.records()) == 50


def test_the_state_outlives_the_client(hub: Emulator) -> None:
    for key in ("a", "b"):
        with hub.http() as api:
            upsert(api, key)
    assert set(hub.by("account_id")) == {"a", "b"}


def test_a_connection_stays_open_for_many_calls(hub: Emulator, api: httpx.Client) -> None:
    streams = set()
    for n in range(5):
        with api.stream("GET", COMPANIES, params={"limit": 1 + n}) as answer:
            json.loads(answer.read())
            streams.add(id(answer.extensions["network_stream"]))
    assert len(streams) == 1
