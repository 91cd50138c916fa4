"""Everything people work with on a scored day, in one go over sources that are checked once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from pipelines.build_features import Checked, checked_sources
from pipelines.deliver import chosen_date
from pipelines.settings import Project

Progress = Callable[[str], None]
MONTHS = 25
"""Of the metrics' series: what the pages show. `churn kpis` goes back to the first term."""


def workbench(project: Project, as_of: date | None, *, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Plays, work list, capacity, journey, metrics and ways back to green of a scored day; what `churn report` shows.

    Returns what `churn workbench --json` prints: counts of each, and where its files are. Raises UsageError where nothing
    was scored.
    """
    day = chosen_date(project, as_of)
    with checked_sources(project) as checked:
        return workbench_on(checked, day, progress=progress)


def workbench_on(checked: Checked, day: str, *, progress: Progress = lambda _: None) -> dict[str, Any]:
    """The same on sources that have been checked."""
    from pipelines.back_to_green import ways_of_the_book
    from pipelines.capacity import write_capacity
    from pipelines.journey import journey_on
    from pipelines.kpis import kpis_on
    from pipelines.plays import plays_on
    from pipelines.worklist import work_on

    on = date.fromisoformat(day)
    capacity = write_capacity(checked, on)
    plays = plays_on(checked, day, write_tasks=checked.project.settings.plays.write_tasks, progress=progress)
    work = work_on(checked, on, progress=progress)
    journey = journey_on(checked, day, progress=progress)
    metrics, folder = kpis_on(checked, on, months=MONTHS, progress=progress)
    progress("ways back to green")
    ways = ways_of_the_book(checked, day)
    return {
        "as_of": day,
        "capacity": {"path": capacity["path"], "owners": len(capacity["owners"])},
        "plays": {"path": plays["path"], "steps": len(plays["steps"])},
        "worklist": {"path": work["path"], "candidates": work["candidates"], "saved_arr": work["saved_arr"]},
        "journey": {"path": journey["path"], "onboarding": len(journey["board"])},
        "kpis": {"path": str(folder), "metrics": int((metrics.metrics["slice_by"] == "all").sum())},
        "back_to_green": {"path": ways["path"], "statuses": ways["statuses"]},
    }
