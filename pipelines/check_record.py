"""The verdict of the last check, kept for the pages: `.churn/checks/report.json`."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from data_contracts.check import CheckReport
from data_contracts.freshness import read_held
from pipelines.files import write_text
from pipelines.settings import Project


def record_check(project: Project, report: CheckReport, *, at: datetime) -> None:
    """Keep what the check found, beside what each table held (`last.json`)."""
    folder = project.out("checks")
    held = read_held(folder / "last.json")
    found = report.as_json()
    for name, table in report.tables.items():
        found["tables"][name]["message"] = table.message or None
    newest = {name: h.newest_event for name, h in held.items() if h.newest_event is not None}
    record = {"checked_at": at.isoformat(), **found, "newest": newest}
    write_text(json.dumps(record, allow_nan=False, indent=1) + "\n", folder / "report.json")


def read_check(project: Project) -> dict[str, Any] | None:
    """What the last check found; null where none was recorded."""
    path = project.state / "checks" / "report.json"
    if not path.exists():
        return None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
