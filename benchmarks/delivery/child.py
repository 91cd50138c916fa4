"""One delivery in a process of its own: `python -m benchmarks.delivery.child ORDER`, ORDER a JSON object.

It reads the Parquet files of a run and delivers them as `churn apply` does; the last line of its output is a JSON object.
Imports come first; CPU seconds are of all threads from then on, the peak of memory is the whole process's.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import httpx  # noqa: F401 a part of what is imported
import jwt  # noqa: F401
import pyarrow.parquet  # noqa: F401
from pydantic import SecretStr

from benchmarks.child import peak_gb, used_cpu
from benchmarks.delivery.book import AS_OF
from pipelines.deliver import staged
from pipelines.settings import Project
from serving.writeback.breakers import default_limits
from serving.writeback.delivery import apply
from serving.writeback.destination import Destination
from serving.writeback.salesforce import SalesforceCrm
from serving.writeback.sqlite import SqliteCrm


class Stored:
    """As much of a project as a delivery reads: where its files are."""

    def __init__(self, state: Path) -> None:
        self.state = state


def destination(order: Mapping[str, Any]) -> Destination:
    """The one that the order names."""
    if order["to"] == "sqlite":
        return SqliteCrm(Path(order["folder"], "crm.sqlite"))
    return SalesforceCrm(
        order["url"],
        key=SecretStr(os.environ["CRM_KEY"]),
        client_id=order["client_id"],
        username=order["username"],
        audience=order["url"],
    )


def main(given: list[str]) -> None:
    """Deliver, measure, print."""
    order = json.loads(given[0])
    limits, crm = default_limits(), destination(order)
    staged_at: dict[str, float] = {}

    def at(point: str) -> None:
        if point == "after_stage_commit":
            staged_at.update(wall=time.perf_counter() - wall, cpu=used_cpu() - before)

    wall, before = time.perf_counter(), used_cpu()
    run_id, rows = staged(cast(Project, Stored(Path(order["state"]))), AS_OF)
    applied = apply(rows, crm, Path(order["folder"], "ledger.sqlite"), run_id=run_id, limits=limits, at=at)
    cpu, wall = used_cpu() - before, time.perf_counter() - wall
    crm.close()
    said = {
        **applied.as_json(),
        "wall": wall,
        "cpu": cpu,
        "peak_mb": peak_gb() * 1000,
        "stage_wall": staged_at.get("wall"),
    }
    sys.stdout.write(f"\n{json.dumps(said)}\n")


if __name__ == "__main__":
    main(sys.argv[1:])
