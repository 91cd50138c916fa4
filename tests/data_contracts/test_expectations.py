"""Contracts as Great Expectations suites: `$now` and its kin stand for values, and nothing unknown ever passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pandas as pd
import pytest

from data_contracts.contract import Check, Column, Contract
from data_contracts.expectations import suite
from data_contracts.validate import ROW, Validator
from policy.errors import ContractStop
from tests.data_contracts.rows import NOW


def contract(*checks: Check, columns: tuple[Column, ...] = ()) -> Contract:
    return Contract("t", "", "optional", columns, (), checks, (), None, "quarantine", 0.05)


def check(expectation: str = "expect_column_values_to_be_between", **kwargs: Any) -> Check:
    return Check("rule", "x", "`x` is right.", expectation, {"column": "x", **kwargs})


def compiled(one: Check, *columns: str) -> Any:
    return suite(contract(one), now=NOW, columns={"x", *columns}).expectations


@pytest.mark.parametrize(("token", "moment"), [("$now", NOW), ("$tomorrow", NOW + timedelta(days=1))])
def test_now_and_tomorrow_stand_for_the_moment_of_the_run(token: str, moment: datetime) -> None:
    assert compiled(check(max_value=token))[0].max_value == moment


def test_time_zones_stand_for_the_names_of_all_of_them() -> None:
    zones = compiled(check("expect_column_values_to_be_in_set", value_set="$time_zones"))[0].value_set
    assert {"Europe/Berlin", "UTC", "America/Argentina/Buenos_Aires"} <= set(zones)


def test_a_check_brings_its_sentence_and_its_name() -> None:
    found = compiled(check(min_value=1))[0]
    assert (found.description, found.meta) == ("`x` is right.", {"check": "rule"})


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (check("expect_column_values_to_be_beetween"), "Did you mean `expect_column_values_to_be_between`?"),
        (check("expect_column_mean_to_be_between"), "which is not compiled."),
        (check(max_value="$tomorow"), "Did you mean `$tomorrow`?"),
    ],
)
def test_an_unknown_expectation_or_token_raises(broken: Check, told: str) -> None:
    with pytest.raises(ContractStop) as caught:
        compiled(broken)
    assert "`rule`" in str(caught.value)
    assert told in str(caught.value)


def test_a_missing_column_raises_and_a_missing_marker_does_not() -> None:
    elsewhere = contract(replace(check(), kwargs={"column": "y"}))
    with pytest.raises(ContractStop, match="has no column `y`, which `rule` needs"):
        suite(elsewhere, now=NOW, columns={"x"})
    marker = replace(check("expect_column_values_to_be_in_set", value_set=[True]), kwargs={"column": "x__reads"})
    assert suite(contract(marker), now=NOW, columns={"x"}).expectations == []


def test_a_moment_with_a_zone_is_compared_in_utc() -> None:
    late = check(max_value="$now", strict_max=True)
    frame = pd.DataFrame({"x": [datetime.fromisoformat("2026-01-01 11:30")], ROW: [0]})
    told = contract(late, columns=(Column("x", "timestamp", ""),))
    utc, east = datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    assert Validator().findings(frame, told, now=utc).failed == ()
    assert len(Validator().findings(frame, told, now=east).failed) == 1


def test_an_expectation_that_breaks_is_a_bug_and_no_verdict() -> None:
    frame = pd.DataFrame({"x": ["text", "1"], ROW: [0, 1]})
    with pytest.raises(RuntimeError, match=r"t\.rule"):
        Validator().findings(frame, contract(check(min_value=1)), now=NOW)


@pytest.mark.parametrize(
    ("conditions", "failing"),
    [
        ((), [0, 1, 2, 3]),
        (({"column": "k", "operator": "==", "parameter": "a"},), [0, 1]),
        (({"column": "k", "operator": "in", "parameter": ["a", "b"]},), [0, 1, 2]),
        (({"column": "k", "operator": "null"},), [3]),
        (({"column": "k", "operator": "not_null"},), [0, 1, 2]),
        (({"column": "k", "operator": "==", "parameter": "a"}, {"column": "s", "operator": "null"}), [1]),
    ],
)
def test_a_rule_holds_only_where_all_its_conditions_do(
    conditions: tuple[dict[str, Any], ...], failing: list[int]
) -> None:
    frame = pd.DataFrame({"x": [9.0] * 4, "k": ["a", "a", "b", None], "s": [1.0, None, None, None], ROW: range(4)})
    found = Validator().findings(frame, contract(replace(check(max_value=5), when=conditions)), now=NOW)
    assert list(found.reasons) == failing
