"""Scored rows as they are staged for the destination, read from the project's own files."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pipelines.settings import Project
from policy.errors import UsageError, did_you_mean
from serving.writeback.staged import Staged

# Names and owners belong to the CRM; the embedded one has nobody else to fill them.
FROM_THE_BOOK = ("name", "owner_id")
AT_ONCE = 5_000
"""Rows of a file that are in memory at a time."""


def scored_dates(project: Project) -> list[str]:
    """As-of dates that have been scored, oldest first."""
    return sorted(
        p.parent.name.removeprefix("as_of=") for p in (project.state / "scores").glob("as_of=*/scores.parquet")
    )


def chosen_date(project: Project, as_of: date | None) -> str:
    """The as-of asked for, or the newest scored one. Raises UsageError where there is none."""
    dates = scored_dates(project)
    if not dates:
        raise UsageError("nothing has been scored yet.", where="scores", cure="Run `churn score` first.")
    if as_of is None:
        return dates[-1]
    if as_of.isoformat() not in dates:
        raise UsageError(
            f"{as_of} has not been scored.",
            where="--as-of",
            cure=f"Run `churn score --as-of {as_of}`. " + did_you_mean(as_of.isoformat(), dates),
        )
    return as_of.isoformat()


def rows_of(project: Project, what: str, as_of: str, part: str | None = None) -> list[dict[str, Any]]:
    """Rows of one of the outputs of a run (scores, tasks, drivers, evidence, book, signals), or of a part beside it."""
    import pyarrow.parquet as pq

    path = project.state / what / f"as_of={as_of}" / f"{part or what}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path, partitioning=None).to_pylist()
    return rows


def staged(project: Project, as_of: str) -> tuple[str, Iterator[Staged]]:
    """(run id, rows to deliver): one score per account, then the tasks, read as they are asked for."""
    import pyarrow.parquet as pq

    file = pq.ParquetFile(_file(project, "scores", as_of))
    first = next(file.iter_batches(1, columns=["run_id"]), None)
    return ("" if first is None else str(first.column(0)[0])), _rows(project, as_of)


def _rows(project: Project, as_of: str) -> Iterator[Staged]:
    columns = ["account_id", *FROM_THE_BOOK, "owner_email"]
    book = {row["account_id"]: row for row in _read(project, "book", as_of, columns)}
    for row in _read(project, "scores", as_of):
        account = row["account_id"]
        extra = {name: book.get(account, {}).get(name) for name in FROM_THE_BOOK}
        fields = {k: _plain(v) for k, v in row.items() if k != "account_id"} | extra
        yield Staged("score", account, account, as_of, fields, book.get(account, {}).get("owner_email"))
    for row in _read(project, "tasks", as_of):
        fields = {k: _plain(v) for k, v in row.items() if k not in ("task_key", "as_of", "run_id")}
        whose = book.get(row["account_id"], {}).get("owner_email")
        yield Staged("task", row["task_key"], row["account_id"], as_of, fields, whose)


def _read(project: Project, what: str, as_of: str, columns: list[str] | None = None) -> Iterator[dict[str, Any]]:
    import pyarrow.parquet as pq

    for batch in pq.ParquetFile(_file(project, what, as_of)).iter_batches(AT_ONCE, columns=columns):
        yield from batch.to_pylist()


def _file(project: Project, what: str, as_of: str) -> Path:
    return project.state / what / f"as_of={as_of}" / f"{what}.parquet"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
