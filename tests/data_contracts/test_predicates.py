"""Metrics as SQL: each reads as Great Expectations means it, and what is not known raises before anything is read."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

import duckdb
import pytest

from data_contracts.predicates import condition, literal, matches, rule_of

TYPES = {"n": "BIGINT", "x": "DOUBLE", "s": "VARCHAR", "b": "BOOLEAN", "d": "DATE", "t": "TIMESTAMP", "u": "TIMESTAMP"}


def failing(metric: str, domain: dict[str, Any], value: dict[str, Any], rows: str, column: str) -> list[Any]:
    rule = rule_of(metric, domain, value, TYPES)
    found = duckdb.sql(f"SELECT v FROM (SELECT v, v AS {column} FROM (VALUES {rows}) r(v)) WHERE {rule.fails}")
    return [v for (v,) in found.fetchall()]


def test_limits_count_as_inside_unless_they_are_strict() -> None:
    rows = "(1), (2), (3), (NULL)"
    assert failing("column_values.between", {"column": "n"}, {"min_value": 2.0, "max_value": 2.0}, rows, "n") == [1, 3]
    strict = {"min_value": 1, "strict_min": True, "max_value": 3, "strict_max": True}
    assert failing("column_values.between", {"column": "n"}, strict, rows, "n") == [1, 3]
    assert failing("column_values.between", {"column": "n"}, {"min_value": 1.5}, rows, "n") == [1]


def test_an_empty_value_is_outside_no_set_and_before_no_other() -> None:
    assert failing("column_values.in_set", {"column": "s"}, {"value_set": ["a"]}, "('a'), ('b'), (NULL)", "s") == ["b"]
    pair = {"column_A": "t", "column_B": "u", "ignore_row_if": "either_value_is_missing"}
    rule = rule_of("column_pair_values.a_greater_than_b", pair, {"or_equal": True}, TYPES)
    rows = "(1, 2), (2, 2), (3, 2), (NULL, 2), (1, NULL)"
    assert duckdb.sql(f"SELECT t, u FROM (VALUES {rows}) r(t, u) WHERE {rule.fails}").fetchall() == [(1, 2)]
    assert len(duckdb.sql(f"SELECT t FROM (VALUES {rows}) r(t, u) WHERE {rule.applies}").fetchall()) == 3


@pytest.mark.parametrize(
    ("given", "sql"),
    [
        (None, "TRUE"),
        ({"type": "nullity", "column": {"name": "s"}, "is_null": True}, '"s" IS NULL'),
        (
            {"type": "comparison", "column": {"name": "s"}, "operator": "==", "parameter": "it's"},
            "coalesce(\"s\" = 'it''s', FALSE)",
        ),
        (
            {"type": "comparison", "column": {"name": "n"}, "operator": "in", "parameter": [1, 2]},
            'coalesce(list_contains([1, 2], "n"), FALSE)',
        ),
    ],
)
def test_conditions_never_hold_for_an_empty_value_they_compare(given: Any, sql: str) -> None:
    assert condition(given, TYPES) == sql


@pytest.mark.parametrize(
    ("value", "kind", "sql"),
    [
        (0.5, "BIGINT", "0.5::DOUBLE"),
        (1, "DOUBLE", "1.0::DOUBLE"),
        (True, "BOOLEAN", "TRUE"),
        (date(2024, 1, 2), "DATE", "DATE '2024-01-02'"),
        (datetime.fromisoformat("2024-01-02T12:00"), "DATE", "TIMESTAMP '2024-01-02 12:00:00.000000'"),
        (datetime.fromisoformat("2024-01-02"), "TIMESTAMP", "TIMESTAMP '2024-01-02 00:00:00.000000'"),
    ],
)
def test_a_literal_has_its_column_s_type(value: Any, kind: str, sql: str) -> None:
    assert literal(value, kind) == sql


@pytest.mark.parametrize(
    "unknown",
    [
        lambda: rule_of("column_values.z_score", {"column": "x"}, {}, TYPES),
        lambda: rule_of("column_values.nonnull", {"column": "absent"}, {}, TYPES),
        lambda: rule_of(
            "column_pair_values.a_greater_than_b",
            {"column_A": "t", "column_B": "u", "ignore_row_if": "neither"},
            {},
            TYPES,
        ),
        lambda: rule_of("compound_columns.unique", {"column_list": ["s"], "ignore_row_if": "sometimes"}, {}, TYPES),
        lambda: condition({"type": "or", "conditions": []}, TYPES),
        lambda: condition({"type": "comparison", "column": {"name": "n"}, "operator": "<", "parameter": 1}, TYPES),
        lambda: literal("1", "BIGINT"),
        lambda: literal(1, "VARCHAR"),
        lambda: matches('"s"', r"^\d+\Z"),
        lambda: matches('"s"', r"a$b"),
        lambda: matches('"s"', r"(?=x)"),
    ],
)
def test_what_is_not_known_raises(unknown: Any) -> None:
    with pytest.raises(NotImplementedError):
        unknown()


@pytest.mark.parametrize("pattern", [r"^[^@\s]+@[^@\s]+\Z", r"^a.b\Z", r"x\s?y", r"^(a|b)c*\Z", r"b\Z"])
def test_a_pattern_finds_what_python_finds(pattern: str) -> None:
    texts = [
        "a@b", "a@b\n", "a b@c", "a\xa0@b", "a@b", "a\x1c@b", "axb", "a\nb", "xy", "x\u3000y", "ac", "bcc", "abc", "b\n", "b", "",
    ]  # fmt: skip
    for text in texts:
        found = duckdb.execute(f"SELECT {matches('s', pattern)} FROM (SELECT ? AS s)", [text]).fetchone()
        assert found == (re.search(pattern, text) is not None,), (pattern, text)
