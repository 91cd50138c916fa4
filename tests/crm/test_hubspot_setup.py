"""The set-up of a HubSpot account: what is missing, what was made, what a person must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from policy.errors import DeliveryIncomplete
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.hubspot_setup import SCOPES, Step, setup
from tests.crm import hubspot_openapi as openapi
from tests.crm.hubspot_company import apply, score, task
from tests.crm.hubspot_oracle import Emulator


@pytest.fixture
def hub(running: Emulator) -> Emulator:
    running.reset(task_unique="on")
    return running


def of(steps: list[Step], name: str, kind: str = "companies") -> Step:
    (found,) = [step for step in steps if (step.object, step.name) == (kind, name)]
    return found


def test_it_lists_what_is_missing_and_makes_nothing_unless_asked(hub: Emulator, crm: HubSpotCrm) -> None:
    steps = setup(crm, create=False)
    assert {step.state for step in steps} == {"missing", "ready"}
    assert (of(steps, "churn").state, of(steps, "churn_account_id").state) == ("missing", "missing")
    assert of(steps, "churn_health_score").type == "number"
    assert of(steps, "hs_task_body", "tasks").state == "ready"
    assert {one["method"] for one in hub.log()} == {"GET"}


def test_it_makes_everything_once_and_what_it_made_is_enough(hub: Emulator, crm: HubSpotCrm, ledger: Path) -> None:
    steps = setup(crm, create=True)
    assert {step.state for step in steps} == {"made", "ready"}
    hub.control("seed", {"type": "companies", "records": [{"name": "C", "churn_account_id": "a001"}]})
    assert apply([score(1), task(1)], crm, ledger, run_id="r1").written == 2
    hub.control("forget", {})
    assert {step.state for step in setup(crm, create=True)} == {"ready"}
    assert {one["method"] for one in hub.log()} == {"GET"}


def test_its_requests_are_as_the_documents_want_them(hub: Emulator, crm: HubSpotCrm) -> None:
    openapi.need_documents()
    setup(crm, create=True)
    assert [told for one in hub.raw() for told in openapi.of_kept(one)] == []


@pytest.mark.parametrize("switch", ["off", "silent"])
def test_tasks_get_a_plain_key_where_hubspot_keeps_none_unique(switch: str, hub: Emulator, crm: HubSpotCrm) -> None:
    hub.options(task_unique=switch)
    for state in ("made", "ready"):
        key = of(setup(crm, create=True), "churn_task_key", "tasks")
        assert (key.state, "found through its company" in key.note) == (state, True)
    assert crm.describe().key_unique


def test_what_it_cannot_do_it_leaves_and_says_how(hub: Emulator, crm: HubSpotCrm) -> None:
    hub.define("churn_account_id", type="string")
    hub.define("churn_as_of", type="number", fieldType="number")
    hub.define("churn_run_id", type="string", read_only=True)
    steps = setup(crm, create=True)
    assert {step.name for step in steps if step.state == "by_hand"} == {
        "churn_account_id",
        "churn_as_of",
        "churn_run_id",
    }
    assert "need not be unique" in of(steps, "churn_account_id").note
    assert "should be a date" in of(steps, "churn_as_of").note
    assert "read-only" in of(steps, "churn_run_id").note


def test_ten_unique_properties_are_hubspots_limit_and_said_to_be(hub: Emulator, crm: HubSpotCrm) -> None:
    for number in range(10):
        hub.define(f"key_{number}", hasUniqueValue=True)
    key = of(setup(crm, create=True), "churn_account_id")
    assert (key.state, "values that must be unique" in key.note) == ("by_hand", True)


def test_a_refusal_for_a_moment_is_told_and_the_next_set_up_goes_on(hub: Emulator, crm: HubSpotCrm) -> None:
    hub.faults({"method": "POST", "answer": {"status": 503}, "path": "companies$", "after": 2, "count": 1})
    steps = setup(crm, create=True)
    (left,) = [step for step in steps if step.state == "by_hand"]
    assert "run the set-up again" in left.note
    assert of(setup(crm, create=True), left.name).state == "made"


def test_a_key_that_may_not_make_properties_is_told_which_scope_it_lacks(hub: Emulator, crm: HubSpotCrm) -> None:
    hub.options(scopes=[one for one in SCOPES if "schemas" not in one or one.endswith("read")])
    setup(crm, create=False)
    with pytest.raises(DeliveryIncomplete, match=r"crm\.schemas\.companies\.write"):
        setup(crm, create=True)
    hub.options(scopes=SCOPES)
    assert {step.state for step in setup(crm, create=True)} == {"made", "ready"}
