"""All indicators, found by looking into the modules that declare them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from data_contracts.contract import Check, Column, Contract
from features.indicator import Declaration, Indicator
from policy.policy import Indicators, Policy, load_policy

CONTEXT = {
    "segment": "string",
    "arr": "number",
    "seats": "number",
    "tenure_days": "integer",
    "term_end_on": "date",
    "known_loss": "boolean",
}


def catalogue(policy: Policy | None = None) -> Mapping[str, Indicator]:
    """Indicator by name, in the order of declaration, with the numbers of this policy (else of the default one)."""
    return _catalogue((policy or _default()).indicators)


@cache
def _default() -> Policy:
    return load_policy()


@cache
def _catalogue(numbers: Indicators) -> Mapping[str, Indicator]:
    from features.indicators import (
        active_people,
        adoption,
        commercial,
        engagement,
        lifecycle,
        payment,
        people,
        sentiment,
        support,
        usage,
    )

    values = numbers.model_dump()
    found: dict[str, Indicator] = {}
    for module in (
        usage,
        active_people,
        adoption,
        support,
        engagement,
        sentiment,
        commercial,
        payment,
        people,
        lifecycle,
    ):
        for name, value in vars(module).items():
            if isinstance(value, Declaration):
                found[name] = value.named(name, values)
    return found


def feature_contract(indicators: Mapping[str, Indicator]) -> Contract:
    """The feature table's contract, generated: one row per account and as_of, every indicator within its range."""
    columns = [
        Column("account_id", "string", "The account.", required=True),
        Column("as_of", "date", "The snapshot.", required=True),
    ]
    checks = [
        Check(
            "account_id_required",
            "account_id",
            "`account_id` is never empty.",
            "expect_column_values_to_not_be_null",
            {"column": "account_id"},
            on_failure="stop",
        ),
        Check(
            "as_of_required",
            "as_of",
            "`as_of` is never empty.",
            "expect_column_values_to_not_be_null",
            {"column": "as_of"},
            on_failure="stop",
        ),
        Check(
            "unique_key",
            None,
            "One row per account_id, as_of.",
            "expect_compound_columns_to_be_unique",
            {"column_list": ["account_id", "as_of"], "ignore_row_if": "any_value_is_missing"},
            on_failure="stop",
        ),
    ]
    for name, indicator in indicators.items():
        columns.append(Column(name, "number", indicator.doc))
        if indicator.low is None and indicator.high is None:
            continue
        bounds = {k: v for k, v in (("min_value", indicator.low), ("max_value", indicator.high)) if v is not None}
        says = f"`{name}` lies between {indicator.low} and {indicator.high}."
        checks.append(
            Check(
                f"{name}_range",
                name,
                says,
                "expect_column_values_to_be_between",
                {"column": name, **bounds},
                on_failure="stop",
            )
        )
    return Contract(
        name="features",
        purpose="One row per account and snapshot, one column per indicator, as known before as_of.",
        presence="required",
        columns=tuple(columns),
        key=("account_id", "as_of"),
        checks=tuple(checks),
        event_time=("as_of",),
        event_time_else=None,
        on_failure="stop",
        stop_above_share=0.0,
    )
