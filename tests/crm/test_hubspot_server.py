"""The emulator's answers to writes: who may, what is stored, and what is refused in which words."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from tests.crm.hubspot_oracle import ROOT, Emulator

COMPANIES = "/crm/objects/2026-03/companies"
ASCII_ESCAPED = "\\ud800"


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    running.reset()
    running.define("account_id", hasUniqueValue=True)
    running.define("other_key", hasUniqueValue=True)
    running.define("churn_probability", type="number", fieldType="number")
    return running


def row(key: str, trace: str | None = None, **properties: Any) -> dict[str, Any]:
    given = {"id": key, "idProperty": "account_id", "properties": {"name": key, **properties}}
    return given | ({"objectWriteTraceId": trace} if trace else {})


def upsert(api: httpx.Client, *rows: dict[str, Any]) -> httpx.Response:
    return api.post(f"{COMPANIES}/batch/upsert", json={"inputs": rows})


def codes(answer: httpx.Response) -> list[str]:
    return [error["code"] for error in answer.json()["errors"]]


def test_without_the_key_nothing_is_done_and_the_body_says_why(hub: Emulator) -> None:
    answer = httpx.post(f"{hub.url}{COMPANIES}/batch/upsert", json={"inputs": [row("a")]})
    assert (answer.status_code, answer.json()["category"]) == (401, "INVALID_AUTHENTICATION")
    assert not hub.records()


def test_a_revoked_key_is_a_401(hub: Emulator, api: httpx.Client) -> None:
    hub.control("revoke", {"revoked": True})
    assert upsert(api, row("a")).status_code == 401
    hub.control("revoke", {"revoked": False})
    assert upsert(api, row("a")).status_code == 200


def test_a_missing_scope_is_a_403_that_names_it(hub: Emulator, api: httpx.Client) -> None:
    hub.options(scopes=["crm.objects.companies.read"])
    answer = upsert(api, row("a"))
    assert (answer.status_code, answer.json()["category"]) == (403, "MISSING_SCOPES")
    assert answer.json()["errors"][0]["context"] == {"requiredGranularScopes": ["crm.objects.companies.write"]}
    assert api.get(COMPANIES).status_code == 200


def test_the_control_routes_need_their_own_token(hub: Emulator, api: httpx.Client) -> None:
    assert api.get("/_control/records").status_code == 403
    assert api.post("/_control/seed", json={}).status_code == 403


def test_an_upsert_makes_a_company_once_and_then_changes_it(hub: Emulator, api: httpx.Client) -> None:
    first = upsert(api, row("a", "t1", churn_probability="0.25")).json()["results"][0]
    again = upsert(api, row("a", "t2", churn_probability="0.5")).json()["results"][0]
    assert (first["new"], again["new"], first["id"] == again["id"]) == (True, False, True)
    assert (first["objectWriteTraceId"], again["objectWriteTraceId"]) == ("t1", "t2")
    assert hub.by("account_id")["a"]["properties"]["churn_probability"] == "0.5"
    values = hub.control("history", type="companies", id=first["id"])["history"]["churn_probability"]
    assert [value for _, value, _ in values] == ["0.5", "0.25"]


def test_with_trace_ids_good_rows_are_written_and_bad_ones_named(hub: Emulator, api: httpx.Client) -> None:
    rows = [row("a", "t1"), row("b", "t2", nope="1"), row("c", "t3", churn_probability="much")]
    answer = upsert(api, *rows)
    assert (answer.status_code, answer.json()["numErrors"]) == (207, 2)
    assert [e["context"]["objectWriteTraceId"] for e in answer.json()["errors"]] == [["t2"], ["t3"]]
    assert [e["errors"][0]["code"] for e in answer.json()["errors"]] == ["PROPERTY_DOESNT_EXIST", "INVALID_INTEGER"]
    assert set(hub.by("account_id")) == {"a"}


def test_rows_with_one_and_the_same_mistake_share_an_error(api: httpx.Client) -> None:
    answer = upsert(api, *[row(f"k{n}", f"t{n}", nope="1") for n in range(3)], row("good", "t9"))
    assert answer.json()["numErrors"] == 1
    assert answer.json()["errors"][0]["context"]["objectWriteTraceId"] == ["t0", "t1", "t2"]


@pytest.mark.parametrize("traces", [(None, None), ("t", "t"), ("t", None)])
def test_without_a_trace_id_on_each_one_bad_row_rejects_all(
    hub: Emulator, api: httpx.Client, traces: tuple[str | None, ...]
) -> None:
    answer = upsert(api, row("a", traces[0]), row("b", traces[1], nope="1"))
    assert (answer.status_code, codes(answer)) == (400, ["PROPERTY_DOESNT_EXIST"])
    assert answer.json()["message"].startswith('Property values were not valid: [{"isValid":false')
    assert not hub.records()


def test_repeated_ids_reject_all_even_with_trace_ids(hub: Emulator, api: httpx.Client) -> None:
    answer = upsert(api, row("a", "t1"), row("a", "t2"), row("b", "t3"))
    assert (answer.status_code, answer.json()["context"]) == (400, {"ids": ["a"]})
    assert "IDs must be unique" in answer.json()["message"]
    assert upsert(api, row(" a", "t1"), row("a ", "t2")).status_code == 400, "the spaces are lost: one id"
    assert not hub.records()


@pytest.mark.parametrize(("status", "category"), [(409, "CONFLICT"), (400, "VALIDATION_ERROR")])
def test_a_value_that_another_company_has_rejects_all_hundred(
    hub: Emulator, api: httpx.Client, status: int, category: str
) -> None:
    hub.options(conflict_status=status)
    hub.seed(1, account_id="old", other_key="taken", name="Old")
    rows = [row(f"k{n}", f"t{n}", **({"other_key": "taken"} if n == 41 else {})) for n in range(100)]
    answer = upsert(api, *rows)
    assert (answer.status_code, answer.json()["category"]) == (status, category)
    assert answer.json()["message"].endswith("already has that value.")
    assert len(hub.records()) == 1
    assert upsert(api, *rows[:41], *rows[42:]).status_code == 200
    assert len(hub.records()) == 100


def test_a_conflict_can_be_one_row_s_when_the_account_is_so(hub: Emulator, api: httpx.Client) -> None:
    hub.options(conflict_rejects="row")
    answer = upsert(api, row("a", "t1", other_key="x"), row("b", "t2", other_key="x"), row("c", "t3"))
    assert answer.status_code == 207
    assert set(hub.by("account_id")) == {"a", "c"}


def test_a_hundred_and_one_inputs_are_refused_and_noted(hub: Emulator, api: httpx.Client) -> None:
    assert upsert(api, *[row(f"k{n}") for n in range(101)]).status_code == 400
    assert hub.violations() == [f"POST {COMPANIES}/batch/upsert: 101 inputs, 100 are allowed"]


def test_values_that_are_not_strings_are_taken_and_noted(hub: Emulator, api: httpx.Client) -> None:
    assert upsert(api, row("a", churn_probability=0.5)).status_code == 200
    assert hub.violations() == [f"POST {COMPANIES}/batch/upsert: properties.churn_probability is not a string"]
    assert upsert(api, row("a", churn_probability=None)).status_code == 400


def test_an_upsert_needs_a_property_whose_values_are_unique(api: httpx.Client) -> None:
    for name in ("name", "hs_object_id"):
        answer = upsert(api, {"id": "1", "idProperty": name, "properties": {"name": "A"}})
        told = "Unable to perform update/upsert by non-unique 0-2 property"
        assert (answer.status_code, told in answer.json()["message"]) == (400, True)
    assert upsert(api, {"id": "1", "properties": {}}).status_code == 400


def test_a_new_company_needs_a_name_or_a_domain(hub: Emulator, api: httpx.Client) -> None:
    bare = {"id": "a", "idProperty": "account_id", "properties": {"churn_probability": "0.5"}}
    answer = upsert(api, bare)
    assert (answer.status_code, answer.json()["context"]) == (400, {"properties": ["name", "domain"]})
    hub.seed(1, account_id="a", name="A")
    assert upsert(api, bare).status_code == 200


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("churn_probability", "1.4210854715202004e-14", "INVALID_INTEGER"),
        ("churn_probability", "nan", "INVALID_INTEGER"),
        ("churn_probability", "1,5", "INVALID_INTEGER"),
        ("score_date", "yesterday", "INVALID_LONG"),
        ("score_date", "2026-03-01T12:00:00Z", "INVALID_DATE"),
        ("scored_at", "2026-03-01T12:00:00", "INVALID_LONG"),
        ("tier", "purple", "INVALID_OPTION"),
        ("at_risk", "yes", "INVALID_OPTION"),
        ("hs_lastmodifieddate", "2026-03-01", "READ_ONLY_VALUE"),
        ("hubspot_owner_id", "999", "INVALID_OWNER_ID"),
        ("description", "x" * 65_537, "VALUE_TOO_LONG"),
        ("description", "a\x00b", "INVALID_STRING"),
        ("nobody_made_it", "1", "PROPERTY_DOESNT_EXIST"),
    ],
)
def test_a_wrong_value_is_named_by_its_code(hub: Emulator, api: httpx.Client, name: str, value: str, code: str) -> None:
    hub.define("score_date", type="date", fieldType="date")
    hub.define("scored_at", type="datetime", fieldType="date")
    hub.define("tier", type="enumeration", fieldType="select", options=[{"value": "red"}, {"value": "green"}])
    hub.define("at_risk", type="bool", fieldType="booleancheckbox")
    answer = upsert(api, row("a", **{name: value}))
    assert (answer.status_code, codes(answer)) == (400, [code])
    assert answer.json()["errors"][0]["context"] == {"propertyName": [name]}


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("churn_probability", "0.50", "0.50"),
        ("score_date", "1772323200000", "2026-03-01"),
        ("scored_at", "2026-03-01T01:30:00+01:30", "2026-03-01T00:00:00.000Z"),
        ("name", "  Åcme <b>🚀</b> ", "Åcme <b>🚀</b>"),
        ("description", " two\r\nlines, =1+1\t", " two\r\nlines, =1+1\t"),
        ("description", "x" * 65_536, "x" * 65_536),
    ],
)
def test_a_right_value_is_kept_in_its_stored_form(
    hub: Emulator, api: httpx.Client, name: str, given: str, kept: str
) -> None:
    hub.define("score_date", type="date", fieldType="date")
    hub.define("scored_at", type="datetime", fieldType="date")
    assert upsert(api, row("a", **{name: given})).status_code == 200
    assert hub.by("account_id")["a"]["properties"][name] == kept


def test_an_empty_value_clears_and_does_not_appear(hub: Emulator, api: httpx.Client) -> None:
    upsert(api, row("a", churn_probability="0.5"))
    upsert(api, row("a", churn_probability=""))
    read = api.get(f"{COMPANIES}/a", params={"idProperty": "account_id", "properties": "churn_probability,name"})
    assert (read.json()["properties"]["name"], "churn_probability" in read.json()["properties"]) == ("a", False)


def test_keys_that_differ_by_case_are_two_unless_the_account_folds_them(hub: Emulator, api: httpx.Client) -> None:
    assert upsert(api, row("acct", "t1"), row("ACCT", "t2")).status_code == 200
    hub.reset(folds_case=True)
    hub.define("account_id", hasUniqueValue=True)
    assert upsert(api, row("acct", "t1"), row("ACCT", "t2")).status_code == 400
    assert upsert(api, row("acct")).json()["results"][0]["new"]
    assert not upsert(api, row("ACCT")).json()["results"][0]["new"]


def test_half_a_character_nan_and_no_json_are_refused(api: httpx.Client) -> None:
    bodies = [f'{{"inputs":[{{"id":"{ASCII_ESCAPED}"}}]}}', '{"inputs":[{"id":NaN}]}', "[]", "{", '{"inputs":[]}']
    for body in bodies:
        sent = api.post(f"{COMPANIES}/batch/upsert", content=body, headers={"Content-Type": "application/json"})
        assert (sent.status_code, sent.json()["category"]) == (400, "VALIDATION_ERROR")


def test_a_legacy_path_is_refused_and_noted(hub: Emulator, api: httpx.Client) -> None:
    assert api.post("/crm/v3/objects/companies/batch/upsert", json={"inputs": []}).status_code == 404
    assert hub.violations() == ["POST /crm/v3/objects/companies/batch/upsert: a legacy path"]


def test_the_log_counts_inputs_and_holds_no_bodies(hub: Emulator, api: httpx.Client) -> None:
    upsert(api, row("secret", "t1"), row("b", "t2"))
    (entry,) = hub.log()
    assert (entry["method"], entry["status"], entry["inputs"]) == ("POST", 200, 2)
    assert "secret" not in str(entry)
    (kept,) = hub.raw()
    assert "secret" in kept["body"]
    assert hub.token not in str(kept)


def test_it_ends_with_the_process_that_started_it() -> None:
    code = (
        "import subprocess, sys\n"
        "command = [sys.executable, '-m', 'tests.crm.hubspot_server', '--while-stdin']\n"
        "started = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)\n"
        "print(started.stdout.readline(), flush=True)\n"
        "sys.stdin.read()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin
    assert parent.stdout
    port = parent.stdout.readline().split()[-1]
    parent.kill()
    parent.communicate()
    for _ in range(100):
        try:
            httpx.get(f"http://127.0.0.1:{port}/", timeout=1)
        except httpx.ConnectError:
            return
        except httpx.TransportError:
            pass  # it is about to end
        time.sleep(0.05)
    pytest.fail("it runs on")


def test_it_ends_by_itself() -> None:
    command = [sys.executable, "-m", "tests.crm.hubspot_server", "--port", "0", "--seconds", "0.2"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=True)
    assert ended.stdout.startswith("listening on ")
