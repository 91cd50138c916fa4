"""The search endpoint: late by design, and with the limits that its guide and its document name.

The guide: five requests a second, pages of up to 200, 10,000 results a query, five groups of six filters and 18 in
all, one sort, and new or changed records that appear after a few moments. The document allows six groups: five holds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_associations import NAMES, kind_of
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_store import Record, Store

MOST_PAGE, MOST_RESULTS, MOST_QUERY = 200, 10_000, 3000
MOST_GROUPS, MOST_FILTERS, MOST_IN_ALL = 5, 6, 18


def search(store: Store, call: Call, kind: str) -> tuple[int, dict[str, Any]]:
    body = call.body()
    groups, limit, first = _groups(body), body.get("limit", 10), str(body.get("after") or "0")
    if not isinstance(limit, int) or not 1 <= limit <= MOST_PAGE:
        raise errors.bad(f"limit must be a number from 1 to {MOST_PAGE}.")
    if not first.isdigit() or int(first) + limit > MOST_RESULTS:
        raise errors.bad(f"after must be a number, and a search ends at {MOST_RESULTS} results.")
    query = str(body.get("query") or "").lower()
    if len(query) > MOST_QUERY:
        raise errors.bad(f"query holds more than {MOST_QUERY} characters.")
    then = store.now() - round(store.options.search_lag_seconds * 1000)
    found = []
    for record in store.alive(kind):
        if record.created > then:
            continue
        values = _as_of(record, then)
        hit = any(all(_holds(store, record, values, f) for f in group) for group in groups) if groups else True
        if hit and (not query or any(query in v.lower() for v in values.values())):
            found.append((record, values))
    found = _sorted(found, body.get("sorts") or [])
    at = int(first)
    results = []
    for record, values in found[at : at + limit]:
        told = store.shown(record, body.get("properties") or [])
        told["properties"] = {n: values[n] for n in told["properties"] if n in values}
        results.append(told)
    answer: dict[str, Any] = {"total": len(found), "results": results}
    if at + limit < len(found):
        answer["paging"] = {"next": {"after": str(at + limit)}}
    return 200, answer


def _as_of(record: Record, then: int) -> dict[str, str]:
    """The values as search knows them: those of some moments ago."""
    found = {}
    for name, versions in record.history.items():
        value = next((v for at, v, _ in versions if at <= then), "")
        if value:
            found[name] = value
    return found


def _groups(body: dict[str, Any]) -> list[list[dict[str, Any]]]:
    given = body.get("filterGroups") or []
    if not isinstance(given, list) or not all(
        isinstance(g, dict) and isinstance(g.get("filters"), list) for g in given
    ):
        raise errors.malformed("`filterGroups` must be a list of groups with `filters`")
    groups = [g["filters"] for g in given]
    if len(groups) > MOST_GROUPS or any(len(g) > MOST_FILTERS for g in groups) or sum(map(len, groups)) > MOST_IN_ALL:
        told = f"A search takes {MOST_GROUPS} groups of {MOST_FILTERS} filters, {MOST_IN_ALL} in all."
        raise errors.bad(told)
    return groups


def _number(value: str) -> float | str:
    try:
        return float(value)
    except ValueError:
        return value.lower()


def _order(test: Callable[[Any, Any], bool]) -> Callable[[str, str], bool]:
    def compare(one: str, two: str) -> bool:
        a, b = _number(one), _number(two)
        return test(a, b) if type(a) is type(b) else False

    return compare


TESTS: dict[str, Callable[[str, str], bool]] = {
    "EQ": _order(lambda a, b: a == b),
    "NEQ": _order(lambda a, b: a != b),
    "LT": _order(lambda a, b: a < b),
    "LTE": _order(lambda a, b: a <= b),
    "GT": _order(lambda a, b: a > b),
    "GTE": _order(lambda a, b: a >= b),
    "CONTAINS_TOKEN": lambda a, b: b.strip("*").lower() in a.lower(),
    "NOT_CONTAINS_TOKEN": lambda a, b: b.strip("*").lower() not in a.lower(),
}


def _holds(store: Store, record: Record, values: dict[str, str], one: dict[str, Any]) -> bool:
    name, operator, value = str(one.get("propertyName")), str(one.get("operator")), str(one.get("value", ""))
    wanted = [str(v).lower() for v in one.get("values") or []]
    if name.startswith("associations."):
        kind = kind_of(name.partition(".")[2])
        return any(i in store.linked(record, kind) for i in [value, *wanted])
    if name not in store.definitions[record.kind]:
        raise errors.bad(f"There was a problem with the request: {NAMES[record.kind]} has no property {name}")
    here = values.get(name, "")
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return bool(here) == (operator == "HAS_PROPERTY")
    if operator in ("IN", "NOT_IN"):
        return bool(here) and (here.lower() in wanted) == (operator == "IN")
    if operator == "BETWEEN":
        return bool(here) and TESTS["GTE"](here, value) and TESTS["LTE"](here, str(one.get("highValue", "")))
    if operator not in TESTS:
        raise errors.bad(f"{operator} is not an operator of the search.")
    return bool(here) and TESTS[operator](here, value)


def _sorted(found: list[Any], sorts: list[Any]) -> list[Any]:
    """By one property; without one the oldest come first, as the guide has it."""
    if len(sorts) > 1:
        raise errors.bad("A search takes one sort.")
    if not sorts:
        return sorted(found, key=lambda pair: (pair[0].created, int(pair[0].id)))
    one = sorts[0]
    # The document has strings, the guide objects with a direction: both are taken.
    name = one.get("propertyName", "") if isinstance(one, dict) else str(one).lstrip("-")
    down = one.get("direction") == "DESCENDING" if isinstance(one, dict) else str(one).startswith("-")
    return sorted(found, key=lambda pair: str(pair[1].get(name, "")), reverse=down)
