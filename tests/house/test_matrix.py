"""The fault matrix names tests that exist, and tells failures for what they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.__main__ import PLACES
from tests.matrix.faults import COUNTERPARTS, Fault, is_test, matrix, named
from tests.matrix.page import failed, section

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def nodes() -> list[str]:
    command = [sys.executable, "-m", "pytest", *PLACES, "--collect-only", "-q"]
    plain = ["-o", "addopts=--import-mode=importlib"]
    told = subprocess.run([*command, *plain], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300).stdout
    return [line for line in told.splitlines() if "::" in line]


def done(name: str, **counts: int) -> dict[str, Any]:
    module, _, rest = name.partition("::")
    return {"node": f"tests/{module}.py::{rest}", "outcome": "passed", "counts": counts}


def test_every_test_that_the_matrix_names_exists(nodes: list[str]) -> None:
    assert {name for name in named() if not any(is_test(name, node) for node in nodes)} == set()


def test_every_row_of_the_matrix_has_its_number_and_known_counterparts() -> None:
    assert [fault.number for fault in matrix()] == [n for n in range(1, 22) if n != 19]
    assert {where for fault in matrix() for where in fault.tests} == set(COUNTERPARTS)


def test_a_row_without_all_counterparts_says_why() -> None:
    silent = [f.number for f in matrix() if not f.none and {"file", "postgres"} - f.tests.keys() and len(f.tests) < 4]
    assert silent == []


def test_the_table_counts_tests_and_kills_and_names_what_failed_or_did_not_run() -> None:
    lines = [done(name, kills=20) for name in sorted(named())]
    assert failed(lines) == []
    first: Fault = matrix()[0]
    shown = next(line for line in section(lines).splitlines() if line.startswith("| 1 |"))
    assert shown.split(" | ")[2] == f"{len(first.tests['file'])}, {20 * len(first.tests['file'])} kills"
    assert len(shown.split(" | ")) == 2 + len(COUNTERPARTS)
    lines[0]["outcome"] = "failed"
    assert failed(lines) == [f"failed: {lines[0]['node']}"]
    assert any(line.startswith("not run: ") for line in failed(lines[1:]))
    assert "**1 failed**" in section(lines)
