"""Deliveries to Salesforce that are killed at every named point and at random; the judge is the org."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.writeback.delivery import POINTS
from tests.crm.salesforce_company import ACCOUNTS, TASKS, book, environment, missing_or_wrong
from tests.crm.salesforce_server import Emulator

ROOT, KILLS = Path(__file__).parents[2], 20
Note = Callable[[str, object], None]
pytestmark = pytest.mark.slow
ONCE = {"before_stage_commit", "after_stage_commit"}
OF_JOBS = (
    *("job_create", "job_created", "id_saved", "uploaded", "closed", "poll"),
    *("fetch successfulResults", "fetch failedResults", "fetch unprocessedrecords"),
)
OF_COLLECTIONS = ("collection", "collected")


def lives(org: Emulator, ledger: Path, way: int, point: str, nth: int, kills: int = KILLS, batch: int = 2) -> Any:
    command = [sys.executable, "-m", "tests.crm.salesforce_lives", org.url, str(ledger), str(way), point]
    done = subprocess.run(
        [*command, str(nth), str(kills)],
        cwd=ROOT,
        env={**environment(org), "CRM_BATCH": str(batch)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    return json.loads(done.stdout.splitlines()[-1])


def nothing_lost_nothing_doubled(org: Emulator, told: Any) -> None:
    assert missing_or_wrong(org, book()) == []
    assert (len(org.records("Task", "Id")), len(org.records("Account", "Id"))) == (TASKS, ACCOUNTS)
    assert (told["applied"]["deferred"], told["applied"]["rejected"]) == (0, 0)


@pytest.mark.parametrize(
    ("way", "point"),
    [*((1, point) for point in (*POINTS, *OF_JOBS)), *((2_000, point) for point in (*POINTS, *OF_COLLECTIONS))],
)
def test_killed_again_and_again_at(way: int, point: str, org: Emulator, ledger: Path, record_property: Note) -> None:
    # A life that dies at the second occasion has passed the first: there is progress. What occurs once is died at once.
    told = lives(org, ledger, way, point, 1 if point in ONCE else 2)
    assert told["killed"] == KILLS
    record_property("kills", told["killed"])
    nothing_lost_nothing_doubled(org, told)


@pytest.mark.parametrize("point", ["job_create", "id_saved", "uploaded", "closed", "poll", "before_ack"])
def test_killed_at_its_very_first(point: str, org: Emulator, ledger: Path, record_property: Note) -> None:
    told = lives(org, ledger, 1, point, 1, kills=6)
    assert told["killed"] == 6
    record_property("kills", told["killed"])
    nothing_lost_nothing_doubled(org, told)


@pytest.mark.parametrize("way", [3, 2_000])
@pytest.mark.parametrize("seed", range(3))
def test_killed_at_random(seed: int, way: int, org: Emulator, ledger: Path, record_property: Note) -> None:
    org.config(seconds=0.05)
    org.faults({"kind": "drop_after", "method": "PATCH|PUT|POST", "path": "composite|ingest", "probability": 0.2})
    told = lives(org, ledger, way, str(seed), 0, kills=40, batch=8)
    assert told["killed"] >= 3, "a delivery that is never killed proves nothing"
    record_property("kills", told["killed"])
    nothing_lost_nothing_doubled(org, told)
