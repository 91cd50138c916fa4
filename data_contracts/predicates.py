"""What Great Expectations asks of rows, as DuckDB SQL. What is not known here raises; it never passes.

Written for speed where it was measured: a list lookup beats IN, a full match beats a search, and a literal has its
column's own type, because a cast per row costs ten times the comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Types = Mapping[str, str]
# What `\s` means to Python in text; RE2 knows the ASCII ones only.
SPACES = r"\t\n\x0b\f\r \x1c-\x1f\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"


@dataclass(frozen=True)
class Rule:
    """One map metric: the rows it `applies` to, and those that violate it (`fails`, as a condition on the row).

    Where `key` is given, what fails is another row with the same key: no condition on the row alone tells.
    """

    applies: str
    fails: str
    shows: tuple[str, ...]
    key: tuple[str, ...] = ()


def rule_of(metric: str, domain: Mapping[str, Any], value: Mapping[str, Any], types: Types) -> Rule:
    """The rule that a map metric such as `column_values.between` stands for.

    Raises NotImplementedError for a metric, a condition or an option that has no SQL here.
    """
    where = condition(domain.get("row_condition"), types)
    if "column" in domain:
        name = str(domain["column"])
        return _column_rule(metric, name, value, types, where)
    ignored = domain.get("ignore_row_if")
    if metric == "column_pair_values.a_greater_than_b" and ignored == "either_value_is_missing":
        pair = (str(domain["column_A"]), str(domain["column_B"]))
        a, b = (quoted(_known(name, types)) for name in pair)
        applies = both(where, f"{a} IS NOT NULL AND {b} IS NOT NULL")
        return Rule(applies, both(where, f"{a} {'<' if value.get('or_equal') else '<='} {b}"), pair)
    if metric in ("compound_columns.unique", "select_column_values.unique.within_record"):
        names = tuple(_known(str(name), types) for name in domain["column_list"])
        applies = both(where, _present(names, str(ignored)))
        if metric == "compound_columns.unique":
            return Rule(applies, "FALSE", names, key=names)
        same = [f"{quoted(a)} IS NOT DISTINCT FROM {quoted(b)}" for i, a in enumerate(names) for b in names[i + 1 :]]
        return Rule(applies, both(applies, f"({' OR '.join(same)})"), names)
    raise NotImplementedError(f"the metric `{metric}` (ignore_row_if {ignored}) is not compiled for a scan.")


def _column_rule(metric: str, name: str, value: Mapping[str, Any], types: Types, where: str) -> Rule:
    column = quoted(_known(name, types))
    filled = both(where, f"{column} IS NOT NULL")
    if metric == "column_values.nonnull":
        return Rule(where, both(where, f"{column} IS NULL"), (name,))
    if metric == "column_values.unique":
        return Rule(filled, "FALSE", (name,), key=(name,))
    if metric == "column_values.in_set":
        return Rule(filled, both(where, _outside(column, value["value_set"], types[name])), (name,))
    if metric == "column_values.between":
        return Rule(filled, both(where, _beyond(column, value, types[name])), (name,))
    if metric == "column_values.match_regex":
        return Rule(filled, both(where, f"NOT {matches(column, value['regex'])}"), (name,))
    raise NotImplementedError(f"the metric `{metric}` is not compiled for a scan.")


def condition(given: Any, types: Types) -> str:
    """A row condition as SQL; TRUE where there is none."""
    if not given:
        return "TRUE"
    kind = given.get("type")
    if kind == "and":
        return "(" + " AND ".join(condition(part, types) for part in given["conditions"]) + ")"
    if kind not in ("nullity", "comparison"):
        raise NotImplementedError(f"the row condition {given} is not compiled for a scan.")
    name = _known(str(given["column"]["name"]), types)
    column = quoted(name)
    if kind == "nullity":
        return f"{column} IS {'' if given['is_null'] else 'NOT '}NULL"
    if given["operator"] == "==":
        return f"coalesce({column} = {literal(given['parameter'], types[name])}, FALSE)"
    if given["operator"] == "in":
        values = ", ".join(literal(v, types[name]) for v in given["parameter"])
        return f"coalesce(list_contains([{values}], {column}), FALSE)"
    raise NotImplementedError(f"the row condition {given} is not compiled for a scan.")


def both(a: str, b: str) -> str:
    """Two conditions as one.

    >>> both("TRUE", "x = 1"), both("y", "x = 1")
    ('x = 1', 'y AND x = 1')
    """
    return b if a == "TRUE" else a if b == "TRUE" else f"{a} AND {b}"


def _present(names: Sequence[str], ignored: str) -> str:
    """The rows that have enough of these columns to be judged."""
    if ignored == "never":
        return "TRUE"
    word = {"any_value_is_missing": " AND ", "all_values_are_missing": " OR "}.get(ignored)
    if word is None:
        raise NotImplementedError(f"ignore_row_if {ignored} is not compiled for a scan.")
    return "(" + word.join(f"{quoted(name)} IS NOT NULL" for name in names) + ")"


def _outside(column: str, allowed: Sequence[Any], kind: str) -> str:
    if kind == "BOOLEAN" and list(allowed) == [True]:
        return f"NOT {column}"
    return f"NOT list_contains([{', '.join(literal(v, kind) for v in allowed)}], {column})"


def _beyond(column: str, value: Mapping[str, Any], kind: str) -> str:
    parts = []
    for bound, strict, out in (("min_value", "strict_min", "<"), ("max_value", "strict_max", ">")):
        if value.get(bound) is not None:
            parts.append(f"{column} {out}{'=' if value.get(strict) else ''} {literal(value[bound], kind)}")
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def literal(value: Any, kind: str) -> str:
    """A value as SQL in the type of the column that it is compared to.

    >>> literal(1.0, "BIGINT"), literal("it's", "VARCHAR"), literal(datetime(2024, 1, 1), "DATE")
    ('1', "'it''s'", "DATE '2024-01-01'")
    """
    if kind == "VARCHAR" and isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if kind == "BOOLEAN" and isinstance(value, bool):
        return str(value).upper()
    if kind in ("DATE", "TIMESTAMP") and isinstance(value, date):
        moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001
        if kind == "DATE" and moment == moment.replace(hour=0, minute=0, second=0, microsecond=0):
            return f"DATE '{moment:%Y-%m-%d}'"
        return f"TIMESTAMP '{moment:%Y-%m-%d %H:%M:%S.%f}'"
    if kind in ("BIGINT", "DOUBLE") and isinstance(value, int | float) and not isinstance(value, bool):
        if kind == "BIGINT" and float(value).is_integer():
            return str(int(value))
        return f"{float(value)!r}::DOUBLE"
    raise NotImplementedError(f"{value!r} is no literal for a column of type {kind}.")


PARTS = re.compile(r"\\s|\\[.@+\-()]|\[\^?|\]|[\w@+*?|() :,-]|\.")


def matches(column: str, pattern: str) -> str:
    r"""Whether text holds a Python pattern, in RE2.

    `\s` is spelled out, a whole match is asked for where the pattern spans the text, and what the two dialects might
    read differently is refused.

    >>> matches('"x"', r"^a+\Z")
    'regexp_full_match("x", \'a+\')'
    """
    starts, ends = pattern.startswith("^"), pattern.endswith(r"\Z")
    body = pattern.removeprefix("^").removesuffix(r"\Z")
    translated, inside, at = [], False, 0
    while at < len(body):
        part = PARTS.match(body, at)
        if part is None:
            raise NotImplementedError(f"the pattern {pattern} is not compiled for a scan: {body[at:]}")
        text = part.group()
        if text.startswith("[") and not inside:
            inside = True
        elif text == "]":
            inside = False
        elif text == r"\s":
            text = SPACES if inside else f"[{SPACES}]"
        elif text == "." and not inside:
            text = r"[^\n]"
        translated.append(text)
        at = part.end()
    found = "".join(translated)
    if starts and ends and "|" not in body:
        return f"regexp_full_match({column}, {literal(found, 'VARCHAR')})"
    whole = ("^" if starts else "") + found + (r"\z" if ends else "")
    return f"regexp_matches({column}, {literal(whole, 'VARCHAR')})"


def quoted(name: str) -> str:
    """A column's name as SQL.

    >>> quoted('count')
    '"count"'
    """
    return '"' + name.replace('"', '""') + '"'


def _known(name: str, types: Types) -> str:
    if name not in types:
        raise NotImplementedError(f"there is no column `{name}` to scan.")
    return name
