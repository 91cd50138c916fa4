"""The three runs at one destination, each in a process of its own, and what the destination says of them."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.case import ROOT
from benchmarks.delivery.book import ACCOUNT, AS_OF, NAME, write
from tests.crm.salesforce_company import ACCOUNT_KEY, CLIENT_ID, FIELDS, PERSON, TASK_KEY, USER
from tests.crm.salesforce_server import Emulator, server

LONGEST = 7_200
RUNS = (("first", "run-1"), ("the same again", "run-1"), ("a tenth changed", "run-2"))


@dataclass(frozen=True)
class Measured:
    """One run: what the delivery said, what it took, and what reached the destination.

    `arrived`: rows that the destination was sent. `calls`: calls of its API, None where it has none. `wrong`: values
    that it shows otherwise than the run's files, or of keys that are missing or there twice.
    """

    to: str
    run: str
    staged: int
    written: int
    skipped: int
    wall: float
    stage_wall: float | None
    cpu: float
    peak_mb: float
    load: float
    arrived: int
    calls: int | None
    other_cpu: float | None
    wrong: int


def sqlite_runs(folder: Path, rows: int, say: Callable[[str], None]) -> Iterator[Measured]:
    """Into the embedded CRM's file."""
    states, folder = _states(folder, rows, None), folder / "sqlite"
    folder.mkdir()
    crm = folder / "crm.sqlite"
    for name, run in RUNS:
        before = _marks(crm)
        load = os.getloadavg()[0]
        said = _delivered({"to": "sqlite", "folder": str(folder), "state": str(states[run])}, {})
        arrived = len(_marks(crm) - before)
        yield _told("sqlite", name, said, load, arrived, None, None, _wrong(states[run], _shown(crm)))
        say(f"sqlite, {name}: {said}")


def salesforce_runs(folder: Path, rows: int, say: Callable[[str], None]) -> Iterator[Measured]:
    """Into the emulated org, a process of its own that answers as fast as it can."""
    states, folder = _states(folder, rows, PERSON), folder / "salesforce"
    folder.mkdir()
    with server(FIELDS, seconds=LONGEST, limit=10_000_000) as org:
        org.http.timeout = LONGEST
        org.seed_many("Account", rows, **{"Name": NAME.format("{i}"), ACCOUNT_KEY: ACCOUNT.format("{i:07d}")})
        order = {"to": "salesforce", "folder": str(folder), "url": org.url, "client_id": CLIENT_ID, "username": USER}
        for name, run in RUNS:
            org.log(clear=True)
            load, cpu, jobs = os.getloadavg()[0], _cpu_of(org.process.pid), _in_jobs(org)
            said = _delivered({**order, "state": str(states[run])}, {"CRM_KEY": org.private_key})
            cpu = _cpu_of(org.process.pid) - cpu
            log, arrived = org.log(), _in_jobs(org) - jobs
            if log["violations"]:
                raise RuntimeError(f"the org was called amiss: {log['violations'][:3]}")
            arrived += sum(call["rows"] for call in log["calls"] if "/composite/" in call["path"])
            wrong = _wrong(states[run], _in_org(org))
            yield _told("salesforce", name, said, load, arrived, len(log["calls"]), cpu, wrong)
            say(f"salesforce, {name}: {said}")


def _states(folder: Path, rows: int, owner: str | None) -> dict[str, Path]:
    kind = "own" if owner is None else "org"
    found = {run: folder / f"{kind}-{run}" for _, run in RUNS}
    for run, state in found.items():
        write(state, rows, run, changed=run == "run-2", owner=owner)
    return found


def _delivered(order: dict[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.delivery.child", json.dumps(order)]
    environment = {**os.environ, **secrets, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the delivery failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _told(
    to: str, run: str, said: dict[str, Any], load: float, arrived: int, calls: int | None, cpu: float | None, wrong: int
) -> Measured:
    counts = {name: said[name] for name in ("staged", "written", "skipped", "wall", "stage_wall", "cpu", "peak_mb")}
    return Measured(to, run, **counts, load=load, arrived=arrived, calls=calls, other_cpu=cpu, wrong=wrong)


def _marks(crm: Path) -> set[tuple[str, str]]:
    """What changes with every write of a row: its key with the moment and the run of the last one."""
    if not crm.exists():
        return set()
    with closing(sqlite3.connect(crm)) as db:
        found = set(db.execute("SELECT account_id, run_id || updated_at FROM accounts"))
        return found | set(db.execute("SELECT task_key, updated_at FROM tasks"))


def _shown(crm: Path) -> Iterator[tuple[str, Any]]:
    with closing(sqlite3.connect(crm)) as db:
        yield from db.execute("SELECT account_id, churn_probability FROM accounts")
        yield from db.execute("SELECT task_key, subject FROM tasks")


def _in_org(org: Emulator) -> Iterator[tuple[str, Any]]:
    for kind, key, value in (("Account", ACCOUNT_KEY, "Churn_Probability__c"), ("Task", TASK_KEY, "Subject")):
        told = org.call("records", type=kind, fields=[key, value])
        yield from map(tuple, told["rows"])


def _wrong(state: Path, shown: Iterator[tuple[str, Any]]) -> int:
    """Keys of the run's files that the destination does not show once, with the value that stands there, and others."""
    import pyarrow.parquet as pq

    wanted: dict[str, Any] = {}
    for what, key, value in (("scores", "account_id", "churn_probability"), ("tasks", "task_key", "subject")):
        path = state / what / f"as_of={AS_OF}" / f"{what}.parquet"
        table = pq.read_table(path, partitioning=None, columns=[key, value])
        wanted.update(zip(table[key].to_pylist(), table[value].to_pylist(), strict=True))
    wrong = sum(wanted.pop(key, None) != value for key, value in shown)
    return wrong + len(wanted)


def _in_jobs(org: Emulator) -> int:
    """Rows of all ingest jobs so far."""
    return sum(int(job["total"]) for job in org.jobs())


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
