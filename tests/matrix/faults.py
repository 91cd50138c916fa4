"""The fault matrix as `faults.yaml` has it, and which of its tests a pytest node is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

COUNTERPARTS = {
    "file": "SQLite, files",
    "postgres": "Postgres",
    "tryton": "Tryton",
    "hubspot": "HubSpot",
    "salesforce": "Salesforce",
    "webhook": "webhook",
    "scripted": "scripted",
}
"""Real ones: files, a Postgres and a Tryton server, each started by the tests. Servers on loopback emulate HubSpot,
Salesforce and a receiver. The scripted one answers within the test's process; most of its tests run with the ledger in a file and in Postgres."""
CONTROLS = {
    "file": ("test_kills::test_without_a_key_the_same_kills_double_rows_so_this_test_can_fail",),
    "tryton": ("test_tryton_delivery::test_without_a_key_the_same_faults_do_double_tasks",),
    "hubspot": ("test_hubspot_delivery::test_without_a_key_the_same_faults_do_double_tasks",),
    "salesforce": ("test_salesforce_delivery::test_without_a_key_the_same_faults_do_double_tasks",),
}
"""The same without idempotency keys: there the oracle must find rows doubled."""


@dataclass(frozen=True)
class Fault:
    """A row of the matrix: its number and words, its tests by counterpart, and why a counterpart has none."""

    number: int
    what: str
    tests: Mapping[str, Sequence[str]]
    none: str = ""


@cache
def matrix() -> tuple[Fault, ...]:
    """Every row."""
    text = Path(__file__).with_name("faults.yaml").read_text(encoding="utf-8")
    return tuple(Fault(**row) for row in yaml.safe_load(text))


def named() -> set[str]:
    """Every test that the matrix or its controls name."""
    of_rows = (tests for fault in matrix() for tests in fault.tests.values())
    return {name for tests in (*of_rows, *CONTROLS.values()) for name in tests}


def is_test(name: str, node: str) -> bool:
    """Whether a pytest node is the test of that name.

    >>> node = "tests/crm/test_x.py::test_it_holds[slow-a]"
    >>> [is_test(name, node) for name in ("test_x::test_it_holds", "test_x::test_it_holds[slow]", "test_x::", "y::test_it")]
    [True, True, True, False]
    """
    path, _, rest = node.partition("::")
    function, _, parameters = rest.partition("[")
    module, _, wanted = name.partition("::")
    wanted_function, _, part = wanted.partition("[")
    same = wanted_function in ("", function)
    return Path(path).stem == module and same and part.removesuffix("]") in parameters


def chosen(node: str, names: Iterable[str]) -> bool:
    """Whether a pytest node is one of these tests."""
    return any(is_test(name, node) for name in names)
