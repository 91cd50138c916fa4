"""The HubSpot client alone, over real HTTP: what it asks, what it makes of an answer, what it refuses to send."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from policy.errors import DeliveryIncomplete, SettingsError
from serving.writeback.destination import Busy, Outcome, Outgoing, Scalar
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.place import rejections
from tests.crm.hubspot_company import WEEK_1, WEEK_2, apply, missing_or_wrong, score, task
from tests.crm.hubspot_oracle import Emulator

UPDATE = "companies/batch/update"


class Memory:
    """A batch's handle that keeps what it was given."""

    def __init__(self, job: str | None = None) -> None:
        self.job = job

    def save(self, job: str) -> None:
        self.job = job


def outgoing(number: int, seen: dict[str, Scalar] | None = None, **fields: Scalar) -> Outgoing:
    key = f"a{number:03}"
    return Outgoing(key, key, fields or {"health_score": 50}, create=False, seen=seen or {})


def write(crm: HubSpotCrm, *rows: Outgoing) -> dict[str, Outcome]:
    outcomes = crm.write("score", rows, Memory())
    assert len(outcomes) == len(rows)
    return dict(zip([row.key for row in rows], outcomes, strict=True))


def test_what_it_is_and_takes_is_read_from_the_definitions(hub: Emulator, crm: HubSpotCrm) -> None:
    found = crm.describe()
    assert (found.name, found.key_unique, found.creates_accounts) == ("hubspot:test", True, False)
    assert {"risk_tier", "churn_probability", "as_of", "reason_1"} <= found.fields["score"].keys()
    assert {"subject", "body", "due_at", "owner_id", "step"} <= found.fields["task"].keys()
    hub.define("churn_account_id", type="string")
    assert not crm.describe().key_unique
    hub.control("property", {"type": "tasks", "name": "churn_task_key", "gone": True})
    with pytest.raises(SettingsError, match="tasks have no property `churn_task_key`"):
        crm.describe()


ODD: dict[str, Scalar] = {
    "comma, quote and line ends": 'a,"b";\r\nc\n',
    "a formula": "=SUM(A1:A9)",
    "markup": '<b onclick="x">& &amp; &lt;</b><br><p>',
    "all kinds of letters": "naïve 🔥 e\u0301 \u200f\u2028 ﷽",
    "32k of text": "x" * 32_000,
    "space around": "  \t two \r\n",
    "what looks like our own marks": "&#32; &nbsp; \\n",
}


@pytest.mark.parametrize("odd", ODD)
def test_a_tasks_text_reads_back_to_the_character(odd: str, hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    rows = [score(1), task(1, body=ODD[odd])]
    assert apply(rows, crm, ledger, run_id="r1").written == 2
    assert crm.read("task", [rows[1].key])[rows[1].key]["body"] == ODD[odd]
    assert missing_or_wrong(hub, rows) == []
    assert apply(rows, crm, ledger, run_id="r2").edited == ()


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"reason_1": " x"}, "edge_spaces"),
        ({"reason_1": ""}, "empty_text"),
        ({"reason_1": 7}, "type"),
        ({"health_score": "7"}, "type"),
        ({"health_score": "many"}, "invalid_integer"),
        ({"expires_on": "next week"}, "invalid_long"),
        ({"health_score": math.nan}, "not_finite"),
        ({"churn_probability": 1.5}, "probability"),
        ({"reason_1": "a\0b"}, "nul"),
    ],
)
def test_a_poisoned_row_is_quarantined_with_a_code_and_the_others_go_on(
    fields: dict[str, Scalar], code: str, hub: Emulator, crm: HubSpotCrm, ledger: Path
) -> None:
    rows = [score(i) for i in range(30)]
    rows[4] = score(4, **fields)
    applied = apply(rows, crm, ledger, run_id="r1")
    (line,) = rejections(ledger)
    assert (line.key, line.code, applied.written) == ("a004", code, 29)
    assert missing_or_wrong(hub, [row for row in rows if row.key != "a004"]) == []
    assert not any(str(value) in line.reason for value in fields.values() if len(str(value)) > 3)


def test_a_body_that_escaping_makes_too_long_is_quarantined(crm: HubSpotCrm, ledger: Path) -> None:
    assert apply([score(1), task(1, body="&" * 20_000)], crm, ledger, run_id="r1").rejected == 1
    assert rejections(ledger)[0].code == "too_long"


