"""The contract files are valid ODCS, describe every column of the interface, and refuse what they cannot check."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard

from data_contracts.contract import FOLDER, VERSION, load_contract, output_contract, source_contracts
from policy.errors import ContractStop

FILES = sorted([*FOLDER.glob("source/*.yaml"), *FOLDER.glob("output/*.yaml")])
INTERFACE = """
accounts: account_id*, name, segment, industry, region, owner_id, owner_email, owner_type, timezone, created_on*, merged_into
subscriptions: subscription_id*, account_id*, product, signed_at, starts_on*, ends_on*, arr*, seats, list_arr, auto_renew, notice_days, decision_at, decision_kind, effective_on, reason
users: user_id*, account_id*, role, department, created_at*, deactivated_at, bounced_at
entitlements: account_id*, module*, feature*, level*, starts_on, ends_on
usage_events: account_id*, user_id, occurred_at*, module, feature, channel, count, event_id
support_tickets: ticket_id*, account_id*, user_id, opened_at*, first_response_at, closed_at, priority, escalated_at, topic
ticket_messages: message_id*, ticket_id*, sent_at*, author*, text, sentiment
survey_responses: response_id*, account_id*, user_id, kind*, score*, scale_max, answered_at*, comment
invoices: invoice_id*, account_id*, issued_on*, due_on*, amount*, paid_at, failed_at, failure_resolved_at, disputed_at, dispute_resolved_at
touchpoints: touch_id*, account_id*, user_id, kind*, direction*, occurred_at*, due_on, opened_at, responded_at, attended, reason
milestones: account_id*, milestone*, kind*, due_on, reached_at
opportunities: opportunity_id*, account_id*, kind*, stage, amount, created_at*, closed_at, won
crm_feedback: feedback_id*, account_id*, kind*, value, reason, recorded_at*, expires_on, task_key
"""
MUTABLE = {
    "subscriptions": {
        "decision_at": "decision_at", "decision_kind": "decision_at", "effective_on": "effective_on", "reason": "decision_at",
    },
    "users": {"deactivated_at": "deactivated_at", "bounced_at": "bounced_at"},
    "entitlements": {"ends_on": "ends_on"},
    "support_tickets": {c: c for c in ("first_response_at", "closed_at", "escalated_at")},
    "invoices": {
        c: c for c in ("paid_at", "failed_at", "failure_resolved_at", "disputed_at", "dispute_resolved_at")
    },
    "touchpoints": {"opened_at": "opened_at", "responded_at": "responded_at"},
    "milestones": {"due_on": "due_on", "reached_at": "reached_at"},
    "opportunities": {"closed_at": "closed_at", "won": "closed_at"},
}  # fmt: skip
KEYS = {
    "accounts": ("account_id",), "subscriptions": ("subscription_id",), "users": ("user_id",),
    "entitlements": ("account_id", "module", "feature", "starts_on"), "usage_events": ("event_id",),
    "support_tickets": ("ticket_id",), "ticket_messages": ("message_id",), "survey_responses": ("response_id",),
    "invoices": ("invoice_id",), "touchpoints": ("touch_id",), "milestones": ("account_id", "milestone"),
    "opportunities": ("opportunity_id",), "crm_feedback": ("feedback_id",),
    "scores": ("account_id", "as_of"), "drivers": ("account_id", "as_of", "scorer", "indicator"),
    "tasks": ("task_key",), "signals": ("account_id", "signal"), "predictions": ("account_id", "as_of", "scorer"),
}  # fmt: skip


def lines() -> list[tuple[str, list[str]]]:
    return [
        (name, columns.split(", ")) for name, columns in (line.split(": ") for line in INTERFACE.strip().splitlines())
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_a_file_is_odcs_by_its_json_schema_and_its_model(path: Path) -> None:
    schema = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text(encoding="utf-8"))
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert [error.message for error in Draft201909Validator(schema).iter_errors(document)] == []
    assert document["apiVersion"] == "v3.1.0"
    assert document["schema"][0]["name"] == path.stem
    parsed = OpenDataContractStandard.from_file(str(path))
    again = OpenDataContractStandard.from_string(parsed.to_yaml())
    assert again == parsed


def test_the_source_tables_are_those_of_the_interface() -> None:
    assert sorted(source_contracts()) == sorted(name for name, _ in lines())
    assert list(source_contracts())[:2] == ["accounts", "subscriptions"]
    assert {n for n, c in source_contracts().items() if c.presence == "required"} == {"accounts", "subscriptions"}
    assert {n for n, c in source_contracts().items() if c.presence == "activity"} == {
        "usage_events", "support_tickets", "touchpoints",
    }  # fmt: skip


@pytest.mark.parametrize(("name", "columns"), lines(), ids=[name for name, _ in lines()])
def test_a_source_table_has_the_columns_of_the_interface(name: str, columns: list[str]) -> None:
    contract = source_contracts()[name]
    assert [c.name + "*" * c.required for c in contract.columns] == [*columns, "known_at"]
    assert contract.mutable == MUTABLE.get(name, {})
    assert contract.event_time


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_column_and_check_says_what_it_means(path: Path) -> None:
    contract = load_contract(path)
    assert contract.purpose.endswith(".")
    for column in contract.columns:
        assert len(column.description) > 8, column.name
        assert column.description.endswith("."), column.name
    for check in contract.checks:
        assert len(check.says) > 10, check.name
        assert check.says.endswith("."), check.name


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_key_is_what_must_be_unique(path: Path) -> None:
    contract = load_contract(path)
    unique = [check for check in contract.checks if check.is_uniqueness]
    assert contract.key == KEYS[contract.name]
    versions = {VERSION} if contract.name in source_contracts() else set()
    assert [check.subject for check in unique] == [set(contract.key) | versions]
    assert contract.restatable == bool(versions)


def test_core_tables_stop_and_the_others_quarantine_up_to_five_per_cent() -> None:
    tolerated = {"decision_at_not_before_signed_at", "ends_on_not_before_signed_at"}
    for name, contract in source_contracts().items():
        core = name in ("accounts", "subscriptions")
        expected = {c.name: "stop" if core and c.name not in tolerated else "quarantine" for c in contract.checks}
        assert {c.name: c.on_failure for c in contract.checks} == expected, name
        assert contract.stop_above_share == (0.0 if name == "accounts" else 0.05)


def test_every_account_id_is_a_foreign_key() -> None:
    for name, contract in source_contracts().items():
        if name not in ("accounts", "ticket_messages"):
            assert contract.refers_to == {"accounts"}, name
    assert source_contracts()["ticket_messages"].refers_to == {"support_tickets"}


def test_an_unknown_column_check_or_output_is_told_with_the_nearest() -> None:
    users = source_contracts()["users"]
    for call, hint in (
        (lambda: users.column("rolle"), "Did you mean `role`?"),
        (lambda: users.without("role_valdi"), "Did you mean `role_valid`?"),
        (lambda: output_contract("score"), "Did you mean `scores`?"),
    ):
        with pytest.raises(KeyError) as caught:
            call()
        assert hint in str(caught.value)


def edited(tmp_path: Path, edit: Callable[[dict[str, Any]], None]) -> str:
    """What loading says of users.yaml after an edit."""
    document = yaml.safe_load((FOLDER / "source" / "users.yaml").read_text(encoding="utf-8"))
    edit(document)
    path = tmp_path / "users.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(ContractStop) as caught:
        load_contract(path)
    return str(caught.value)


def table(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["schema"][0]
    return found


def column(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(p for p in table(document)["properties"] if p["name"] == name)
    return found


def rule(name: str = "r", **implementation: Any) -> dict[str, Any]:
    full = {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "role"}} | implementation
    return {"name": name, "type": "custom", "engine": "great_expectations", "description": "x", "implementation": full}


EDITS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "type": (lambda d: column(d, "role").update(logicalType="object"), "the type `object` is not known."),
    "option": (lambda d: column(d, "role").update(logicalTypeOptions={"patern": "x"}), "Did you mean `pattern`?"),
    "length": (lambda d: column(d, "role").update(logicalTypeOptions={"maxLength": 3}), "`maxLength` of `role` is not"),
    "metric": (
        lambda d: column(d, "role").update(quality=[{"type": "library", "metric": "nullValues", "mustBe": 0}]),
        "the metric `nullValues` on `role` is not compiled.",
    ),
    "tolerance": (lambda d: column(d, "role")["quality"][0].update(mustBe=3), "Use invalidValues with mustBe: 0"),
    "sql": (
        lambda d: table(d)["quality"].append({"type": "sql", "name": "s", "query": "SELECT 1", "mustBe": 0}),
        "the rule `s` is not compiled.",
    ),
    "severity": (lambda d: table(d)["quality"][0].update(severity="stopp"), "Did you mean `stop`?"),
    "custom": (
        lambda d: d["customProperties"].append({"property": "onFailur", "value": "stop"}),
        "Did you mean `onFailure`?",
    ),
    "presence": (lambda d: d["customProperties"][0].update(value="maybe"), "the presence `maybe` is not known."),
    "known from": (
        lambda d: column(d, "bounced_at")["customProperties"][0].update(value="bounced_on"),
        "`knownFrom` names no column: `bounced_on`. Did you mean `bounced_at`?",
    ),
    "event time": (
        lambda d: d["customProperties"][1].update(value="made_at"),
        "`eventTime` names no column: `made_at`.",
    ),
    "rule's column": (
        lambda d: table(d)["quality"].append(rule(kwargs={"column": "rolle"})),
        "`r` names no column: `rolle`. Did you mean `role`?",
    ),
    "rule's part": (lambda d: table(d)["quality"].append(rule(mostly=0.9)), "parts that are not compiled: mostly."),
    "operator": (
        lambda d: table(d)["quality"].append(rule(when={"column": "role", "operator": "like", "parameter": "x"})),
        "the operator `like` is not known.",
    ),
    "twice": (lambda d: table(d)["quality"].append(rule("unique_key")), "has two checks named `unique_key`."),
    "two tables": (lambda d: d["schema"].append(table(d)), "must describe exactly one table."),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_a_contract_cannot_check_is_refused_at_loading(tmp_path: Path, name: str) -> None:
    edit, told = EDITS[name]
    found = edited(tmp_path, edit)
    assert found.startswith("users.yaml: ")
    assert told in found


def test_a_file_that_is_not_odcs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text("schema: 3", encoding="utf-8")
    with pytest.raises(ContractStop, match=r"x\.yaml: is not a valid ODCS document"):
        load_contract(tmp_path / "x.yaml")


def test_a_pattern_ends_where_the_text_ends() -> None:
    pattern = next(c for c in source_contracts()["accounts"].checks if c.name == "owner_email_pattern")
    assert pattern.kwargs["regex"].endswith(r"\Z")
