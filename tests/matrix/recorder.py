"""A pytest plugin: runs the matrix's tests alone, and writes a line for each: its node, outcome, and what it counted.

Used with `-p tests.matrix.recorder --matrix FILE`. Under xdist only the process that hands out the tests writes.
"""

from __future__ import annotations

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.matrix.faults import chosen, named


def pytest_addoption(parser: pytest.Parser) -> None:
    """Where the lines go."""
    parser.addoption("--matrix", metavar="FILE", help="run the fault matrix's tests and write what they did there")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Only the matrix."""
    names = named()
    others = [item for item in items if not chosen(item.nodeid, names)]
    items[:] = [item for item in items if chosen(item.nodeid, names)]
    config.hook.pytest_deselected(items=others)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """A test is over when it was called, or when its set-up failed or skipped it."""
    if report.when != "call" and report.passed:
        return
    line = {"node": report.nodeid, "outcome": report.outcome, "counts": dict(report.user_properties)}
    _LINES.append(line)


@pytest.hookimpl(wrapper=True)
def pytest_sessionfinish(session: pytest.Session) -> Generator[None, Any, Any]:
    """Write the lines."""
    found = yield
    where = session.config.getoption("--matrix")
    if where and not hasattr(session.config, "workerinput"):
        Path(where).write_text("".join(json.dumps(line) + "\n" for line in _LINES), encoding="utf-8")
    return found


_LINES: list[dict[str, Any]] = []
