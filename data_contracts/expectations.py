"""A contract's checks as a Great Expectations suite. An expectation that does not exist raises; it never passes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

from data_contracts.contract import (
    NOT_BEFORE,
    NOT_NULL,
    UNIQUE,
    UNIQUE_TOGETHER,
    VERSION,
    Check,
    Contract,
    is_marker,
    type_marker,
)
from policy.errors import ContractStop, did_you_mean

CLASS_OF = {
    "expect_column_values_to_be_in_set": "ExpectColumnValuesToBeInSet",
    NOT_NULL: "ExpectColumnValuesToNotBeNull",
    "expect_column_values_to_be_between": "ExpectColumnValuesToBeBetween",
    "expect_column_values_to_match_regex": "ExpectColumnValuesToMatchRegex",
    UNIQUE: "ExpectColumnValuesToBeUnique",
    UNIQUE_TOGETHER: "ExpectCompoundColumnsToBeUnique",
    NOT_BEFORE: "ExpectColumnPairValuesAToBeGreaterThanB",
    "expect_select_column_values_to_be_unique_within_record": "ExpectSelectColumnValuesToBeUniqueWithinRecord",
}


def suite(contract: Contract, *, now: datetime, columns: Collection[str]) -> Any:
    """The suite of the contract's checks, for a batch with these columns.

    A check of a marker is left out where the batch has no such marker: the source's own type already guarantees the
    type, or the table referred to is not there. Any other missing column raises. In a contract, `$now` stands for the
    moment of the run (UTC), `$tomorrow` for a day later, `$time_zones` for the names of the IANA time zones.
    """
    import great_expectations as gx

    found = []
    for check in contract.checks:
        missing = check.columns - set(columns)
        if not missing:
            found.append(_expectation(check, now, columns))
        elif VERSION in missing or not all(is_marker(name) for name in missing):
            name = sorted(missing)[0]
            raise ContractStop(
                f"`{contract.name}` has no column `{name}`, which `{check.name}` needs.",
                where=contract.name,
                cure=did_you_mean(name, columns),
            )
    return gx.ExpectationSuite(name=contract.name, expectations=found)


def _expectation(check: Check, now: datetime, columns: Collection[str]) -> Any:
    from great_expectations import expectations as gxe

    if check.expectation not in CLASS_OF:
        raise ContractStop(
            f"`{check.name}` asks for {check.expectation}, which is not compiled.",
            where="contract",
            cure=did_you_mean(check.expectation, CLASS_OF),
        )
    kwargs = {key: _value(value, check, now) for key, value in check.kwargs.items()}
    conditions = [_condition(part) for part in check.when]
    if check.expectation == NOT_NULL and not conditions and type_marker(str(check.column)) in columns:
        # A value that could not be read is null by now; it is not empty, and its type check says what is wrong.
        conditions = [_condition({"column": type_marker(str(check.column)), "operator": "==", "parameter": True})]
    if conditions:
        kwargs["row_condition"] = reduce(lambda a, b: a & b, conditions)
    return getattr(gxe, CLASS_OF[check.expectation])(**kwargs, description=check.says, meta={"check": check.name})


def _value(value: Any, check: Check, now: datetime) -> Any:
    if not isinstance(value, str) or not value.startswith("$"):
        return value
    if value == "$time_zones":
        from zoneinfo import available_timezones

        return sorted(available_timezones())
    moments = {"$now": now, "$tomorrow": now + timedelta(days=1)}
    if value not in moments:
        raise ContractStop(
            f"`{check.name}` uses `{value}`, which stands for nothing.",
            where="contract",
            cure=did_you_mean(value, [*moments, "$time_zones"]),
        )
    return moments[value]


def _condition(condition: Any) -> Any:
    from great_expectations.expectations.row_conditions import Column

    column, operator = Column(condition["column"]), condition["operator"]
    if operator == "null":
        return column.is_null()
    if operator == "not_null":
        return column.is_not_null()
    return column.is_in(condition["parameter"]) if operator == "in" else column == condition["parameter"]