def test_values_travel_as_text_without_exponents_and_null_clears(hub: Emulator, crm: HubSpotCrm) -> None:
    assert write(crm, outgoing(1, churn_probability=1.5e-7, health_score=1e16, risk_tier="high"))["a001"].answer == "ok"
    body = json.loads(next(one for one in hub.raw() if one["path"].endswith(UPDATE))["body"])
    assert body["inputs"][0]["properties"] == {
        "churn_probability": "0.00000015",
        "churn_health_score": "10000000000000000",
        "churn_risk_tier": "high",
    }
    assert write(crm, outgoing(1, risk_tier=None))["a001"].answer == "ok"
    assert "churn_risk_tier" not in hub.by("churn_account_id")["a001"]["properties"]
    assert crm.read("score", ["a001"])["a001"]["risk_tier"] is None


@pytest.mark.parametrize("switch", [{}, {"errors_in_200": True}, {"groups_errors": False}, {"shuffles_results": False}])
@pytest.mark.parametrize("echoes", [True, False])
def test_each_error_and_each_result_finds_its_own_row(
    switch: dict[str, Any], echoes: bool, hub: Emulator, crm: HubSpotCrm
) -> None:
    hub.options(**switch, echoes_trace=echoes)
    options = [{"label": v, "value": v, "displayOrder": 0, "hidden": False} for v in ("high", "low")]
    hub.define("churn_risk_tier", type="enumeration", fieldType="select", options=options)
    rows = [outgoing(i, risk_tier="high" if i % 3 else "purple") for i in range(9)]
    found = write(crm, *rows)
    assert {key for key, outcome in found.items() if outcome.answer == "ok"} == {f"a00{i}" for i in (1, 2, 4, 5, 7, 8)}
    assert {outcome.code for outcome in found.values() if outcome.answer != "ok"} == {"invalid_option"}
    ids = {record["id"]: key for key, record in hub.by("churn_account_id").items()}
    assert all(ids[outcome.remote_id or ""] == key for key, outcome in found.items() if outcome.answer == "ok")
    assert "purple" not in found["a000"].reason


def test_without_any_trace_in_the_answer_nobody_is_blamed(hub: Emulator, crm: HubSpotCrm) -> None:
    hub.define("churn_risk_tier", type="number", fieldType="number")
    hub.faults({"omit_trace": True})
    crm.definitions("score")
    hub.define("churn_risk_tier", type="bool", fieldType="booleancheckbox")
    found = write(crm, *(outgoing(i, risk_tier=i * i) for i in range(2)), outgoing(2))
    assert [(one.answer, one.code) for one in found.values()] == [("unknown", "answer_missing")] * 2 + [("ok", "")]
    assert write(crm, outgoing(1, risk_tier=3))["a001"].code == "invalid_option"


def test_a_company_that_is_gone_merged_or_never_was_is_not_created(
    hub: Emulator, crm: HubSpotCrm, ledger: Path
) -> None:
    apply([score(i) for i in range(30)], crm, ledger, run_id="r1")
    ids = {key: record["id"] for key, record in hub.by("churn_account_id").items()}
    hub.control("archive", {"id": ids["a004"]})
    hub.control("merge", {"primary": ids["a005"], "other": ids["a006"]})
    rows = [score(i, WEEK_2) for i in range(30)] + [score(700, WEEK_2, churn_probability=0.5)]
    applied = apply(rows, crm, ledger, run_id="r2")
    assert {(line.key, line.code) for line in rejections(ledger)} == {
        (k, "no_account") for k in ("a004", "a006", "a700")
    }
    assert (applied.written, len(hub.records())) == (28, 58)
    assert missing_or_wrong(hub, [row for row in rows if row.key not in ("a004", "a006", "a700")]) == []


def test_a_company_that_vanishes_in_the_last_moment_is_quarantined_too(
    hub: Emulator, crm: HubSpotCrm, ledger: Path
) -> None:
    def at(point: str) -> None:
        if point == "before_write" and not any("update" in one["path"] for one in hub.log()):
            hub.control("archive", {"property": "churn_account_id", "value": "a003"})

    assert apply([score(i) for i in range(30)], crm, ledger, run_id="r1", at=at).written == 29
    assert [(line.key, line.code) for line in rejections(ledger)] == [("a003", "no_account")]


def test_a_row_that_moved_since_it_was_decided_is_not_written(hub: Emulator, crm: HubSpotCrm) -> None:
    assert write(crm, outgoing(1, health_score=20))["a001"].answer == "ok"
    hub.control("edit", {"property": "churn_account_id", "value": "a001", "properties": {"churn_health_score": "99"}})
    found = write(crm, outgoing(1, {"health_score": 20}, health_score=30), outgoing(2, {"health_score": None}))
    assert [(one.answer, one.code) for one in found.values()] == [("retry", "changed"), ("ok", "")]
    assert hub.by("churn_account_id")["a001"]["properties"]["churn_health_score"] == "99"


