"""Deliveries to HubSpot that are killed again and again, at every point and at random, with requests still under way."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from serving.writeback.delivery import POINTS
from tests.crm.hubspot_company import ACCOUNTS, TASKS, WRITES, book, doubled, missing_or_wrong, opened
from tests.crm.hubspot_oracle import Emulator

ROOT, KILLS = Path(__file__).parents[2], 20
ONCE_A_LIFE = POINTS[:2]
Note = Callable[[str, object], None]
pytestmark = pytest.mark.slow


def life(hub: Emulator, ledger: Path, as_of: str, *when: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.crm.one_hubspot_delivery", hub.url, str(ledger), as_of, *when]
    variables = {**os.environ, "HUBSPOT_TOKEN": hub.token, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True)


def weeks() -> Iterator[str]:
    """Mondays: a week's book that is through before there were kills enough is followed by the next one."""
    return ((date(2025, 1, 6) + timedelta(weeks=number)).isoformat() for number in range(50))


def judge(hub: Emulator, done: list[str]) -> None:
    """The last week's scores and every week's tasks."""
    time.sleep(1.6)  # HubSpot may still be at work for a life that ended.
    rows = [row for as_of in done for row in book(as_of) if row.kind == "task" or as_of == done[-1]]
    assert missing_or_wrong(hub, rows) == []
    assert (doubled(hub), len(hub.records("tasks")), len(hub.records())) == ({}, TASKS * len(done), ACCOUNTS)
    assert hub.violations() == []


def whole(ended: str) -> bool:
    told = json.loads(ended)
    return (told["deferred"], told["rejected"]) == (0, 0)


@pytest.mark.parametrize("tasks", ["on", "off"])
@pytest.mark.parametrize("point", POINTS)
def test_a_delivery_killed_at_a_point_loses_nothing_and_doubles_nothing(
    point: str, tasks: str, hub: Emulator, ledger: Path, record_property: Note
) -> None:
    opened(hub, tasks)
    draw, killed, done = random.Random(f"{point}{tasks}"), 0, list[str]()
    for as_of in weeks():
        ended = ""
        while not ended:
            when = [point, "1" if point in ONCE_A_LIFE else str(draw.randint(1, 3))] if killed < KILLS else []
            with life(hub, ledger, as_of, *when) as process:
                ended = process.communicate(timeout=120)[0]
            killed += process.returncode == -9
            assert process.returncode in (0, -9)
        assert whole(ended)
        done.append(as_of)
        if killed >= KILLS:
            break
    record_property("kills", killed)
    assert killed == KILLS
    judge(hub, done)


@pytest.mark.parametrize("tasks", ["on", "off", "silent"])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_delivery_killed_at_random_moments_loses_nothing_and_doubles_nothing(
    seed: int, tasks: str, hub: Emulator, ledger: Path, record_property: Note
) -> None:
    opened(hub, tasks)
    # A create that goes on for longer than a new life needs to look for its task.
    hub.faults(
        {"delay": 1.5, "path": "tasks/batch/create", "probability": 0.6, "seed": seed, "count": 8},
        {"drop": "after", "path": WRITES, "probability": 0.2, "seed": seed, "count": 10},
    )
    draw, killed, done = random.Random(seed), 0, list[str]()
    for as_of in weeks():
        ended = ""
        while not ended:
            seen = len(hub.log())
            with life(hub, ledger, as_of) as process:
                # Starting takes longer than the rest: the time of a life counts from its first questions.
                while process.poll() is None and len(hub.log()) < seen + 4:
                    time.sleep(0.02)
                try:
                    # Short lives die among the scores, long ones while tasks are made: after 2.5 s where keys are plain.
                    long = draw.uniform(0, 0.4) if tasks == "on" or killed < 8 else draw.uniform(2.2, 3.6)
                    ended = process.communicate(timeout=long if killed < KILLS else 120)[0]
                    assert process.returncode == 0
                except subprocess.TimeoutExpired:
                    process.kill()
                    killed += 1
        assert whole(ended)
        done.append(as_of)
        if killed >= KILLS:
            break
    record_property("kills", killed)
    assert killed == KILLS
    judge(hub, done)
