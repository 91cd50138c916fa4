"""The steps of a run as plain functions: what the commands call, and what the Prefect flows wrap."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.settings import Project
from policy.errors import DeliveryIncomplete, UsageError, did_you_mean

if TYPE_CHECKING:
    from data_contracts.check import CheckReport

Progress = Callable[[str], None]
Counter = Callable[[int, int], None]


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


def plan(project: Project, as_of: date | None, accepted: Collection[str] = ()) -> Any:
    """What `apply` would write, without writing anything."""
    from pipelines.deliver import chosen_date, staged
    from pipelines.destinations import destination, ledger
    from pipelines.source_moves import moves_of
    from serving.writeback.plan import plan as plan_rows

    day = chosen_date(project, as_of)
    _, rows = staged(project, day)
    limits, moved = project.policy.delivery, moves_of(project, day)
    with closing(destination(project)) as crm:
        return plan_rows(rows, crm, ledger(project), limits=limits, sources=moved, accepted=known_breakers(accepted))


def apply(
    project: Project,
    as_of: date | None,
    accepted: Collection[str] = (),
    *,
    verify: bool = False,
    progress: Counter | None = None,
) -> dict[str, Any]:
    """Write scores and tasks to the destination. Raises DeliveryIncomplete where rows remain."""
    from pipelines.deliver import chosen_date, staged

    day = chosen_date(project, as_of)
    run_id, rows = staged(project, day)
    return _delivered(project, day, run_id, rows, known_breakers(accepted), progress, whole=True, verify=verify)


def retry(project: Project, as_of: date | None, *, progress: Counter | None = None) -> dict[str, Any]:
    """Deliver again what the last delivery left on its way or saw rejected."""
    from pipelines.deliver import chosen_date, staged
    from pipelines.destinations import destination, ledger
    from serving.writeback.status import undelivered

    day = chosen_date(project, as_of)
    run_id, rows = staged(project, day)
    open_rows = undelivered(destination(project).name, ledger(project))
    again = [row for row in rows if (row.kind, row.key) in open_rows]
    return _delivered(project, day, run_id, again, (), progress, whole=False, verify=True)


def rollback(project: Project, run: str, *, progress: Counter | None = None) -> dict[str, Any]:
    """Take the last run back. Raises DeliveryIncomplete where rows of it remain."""
    from pipelines.destinations import destination, ledger
    from serving.writeback.rollback import rollback as roll_back

    quiet: Counter = lambda done, total: None  # noqa: E731
    with closing(destination(project)) as crm:
        done = roll_back(run, crm, ledger(project), limits=project.policy.delivery, progress=progress or quiet)
    if not done.complete:
        raise DeliveryIncomplete(
            f"{done.deferred} rows are still to be restored; {done.rejected} were refused.",
            where="rollback",
            cure=f"Run `churn rollback {done.run}` again; `churn status` shows why rows were refused.",
        )
    return dict(done.as_json())


def status(project: Project) -> Any:
    """What the ledger knows of the destination."""
    from pipelines.destinations import destination, ledger
    from serving.writeback.status import status as known

    return known(destination(project).name, ledger(project), time.time())


def known_breakers(names: Collection[str]) -> Collection[str]:
    """The names, if they all are breakers. Raises UsageError."""
    from serving.writeback.breakers import NAMES

    for name in names:
        if name not in NAMES:
            raise UsageError(f"`{name}` is no breaker.", where="--accept", cure=did_you_mean(name, NAMES))
    return names


def _delivered(
    project: Project,
    day: str,
    run_id: str,
    rows: Iterable[Any],
    accepted: Collection[str],
    progress: Counter | None,
    *,
    whole: bool,
    verify: bool,
) -> dict[str, Any]:
    from pipelines.destinations import destination, ledger
    from pipelines.source_moves import moves_of
    from serving.writeback.delivery import apply as apply_rows

    with closing(destination(project)) as crm:
        applied = apply_rows(
            rows,
            crm,
            ledger(project),
            run_id=run_id,
            # Other names of fields are another delivery of the same scores. No secret is among the settings.
            settings=project.settings.destination.model_dump_json(exclude={"url"}) if whole else "some rows",
            verify=verify,
            limits=project.policy.delivery,
            sources=moves_of(project, day),
            accepted=accepted,
            progress=progress,
        )
    if not applied.complete:
        raise DeliveryIncomplete(
            f"{applied.deferred} rows wait for the next run; {applied.rejected} were rejected.",
            where="apply",
            cure="Run `churn apply` again; `churn status` shows what is open and why rows were rejected.",
        )
    return dict(applied.as_json())


def report(project: Project, as_of: date | None, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Write the CSM pages; returns the index page."""
    from pipelines.deliver import chosen_date
    from pipelines.report import report as write

    return write(project, chosen_date(project, as_of), progress=progress)
