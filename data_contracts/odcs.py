"""An Open Data Contract Standard file as a Contract. What this module cannot compile raises; it never passes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from data_contracts.contract import (
    KNOWN_AT,
    NOT_NULL,
    TYPES,
    UNIQUE,
    UNIQUE_TOGETHER,
    VERSION,
    Check,
    Column,
    Contract,
    Limits,
    OnFailure,
    is_marker,
    reference_marker,
    type_marker,
)
from policy.errors import ContractStop, did_you_mean

IN_SET = "expect_column_values_to_be_in_set"
BETWEEN = "expect_column_values_to_be_between"
OPERATORS = ("==", "in", "null", "not_null")
OF_CONTRACT = (
    *("presence", "eventTime", "eventTimeElse", "onFailure", "stopAboveShare"),
    *("rowsMayFall", "rowsMustNotFall", "rowsMayGrow", "quietGaps"),
)
OF_COLUMN = ("knownFrom", "onFailure")
READS_AS: Mapping[str, str] = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "timestamp": "a date and time",
}


def read(path: Path) -> Contract:
    """The contract in the file at `path`."""
    from open_data_contract_standard.model import OpenDataContractStandard

    try:
        document = OpenDataContractStandard.from_file(str(path))
    except Exception as exc:
        raise ContractStop(
            f"is not a valid ODCS document: {exc}", where=path.name, cure="Mend the YAML; see data_contracts/source."
        ) from exc
    try:
        return from_odcs(document)
    except ContractStop as stop:
        raise ContractStop(stop.message, where=path.name, cure=stop.cure) from stop


def from_odcs(document: Any) -> Contract:
    """The contract an ODCS document describes.

    Every property of the document that would change what is checked is either compiled or refused.
    """
    custom = _properties(document, OF_CONTRACT)
    if len(document.schema_ or []) != 1:
        raise ContractStop("must describe exactly one table.", cure="Write one file per table.")
    schema = document.schema_[0]
    on_failure = _severity(custom.get("onFailure", "quarantine"))
    columns: list[Column] = []
    checks: list[Check] = []
    key: dict[int, str] = {}
    for prop in schema.properties:
        own = _properties(prop, OF_COLUMN)
        columns.append(
            Column(
                name=prop.name,
                type=_one_of("type", prop.logicalType, TYPES),
                description=prop.description or "",
                required=bool(prop.required),
                known_from=own.get("knownFrom"),
            )
        )
        if prop.primaryKey:
            key[prop.primaryKeyPosition or len(key) + 1] = prop.name
        checks += _column_checks(prop, _severity(own.get("onFailure", on_failure)))
    optional = {column.name for column in columns if not column.required}
    checks += [_table_check(quality, on_failure, optional) for quality in schema.quality or []]
    event = custom.get("eventTime") or []
    contract = Contract(
        name=schema.name,
        purpose=document.description.purpose if document.description else "",
        presence=cast(Any, _one_of("presence", custom.get("presence", "optional"), _PRESENCE)),
        columns=tuple(columns),
        key=tuple(key[i] for i in sorted(key)),
        checks=tuple(checks),
        event_time=tuple([event] if isinstance(event, str) else event),
        event_time_else=custom.get("eventTimeElse"),
        on_failure=on_failure,
        stop_above_share=float(custom.get("stopAboveShare", 0.0)),
        limits=_limits(document, custom, schema.name),
    )
    _consistent(contract)
    return contract


def _limits(document: Any, custom: Mapping[str, Any], table: str) -> Limits:
    """Freshness (`slaProperties`: latency in days of one column) and volume (custom properties)."""
    column = days = None
    for promise in document.slaProperties or []:
        name, _, column = str(promise.element).partition(".")
        if promise.property != "latency" or promise.unit != "d" or name != table or days is not None:
            raise ContractStop(
                f"the service level `{promise.property}` of `{promise.element}` is not compiled.",
                cure=f"Give one latency, in days (unit: d), of {table}.COLUMN.",
            )
        days = float(promise.value)
    named = {"may_fall": "rowsMayFall", "must_not_fall": "rowsMustNotFall", "may_grow": "rowsMayGrow"}
    given = {field: float(custom[name]) for field, name in named.items() if name in custom}
    return Limits(column, days, float(custom.get("quietGaps", 0.0)), **given)


_PRESENCE = ("required", "activity", "optional")


def _column_checks(prop: Any, on_failure: OnFailure) -> list[Check]:
    """The checks a column's own declaration implies: type, not null, range, pattern, valid values, foreign key."""
    name, found = prop.name, []

    def add(rule: str, says: str, expectation: str, references: str | None = None, **kwargs: Any) -> None:
        kwargs = {"column": name, **kwargs}
        found.append(
            Check(f"{name}_{rule}", name, says, expectation, kwargs, on_failure=on_failure, references=references)
        )

    if prop.logicalType in READS_AS:
        says = f"`{name}` reads as {READS_AS[prop.logicalType]}."
        add("type", says, IN_SET, column=type_marker(name), value_set=[True])
    if prop.required:
        add("required", f"`{name}` is never empty.", NOT_NULL)
    options = dict(prop.logicalTypeOptions or {})
    for rule, word, bound in (("minimum", "at least", "min_value"), ("maximum", "at most", "max_value")):
        if rule in options:
            limit = options.pop(rule)
            add(rule, f"`{name}` is {word} {limit}.", BETWEEN, **{bound: _typed(limit, prop.logicalType)})
    if "pattern" in options:
        pattern = options.pop("pattern")
        # Python's `$` also accepts a trailing newline; `\Z` does not.
        regex = pattern[:-1] + r"\Z" if pattern.endswith("$") and not pattern.endswith(r"\$") else pattern
        add("pattern", f"`{name}` looks like {pattern}.", "expect_column_values_to_match_regex", regex=regex)
    for left in options:
        raise ContractStop(
            f"the option `{left}` of `{name}` is not compiled.",
            cure=did_you_mean(left, ["minimum", "maximum", "pattern"]),
        )
    for relation in prop.relationships or []:
        to = str(relation.to)
        add("known", f"`{name}` is known in {to}.", IN_SET, to, column=reference_marker(name), value_set=[True])
    for quality in prop.quality or []:
        if quality.type != "library" or quality.metric != "invalidValues" or quality.mustBe != 0:
            raise ContractStop(
                f"the metric `{quality.metric}` on `{name}` is not compiled.",
                cure="Use invalidValues with mustBe: 0, or a custom great_expectations rule of the table.",
            )
        values = list(quality.arguments["validValues"])
        add("valid", f"`{name}` is one of {', '.join(map(str, values))}.", IN_SET, value_set=values)
    return found


