"""The steps of a run as plain functions: what the commands call, and what the Prefect flows wrap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import Project
from policy.errors import DeliveryIncomplete

if TYPE_CHECKING:
    from data_contracts.check import CheckReport

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Report nothing."""


def check(project: Project, *, progress: Progress = silent) -> CheckReport:
    """Check every source table and write the Data Docs; a stopped contract is in the report, not raised."""
    from pipelines.build_features import checked_sources

    progress("reading and checking the sources")
    with checked_sources(project, stop=False, docs=True) as checked:
        return checked.report


def features(project: Project, as_of: date, *, progress: Progress = silent) -> dict[str, Any]:
    """Build and write the indicators of one as-of date."""
    from features.snapshots import Snapshots
    from pipelines.build_features import checked_sources, features_at, write_features

    with checked_sources(project) as checked:
        progress(f"indicators as of {as_of}")
        _, frame = features_at(checked, Snapshots.of([as_of]))
        frame = frame[~frame["known_loss"].astype(bool)]
        path = write_features(project, frame, as_of)
        from features.catalogue import catalogue

        return {"as_of": as_of.isoformat(), "rows": len(frame), "indicators": len(catalogue()), "path": path}


def plan(project: Project, as_of: date | None) -> Any:
    """What `apply` would write, without writing anything."""
    from pipelines.deliver import chosen_date, destination, ledger_path, staged
    from serving.writeback.plan import plan as plan_rows

    _, rows = staged(project, chosen_date(project, as_of))
    return plan_rows(rows, destination(project), ledger_path(project))


def apply(
    project: Project, as_of: date | None, *, progress: Callable[[int, int], None] | None = None
) -> dict[str, Any]:
    """Write scores and tasks to the destination. Raises DeliveryIncomplete where rows remain."""
    from pipelines.deliver import chosen_date, destination, ledger_path, staged
    from serving.writeback.delivery import apply as apply_rows

    run_id, rows = staged(project, chosen_date(project, as_of))
    applied = apply_rows(rows, destination(project), ledger_path(project), run_id=run_id, progress=progress)
    if not applied.complete:
        raise DeliveryIncomplete(
            f"{applied.as_json()['deferred']} rows wait for the next run; {applied.as_json()['rejected']} were rejected.",
            where="apply",
            cure="Run `churn apply` again; rejected rows stand in .churn/ledger.sqlite with their reasons.",
        )
    return dict(applied.as_json())


def report(project: Project, as_of: date | None, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Write the CSM pages; returns the index page."""
    from pipelines.deliver import chosen_date
    from pipelines.report import report as write

    return write(project, chosen_date(project, as_of), progress=progress)
