"""`churn apply` killed with SIGKILL in the middle and run again: the CRM holds every row once."""

from __future__ import annotations

import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

KILLS = 6


def _crm_rows(crm: Path, table: str) -> list[tuple[object, ...]]:
    """What stands in the CRM's own file; an unfinished file has nothing yet."""
    if not crm.exists():
        return []
    try:
        with sqlite3.connect(f"file:{crm}?mode=ro", uri=True) as db:
            return db.execute(f"SELECT * FROM {table}").fetchall()
    except sqlite3.OperationalError:
        return []


def _apply(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "pipelines.cli", "apply", "--project", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.parametrize("seed", [1])
def test_nothing_is_lost_and_nothing_doubled(
    scored: Path, seed: int, record_property: Callable[[str, object], None]
) -> None:
    rng = random.Random(seed)
    scores = pd.read_parquet(next((scored / ".churn" / "scores").glob("*/*.parquet")), partitioning=None)
    tasks = pd.read_parquet(next((scored / ".churn" / "tasks").glob("*/*.parquet")), partitioning=None)
    crm = scored / ".churn" / "crm.sqlite"
    for kill in range(KILLS):
        if kill % 3 == 0:
            crm.unlink(missing_ok=True)
            shutil.rmtree(scored / ".churn" / "ledger.sqlite", ignore_errors=True)
            for left in (scored / ".churn").glob("ledger.sqlite*"):
                left.unlink()
        process = _apply(scored)
        started = time.monotonic()
        # Wait until rows begin to arrive, then kill at a random moment soon after.
        while process.poll() is None and not _crm_rows(crm, "accounts") and time.monotonic() - started < 60:
            time.sleep(0.005)
        time.sleep(rng.random() * 0.15)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=30)

    record_property("kills", KILLS)
    last = _apply(scored)
    assert last.wait(timeout=120) == 0

    accounts = _crm_rows(crm, "accounts")
    assert sorted(str(r[0]) for r in accounts) == sorted(scores["account_id"])
    assert sorted(str(r[0]) for r in _crm_rows(crm, "tasks")) == sorted(tasks["task_key"])
    with sqlite3.connect(crm) as db:
        stored = dict(db.execute("SELECT account_id, churn_probability FROM accounts").fetchall())
    wanted = dict(zip(scores["account_id"], scores["churn_probability"], strict=True))
    assert stored == pytest.approx(wanted)
