"""How a query that was understood finds its records: through the index where one condition has one, else one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

from tests.crm.salesforce_ids import SHORT, suffix
from tests.crm.salesforce_schema import TEXTS
from tests.crm.salesforce_soql import Condition, Query
from tests.crm.salesforce_store import DELETED, ID, Row, Table

Test = Callable[[Row], bool]


def matches(query: Query, *, deleted: bool = False) -> list[Row]:
    """The records a query finds, in its order.

    Without ORDER BY the platform promises no order; the newest come first here, so that no client leans on one.
    """
    table = query.table
    numbers = _indexed(table, query.where) if query.where else None
    rows: Iterable[Row] = reversed(table.rows) if numbers is None or deleted else (table.rows[n] for n in numbers)
    test = _test(table, query.where) if query.where else None
    found = [row for row in rows if (deleted or not row[DELETED]) and (test is None or test(row))]
    for place, down, last in reversed(query.order):
        found.sort(key=_sorting(table, place, last=last != down), reverse=down)
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]


def _sorting(table: Table, place: int, *, last: bool) -> Callable[[Row], tuple[bool, Any]]:
    text = table.fields[place].kind in TEXTS

    def key(row: Row) -> tuple[bool, Any]:
        value = row[place]
        if value is None:
            return last, ""
        return not last, value.lower() if text else value

    return key


def _indexed(table: Table, where: Condition) -> list[int] | None:
    """The records that one equality of an indexed field leaves to be looked at, the newest first; None for all."""
    if where.op == "and":
        each = [numbers for part in where.parts if (numbers := _indexed(table, part)) is not None]
        return min(each, key=len, default=None)
    if where.op not in ("=", "in"):
        return None
    values = where.value if where.op == "in" else [where.value]
    if where.place == ID:
        found = {table.number(value) for value in values if isinstance(value, str)}
    elif where.place in table.index and None not in values:
        found = set(chain.from_iterable(table.find(where.place, value) for value in values))
    else:
        return None
    return sorted((number for number in found if number is not None), reverse=True)


def _test(table: Table, where: Condition) -> Test:
    if where.op in ("and", "or", "not"):
        tests = [_test(table, part) for part in where.parts]
        if where.op == "not":
            return lambda row: not tests[0](row)
        return (
            (lambda row: all(t(row) for t in tests)) if where.op == "and" else (lambda row: any(t(row) for t in tests))
        )
    place, fold = where.place, _folding(table, where.place)
    if where.op == "like":
        return lambda row: row[place] is not None and where.value.fullmatch(row[place]) is not None
    if where.op in ("in", "not in"):
        wanted = {None if value is None else fold(value) for value in where.value}
        inside = where.op == "in"
        return lambda row: ((None if row[place] is None else fold(row[place])) in wanted) is inside
    value = None if where.value is None else fold(where.value)
    if where.op in ("=", "!="):
        same = where.op == "="
        return lambda row: ((None if row[place] is None else fold(row[place])) == value) is same
    if value is None:
        return lambda row: False
    compare: dict[str, Callable[[Any], bool]] = {
        "<": lambda had: had < value, ">": lambda had: had > value,
        "<=": lambda had: had <= value, ">=": lambda had: had >= value,
    }  # fmt: skip
    return lambda row: row[place] is not None and compare[where.op](fold(row[place]))


def _folding(table: Table, place: int) -> Callable[[Any], Any]:
    f = table.fields[place]
    if f.kind in ("id", "reference"):
        return lambda value: value + suffix(value) if len(value) == SHORT else value
    if f.kind in TEXTS and not f.case_sensitive:
        return str.lower
    return lambda value: value
