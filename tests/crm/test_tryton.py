"""What a real CRM does with what it is sent: the facts on which its destination and the faults' expectations rest."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.crm.tryton_server import Refused, Tryton, server

PARTY, TASK = "model.party.party", "model.churn.task"


@pytest.fixture(scope="module")
def crm() -> Iterator[Tryton]:
    with server() as running:
        running.add_accounts(["a", "b", "c"])
        yield running


def id_of(crm: Tryton, account: str) -> int:
    return int(crm.parties()[account]["id"])


def task(crm: Tryton, key: str, **fields: Any) -> dict[str, Any]:
    return {"task_key": key, "party": id_of(crm, "a"), "subject": "Call", **fields}


def refused(crm: Tryton, method: str, *params: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        crm.rpc(method, *params)
    return caught.value


def test_without_the_server_its_tests_are_skipped_and_under_ci_they_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.crm.tryton_server.ENVIRONMENT", Path("nowhere"))
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make tryton"), server():
        pass
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI must run"), server():
        pass


def test_a_key_is_refused_twice(crm: Tryton) -> None:
    crm.rpc(f"{TASK}.create", [task(crm, "twice")])
    no = refused(crm, f"{TASK}.create", [task(crm, "twice")])
    assert (no.status, "task key must be unique" in no.reason) == (400, True)
    no = refused(crm, "model.party.party.create", [{"name": "Again", "churn_account_id": "a"}])
    assert (no.status, "account id must be unique" in no.reason) == (400, True)
    assert crm.duplicates() == []


@pytest.mark.parametrize(
    ("field", "value", "status", "reason"),
    [
        ("churn_reason", "x" * 121, 400, "too long (121 &gt; 120)"),
        ("churn_reason", "two\nlines", 400, "invalid chars"),
        ("churn_risk_tier", "odd", 400, "not one of the allowed options"),
        ("churn_health_score", -1, 400, "not valid according to its domain"),
        ("churn_arr", {"__class__": "Decimal", "decimal": "1.005"}, 400, "digits"),
        ("churn_health", 1, 500, "churn_health"),
        ("churn_probability", "much", 500, "could not convert"),
        ("churn_as_of", "soon", 500, "Invalid isoformat"),
        ("churn_reason", 7, 500, "strip"),
        ("churn_health_score", 2**63, 500, "too large"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(crm: Tryton, field: str, value: Any, status: int, reason: str) -> None:
    no = refused(crm, f"{PARTY}.write", [id_of(crm, "b")], {field: value})
    assert (no.status, reason in no.reason) == (status, True), no


@pytest.mark.parametrize(
    ("field", "sent", "stored"),
    [
        ("churn_health_score", 71.5, 71),
        ("churn_reason", "  spaces  ", "spaces"),
        ("churn_reason", "NUL \x00 and 🔥", "NUL \x00 and 🔥"),
        ("churn_published_at", {"__class__": "datetime", "year": 2025, "month": 1, "day": 6, "hour": 5, "minute": 30,
                                "second": 0, "microsecond": 250_000}, "2025-01-06 05:30:00"),
    ],
)  # fmt: skip
def test_a_value_may_be_stored_otherwise_without_a_word(crm: Tryton, field: str, sent: Any, stored: Any) -> None:
    crm.rpc(f"{PARTY}.write", [id_of(crm, "b")], {field: sent})
    assert crm.parties()["b"][field.removeprefix("churn_")] == stored


def test_one_bad_row_rolls_back_its_batch(crm: Tryton) -> None:
    rows = [task(crm, "good 1"), task(crm, "bad", subject="x" * 81), task(crm, "good 2")]
    assert refused(crm, f"{TASK}.create", rows).status == 400
    assert not {"good 1", "bad", "good 2"} & set(crm.tasks())
    pairs = [[id_of(crm, "a")], {"churn_reason": "written"}, [id_of(crm, "b")], {"churn_risk_tier": "odd"}]
    assert refused(crm, f"{PARTY}.write", *pairs).status == 400
    assert crm.parties()["a"]["reason"] is None


def test_sixteen_creates_of_one_key_at_once_make_one_row(crm: Tryton) -> None:
    row = task(crm, "raced")

    def create(_: int) -> int:
        try:
            crm.rpc(f"{TASK}.create", [row])
        except Refused as no:
            return no.status
        return 200

    crm.rpc(f"{PARTY}.search", [], 0, 1, None)
    with ThreadPoolExecutor(16) as pool:
        answers = sorted(pool.map(create, range(16)))
    assert answers == [200, *[400] * 15]
    assert "raced" in crm.tasks()
    assert crm.duplicates() == []


def test_what_was_read_before_somebody_wrote_is_not_written(crm: Tryton) -> None:
    number = id_of(crm, "c")
    read = crm.rpc(f"{PARTY}.read", [number], ["_timestamp"])[0]["_timestamp"]
    crm.as_person(f"{PARTY}.write", [number], {"churn_risk_tier": "high"})
    context = {"_timestamp": {f"party.party,{number}": read}}
    with pytest.raises(Refused) as caught:
        crm.rpc(f"{PARTY}.write", [number], {"churn_risk_tier": "low"}, context=context)
    assert (caught.value.status, "modified in the meanwhile" in caught.value.reason) == (423, True)
    assert crm.parties()["c"]["risk_tier"] == "high"


def test_an_archived_account_is_not_found_and_keeps_its_key(crm: Tryton) -> None:
    crm.add_accounts(["gone"])
    crm.as_person(f"{PARTY}.write", [id_of(crm, "gone")], {"active": False})
    assert crm.rpc(f"{PARTY}.search", [["churn_account_id", "=", "gone"]], 0, None, None) == []
    assert refused(crm, f"{PARTY}.create", [{"name": "New", "churn_account_id": "gone"}]).status == 400


def test_an_error_comes_as_200_where_the_call_has_an_id(crm: Tryton) -> None:
    body = {"id": 1, "method": f"{TASK}.create", "params": [[task(crm, "id"), task(crm, "id")], {}]}
    headers = {"Authorization": f"Session {crm._sessions[crm.user]}"}
    answer = httpx.post(f"{crm.url}/{crm.database}/rpc/", json=body, headers=headers)
    assert (answer.status_code, answer.json()["error"][0]) == (200, "UserError")
    assert "id" not in crm.tasks()


def test_a_wrong_session_or_password_is_401_and_a_forbidden_method_403(crm: Tryton) -> None:
    url, login = f"{crm.url}/{crm.database}/rpc/", "common.db.login"
    body = {"method": f"{PARTY}.search", "params": [[], 0, 1, None, {}]}
    wrong = {"method": login, "params": [crm.user, {"password": "wrong"}, "en"]}
    assert httpx.post(url, json=body).status_code == 401
    assert httpx.post(url, json=wrong, timeout=20).status_code == 401
    assert refused(crm, f"{PARTY}.no_such_method").status == 403


def test_a_key_of_an_application_opens_the_rest_interface_with_the_same_rules(crm: Tryton) -> None:
    number = crm.query("SELECT id FROM res_user WHERE login=?", crm.user)[0]["id"]
    crm.rpc("model.res.user.application.create", [{"user": number, "application": "rest", "key": "k" * 64}])
    url, headers = f"{crm.url}/{crm.database}/rest/model/churn.task", {"Authorization": f"bearer {'k' * 64}"}
    made = [httpx.post(url, json=task(crm, "by rest", **more), headers=headers) for more in ({}, {}, {"colour": "red"})]
    assert [answer.status_code for answer in made] == [200, 400, 500]
    assert made[1].json()["message"] == "The task key must be unique."
