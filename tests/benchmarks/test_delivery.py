"""The benchmark of a large book, on a small one: what it says of the three runs, and the section it writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.delivery.page import section
from benchmarks.delivery.runs import RUNS, Measured, salesforce_runs, sqlite_runs

ROWS = 300
ALL = ROWS + ROWS // 20
MACHINE = {"cpu": "A processor", "cores": 2, "python": "3.11"}


def silent(_: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module", params=["sqlite", "salesforce"])
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Measured]:
    runs = sqlite_runs if request.param == "sqlite" else salesforce_runs
    return list(runs(tmp_path_factory.mktemp("runs"), ROWS, silent))


def test_a_tenth_that_changed_is_sent_alone_and_the_same_run_again_sends_nothing(measured: list[Measured]) -> None:
    assert [(one.staged, one.written, one.arrived, one.wrong) for one in measured] == [
        (ALL, ALL, ALL, 0),
        (ALL, 0, 0, 0),
        (ALL, ROWS // 10, ROWS // 10, 0),
    ]
    calls = [one.calls for one in measured]
    assert calls == [None] * 3 if measured[0].to == "sqlite" else (calls[0] and calls[2] and calls[1] == 0)
    assert all(20 < one.peak_mb < 1_000 and one.cpu > 0 for one in measured)


def test_the_section_says_what_was_missed(measured: list[Measured]) -> None:
    good = [replace(one, wall=10.0, peak_mb=100.0, load=0.5) for one in measured]
    told = section(good, ROWS, MACHINE, "2026-11-30", "the command")
    assert "**missed**" not in told
    assert "idle otherwise" in told
    slow = section([replace(good[0], wall=301.0, load=9.0), *good[1:]], ROWS, MACHINE, "2026-11-30", "the command")
    assert "first run within 300 s: **missed** (301 s)" in slow
    assert "The machine was shared" in slow
    lost = section([*good[:2], replace(good[2], wrong=1)], ROWS, MACHINE, "2026-11-30", "the command")
    assert lost.count("**missed**") == 1
    assert len(good) == len(RUNS)
