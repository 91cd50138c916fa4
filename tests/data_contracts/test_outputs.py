"""The output tables: columns to the letter of the interface, and each rule catches its own bad row."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest

from data_contracts.contract import output_contract
from data_contracts.validate import ROW, Findings, Validator
from policy.errors import ContractStop
from tests.data_contracts.rows import NOW

COLUMNS = {
    "scores": "account_id, as_of, run_id, model_version, policy_version, scorer, churn_probability, "
    "lightgbm_probability, horizon_days, gap_days, risk_tier, health_score, health_tier, coverage, usage_score, "
    "engagement_score, sentiment_score, commercial_score, arr, evidence, reason_1, reason_2, reason_3, play, "
    "published_at, expires_on",
    "drivers": "account_id, as_of, scorer, group, indicator, value, contribution",
    "tasks": "task_key, account_id, as_of, run_id, play, step, subject, body, owner_id, due_at, priority",
    "predictions": "account_id, as_of, scorer, probability, label",
    "signals": "account_id, as_of, run_date, signal, name, kind, status, episode_key, episode_started_on, last_caused_on, "
    "is_new, stage, sentence, play, confirmatory",
}
AS_OF = date(2025, 11, 3)
CLEAN: dict[str, dict[str, Any]] = {
    "scores": {
        "account_id": "a1", "as_of": AS_OF, "run_id": "r", "model_version": "3", "policy_version": "2026.1",
        "scorer": "ensemble", "churn_probability": 0.2, "lightgbm_probability": 0.25, "horizon_days": 90, "gap_days": 14,
        "risk_tier": "medium", "health_score": 61.5, "health_tier": "yellow", "coverage": 0.9, "usage_score": 50.0,
        "engagement_score": 70.0, "sentiment_score": 40.0, "commercial_score": 100.0, "arr": 12000.0,
        "evidence": "normal", "reason_1": "a", "reason_2": "b", "reason_3": "c", "play": "adoption",
        "published_at": datetime.fromisoformat("2025-11-03 06:00"), "expires_on": date(2025, 11, 17),
    },
    "drivers": {
        "account_id": "a1", "as_of": AS_OF, "scorer": "ensemble", "group": "usage", "indicator": "login_change_28d",
        "value": -0.4, "contribution": 6.25,
    },
    "tasks": {
        "task_key": "a1|adoption:assess|2025-W45", "account_id": "a1", "as_of": AS_OF, "run_id": "r", "play": "adoption",
        "step": "assess", "subject": "Assess", "body": "What the data show", "owner_id": "o1",
        "due_at": datetime.fromisoformat("2025-11-04 06:00"), "priority": "high",
    },
    "predictions": {"account_id": "a1", "as_of": AS_OF, "scorer": "lightgbm", "probability": 0.1, "label": 0},
    "signals": {
        "account_id": "a1", "as_of": AS_OF, "run_date": AS_OF, "signal": "W6", "name": "renewal", "kind": "warning",
        "status": "open", "episode_key": "a1|W6|2025-10-06", "episode_started_on": date(2025, 10, 6),
        "last_caused_on": AS_OF, "is_new": False, "stage": 60, "sentence": "The term ends in 59 days.",
        "play": "renewal", "confirmatory": True,
    },
}  # fmt: skip
OPTIONAL = {
    "scores": "model_version churn_probability lightgbm_probability risk_tier reason_1 reason_2 reason_3 play arr "
    "health_score usage_score engagement_score sentiment_score commercial_score",
    "drivers": "value",
    "tasks": "owner_id",
    "predictions": "probability",
    "signals": "stage play",
}
SHARES, POINTS = "churn_probability lightgbm_probability coverage", "health_score usage_score engagement_score"
BAD: dict[str, dict[str, dict[str, Any]]] = {
    "scores": {
        **{
            f"{c}_minimum": {c: -0.01}
            for c in (SHARES + " " + POINTS + " sentiment_score commercial_score arr").split()
        },
        **{f"{c}_maximum": {c: 1.01} for c in SHARES.split()},
        **{f"{c}_maximum": {c: 100.01} for c in (POINTS + " sentiment_score commercial_score").split()},
        "horizon_days_minimum": {"horizon_days": 0},
        "gap_days_minimum": {"gap_days": -1},
        "scorer_valid": {"scorer": "oracle"},
        "risk_tier_valid": {"risk_tier": "huge"},
        "health_tier_valid": {"health_tier": "blue"},
        "evidence_valid": {"evidence": "some"},
        "risk_tier_needs_churn_probability": {"churn_probability": None},
        "churn_probability_needs_risk_tier": {"risk_tier": None},
        "churn_probability_needs_model_version": {"model_version": None},
        "health_tier_needs_health_score": {"health_score": None},
        "reason_2_needs_reason_1": {"reason_1": None},
        "reason_3_needs_reason_2": {"reason_2": None},
        "expires_on_after_as_of": {"expires_on": AS_OF},
    },
    "drivers": {
        "scorer_valid": {"scorer": "oracle"},
        "contribution_minimum": {"contribution": -100.5},
        "contribution_maximum": {"contribution": 100.5},
    },
    "tasks": {
        "priority_valid": {"priority": "asap"},
        "due_at_not_before_as_of": {"due_at": datetime.fromisoformat("2025-11-02 23:00")},
    },
    "predictions": {
        "scorer_valid": {"scorer": "oracle"},
        "probability_minimum": {"probability": -0.01},
        "probability_maximum": {"probability": 1.01},
        "label_valid": {"label": 2},
    },
    "signals": {
        "signal_valid": {"signal": "W8"},
        "kind_valid": {"kind": "news"},
        "status_valid": {"status": "on"},
        "stage_minimum": {"stage": -1},
        "run_date_not_after_as_of": {"run_date": date(2025, 11, 4)},
        "last_caused_on_not_before_episode_started_on": {"episode_started_on": date(2025, 11, 4)},
        "run_date_not_before_last_caused_on": {"last_caused_on": date(2025, 11, 4)},
    },
}
KEYS = {
    "scores": "account_id",
    "drivers": "indicator",
    "tasks": "task_key",
    "predictions": "account_id",
    "signals": "account_id",
}
for _name, _cases in BAD.items():
    _cases |= {f"{c}_required": {c: None} for c in CLEAN[_name] if c not in OPTIONAL[_name].split()}
    _cases["unique_key"] = {}
CASES = [(name, check) for name, cases in BAD.items() for check in cases]
VALIDATOR: list[Validator] = []


def found(name: str, *, without: str | None = None) -> Findings:
    """The findings of a frame with a clean row and one bad row per check; the row of `unique_key` comes twice."""
    rows = [CLEAN[name]]
    for check, change in BAD[name].items():
        key = KEYS[name]
        rows += [CLEAN[name] | {key: f"{CLEAN[name][key]}-{check}"} | change] * (2 if check == "unique_key" else 1)
    contract = output_contract(name)
    frame = pd.DataFrame(rows)
    integers = [c.name for c in contract.columns if c.type == "integer"]
    frame = frame.astype(dict.fromkeys(integers, "Int64")).assign(**{ROW: range(len(rows))})
    VALIDATOR or VALIDATOR.append(Validator())
    return VALIDATOR[0].findings(frame, contract.without(without) if without else contract, now=NOW)


@pytest.fixture(scope="module")
def findings() -> dict[str, Findings]:
    return {name: found(name) for name in COLUMNS}


@pytest.mark.parametrize("name", COLUMNS)
def test_the_columns_are_those_of_the_interface(name: str) -> None:
    contract = output_contract(name)
    assert contract.column_names == COLUMNS[name].split(", ")
    assert {c.name for c in contract.columns if not c.required} == set(OPTIONAL[name].split())
    assert all(check.on_failure == "stop" for check in contract.checks)


@pytest.mark.parametrize("name", COLUMNS)
def test_every_rule_has_its_bad_row(name: str) -> None:
    rules = {check.name for check in output_contract(name).checks if not check.name.endswith("_type")}
    assert set(BAD[name]) == rules


@pytest.mark.parametrize(("name", "check"), CASES)
def test_a_bad_row_is_caught_by_its_rule_and_no_other(name: str, check: str, findings: dict[str, Findings]) -> None:
    number = 1 + list(BAD[name]).index(check) + (check == "unique_key")
    assert findings[name].reasons[number] == (check,)
    assert len(findings[name].reasons) == len(BAD[name])
    assert {f.check.name: f.rows for f in findings[name].stopping}[check] == 1


@pytest.mark.parametrize("name", COLUMNS)
def test_a_run_without_a_model_or_without_any_row_holds(name: str) -> None:
    contract = output_contract(name)
    sparse = pd.DataFrame([CLEAN[name] | dict.fromkeys(OPTIONAL[name].split())])
    if name == "scores":
        sparse["health_tier"] = "unrated"
    for frame in (sparse, sparse.iloc[:0]):
        assert Validator().findings(frame.assign(**{ROW: range(len(frame))}), contract, now=NOW).failed == ()


@pytest.mark.parametrize(("name", "column"), [("scores", "reason_3"), ("tasks", "owner_id"), ("predictions", "label")])
def test_a_column_that_is_not_written_is_refused(name: str, column: str) -> None:
    frame = pd.DataFrame([CLEAN[name]]).drop(columns=column).assign(**{ROW: [0]})
    with pytest.raises(ContractStop, match=f"`{name}` has no column `{column}`"):
        Validator().findings(frame, output_contract(name), now=NOW)


def test_a_score_that_is_not_finite_is_refused() -> None:
    frame = pd.DataFrame([CLEAN["drivers"] | {"value": float("inf")}]).assign(**{ROW: [0]})
    assert Validator().findings(frame, output_contract("drivers"), now=NOW).reasons == {0: ("value_type",)}


def test_without_its_rule_a_bad_row_passes_unnoticed() -> None:
    for check in ("label_valid", "probability_maximum", "unique_key", "account_id_required"):
        number = 1 + list(BAD["predictions"]).index(check)
        assert not {number, number + 1} & set(found("predictions", without=check).reasons) - {
            n + 1 + (other == "unique_key") for n, other in enumerate(BAD["predictions"]) if other != check
        }
    assert replace(output_contract("predictions"), checks=()).checks == ()