def _table_check(quality: Any, contract_severity: OnFailure, optional: set[str]) -> Check:
    """A rule across rows or columns: no duplicates, or an expectation spelled out."""
    severity = _severity(quality.severity or contract_severity)
    name, says = quality.name, quality.description
    if quality.type == "library" and quality.metric == "duplicateValues" and quality.mustBe == 0:
        key = list(quality.arguments["properties"])
        if KNOWN_AT in key:
            return _one_row_a_version(quality, [c for c in key if c != KNOWN_AT], optional, severity)
        if len(key) == 1:
            return Check(name, key[0], says, UNIQUE, {"column": key[0]}, on_failure=severity)
        # Two rows that both lack an optional part of the key are copies; a row without a required part fails there.
        blank = "all_values_are_missing" if optional & set(key) else "any_value_is_missing"
        kwargs: dict[str, Any] = {"column_list": key, "ignore_row_if": blank}
        return Check(name, None, says, UNIQUE_TOGETHER, kwargs, on_failure=severity)
    if quality.type == "custom" and quality.engine == "great_expectations":
        rule = dict(quality.implementation)
        kwargs = rule.pop("kwargs")
        column = kwargs.get("column") or kwargs.get("column_A")
        when = rule.pop("when", None) or []
        conditions = tuple([when] if isinstance(when, Mapping) else when)
        expectation = rule.pop("type")
        if rule:
            raise ContractStop(
                f"the rule `{name}` has parts that are not compiled: {', '.join(rule)}.", cure="Drop them."
            )
        return Check(name, column, says, expectation, kwargs, when=conditions, on_failure=severity)
    raise ContractStop(
        f"the rule `{name}` is not compiled.",
        cure="Use duplicateValues with mustBe: 0, or a custom great_expectations rule.",
    )


def _one_row_a_version(quality: Any, key: list[str], optional: set[str], severity: OnFailure) -> Check:
    """No two rows share a key and the moment they became known; a row without its key is judged by other checks."""
    filled = key if len(key) == 1 else [column for column in key if column not in optional]
    kwargs: dict[str, Any] = {"column_list": [*key, VERSION], "ignore_row_if": "never"}
    when = tuple({"column": column, "operator": "not_null"} for column in filled)
    column = key[0] if len(key) == 1 else None
    return Check(quality.name, column, quality.description, UNIQUE_TOGETHER, kwargs, when=when, on_failure=severity)


def _consistent(contract: Contract) -> None:
    """Every column that the contract speaks of exists, and check names are unique."""
    known = set(contract.column_names)
    spoken: list[tuple[str, Iterable[str]]] = [
        ("eventTime", [*contract.event_time, *filter(None, [contract.event_time_else])]),
        ("knownFrom", contract.mutable.values()),
        ("slaProperties", filter(None, [contract.limits.latency_of])),
    ]
    spoken += [(check.name, (c for c in check.columns if not is_marker(c))) for check in contract.checks]
    for where, columns in spoken:
        for column in columns:
            if column not in known:
                raise ContractStop(f"`{where}` names no column: `{column}`.", cure=did_you_mean(column, known))
    names = [check.name for check in contract.checks]
    for name in names:
        if names.count(name) > 1:
            raise ContractStop(f"has two checks named `{name}`.", cure="Rename one of them.")
    for check in contract.checks:
        for condition in check.when:
            _one_of("operator", condition["operator"], OPERATORS)


def _properties(node: Any, known: Collection[str]) -> dict[str, Any]:
    return {_one_of("custom property", p.property, known): p.value for p in node.customProperties or []}


def _severity(value: str) -> OnFailure:
    return cast(OnFailure, _one_of("severity", value, ("stop", "quarantine")))


def _one_of(what: str, value: Any, known: Collection[str]) -> Any:
    if value not in known:
        raise ContractStop(f"the {what} `{value}` is not known.", cure=did_you_mean(str(value), known))
    return value


def _typed(limit: Any, logical_type: str) -> Any:
    """A limit in its column's type: dates stand in YAML as text."""
    if logical_type not in ("date", "timestamp"):
        return limit
    return datetime.fromisoformat(str(limit))