def test_an_edit_between_the_decision_and_the_write_is_kept(hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    apply([score(i) for i in range(9)], crm, ledger, run_id="r1")
    edit = {"property": "churn_account_id", "value": "a003", "properties": {"churn_risk_tier": "mine"}}
    edits = iter([edit])

    def at(point: str) -> None:
        if point == "before_write" and (one := next(edits, None)):
            hub.control("edit", one)

    applied = apply([score(i, WEEK_2) for i in range(9)], crm, ledger, run_id="r2", at=at)
    found = hub.by("churn_account_id")["a003"]["properties"]
    assert (found["churn_risk_tier"], found["churn_as_of"], applied.written) == ("mine", WEEK_2, 9)
    assert applied.edited == (("score", "a003", "risk_tier"),)


def test_what_persons_did_since_stays(hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    apply([score(3), task(3), score(4), task(4)], crm, ledger, run_id="r1")
    edit = {"churn_risk_tier": "my own view"}
    hub.control("edit", {"property": "churn_account_id", "value": "a003", "properties": edit})
    done = {"hs_task_status": "COMPLETED", "hs_task_body": "<div><p>Called them.</p></div>"}
    one = {"type": "tasks", "property": "churn_task_key"}
    hub.control("edit", {**one, "value": task(3).key, "properties": done})
    hub.control("archive", {**one, "value": task(4).key})
    applied = apply([score(3, WEEK_2), task(3), score(4, WEEK_2), task(4)], crm, ledger, run_id="r2")
    assert ("score", "a003", "risk_tier") in applied.edited
    assert hub.by("churn_account_id")["a003"]["properties"]["churn_as_of"] == WEEK_2
    assert hub.by("churn_account_id")["a003"]["properties"]["churn_risk_tier"] == "my own view"
    tasks = hub.by("churn_task_key", "tasks")
    assert {name: tasks[task(3).key]["properties"][name] for name in done} == done
    assert task(4).key not in tasks
    assert crm.read("task", [task(3).key])[task(3).key]["body"] == "Called them."


def test_an_older_run_after_a_newer_one_writes_nothing(hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    apply([score(i, WEEK_2) for i in range(9)], crm, ledger, run_id="r1")
    hub.control("forget", {})
    for where in (ledger, ledger.with_name("another.sqlite")):
        assert apply([score(i, WEEK_1) for i in range(9)], crm, where, run_id="r2").stale == 9
    assert not [one for one in hub.log() if one["path"].endswith(UPDATE)]


def test_names_that_differ_by_case_are_two_accounts_also_where_hubspot_sees_one(hub: Emulator, crm: HubSpotCrm) -> None:
    hub.options(folds_case=True)
    row = Outgoing("A001", "A001", {"health_score": 1}, create=False)
    assert (crm.read("score", ["A001"]), write(crm, row)["A001"].code) == ({}, "gone")


def test_a_part_of_a_read_that_fails_is_not_taken_for_absence(hub: Emulator, crm: HubSpotCrm) -> None:
    error = {"category": "INTERNAL_ERROR", "status": "error", "message": "", "context": {}, "errors": [], "links": {}}
    body = {"status": "COMPLETE", "results": [], "errors": [error], "numErrors": 1}
    hub.faults({"answer": {"status": 207, "body": body}, "path": "batch/read"})
    with pytest.raises(Busy, match="read_in_part"):
        crm.read("score", ["a001"])


def test_addresses_that_may_not_be_called_are_refused(hub: Emulator) -> None:
    token = SecretStr("a-key-of-no-account")
    with pytest.raises(SettingsError, match="plain http is for loopback only"):
        HubSpotCrm(token, address="http://api.hubapi.com")
    with pytest.raises(SettingsError, match="none of the hosts"):
        HubSpotCrm(token, address="https://api.hubapi.example")
    with pytest.raises(SettingsError, match="no version of the API"):
        HubSpotCrm(token, version="v3")


@pytest.mark.parametrize(
    ("status", "told"), [(401, "service key"), (403, r"may not do this"), (404, "no such path"), (307, "a redirect")]
)
def test_an_answer_that_time_does_not_mend_stops(status: int, told: str, hub: Emulator, crm: HubSpotCrm) -> None:
    crm.definitions("score")
    hub.faults(
        {"answer": {"status": status, "body": {}, "headers": {"Location": "http://127.0.0.1:9/"}}, "path": UPDATE}
    )
    with pytest.raises(DeliveryIncomplete, match=told):
        write(crm, outgoing(1))
    assert not hub.by("churn_account_id")["a001"]["properties"].get("churn_health_score")


def test_a_key_without_the_scope_names_it(hub: Emulator, crm: HubSpotCrm) -> None:
    hub.options(scopes=["crm.objects.companies.read"])
    with pytest.raises(DeliveryIncomplete, match=r"crm\.objects\.companies\.write"):
        write(crm, outgoing(1))
