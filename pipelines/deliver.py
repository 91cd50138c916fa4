"""Scored rows as they are staged for the destination, read from the project's own files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.settings import Project
from policy.errors import UsageError, did_you_mean
from serving.writeback.staged import Staged

# Names and owners belong to the CRM; the embedded one has nobody else to fill them.
FROM_THE_BOOK = ("name", "owner_id")
OWNER_EMAIL = "owner_email"
"""It finds the owner in a CRM with ids of its own, and is not sent."""
AT_ONCE = 2_000
"""Rows of a file that are in memory at a time."""
BUFFER = 1 << 16
"""Bytes of a column that are read at a time."""
_OF_A_RUN = ("as_of", "run_id")
"""What a task is not told of: its key says the week."""


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


def rows_of(
    project: Project, what: str, as_of: str, part: str | None = None, columns: list[str] | None = None
) -> list[dict[str, Any]]:
    """Rows of one of the outputs of a run (scores, tasks, drivers, evidence, book, signals), or of a part beside it."""
    import pyarrow.parquet as pq

    path = project.state / what / f"as_of={as_of}" / f"{part or what}.parquet"
    rows: list[dict[str, Any]] = pq.read_table(path, columns=columns, partitioning=None).to_pylist()
    return rows


def staged(project: Project, as_of: str) -> tuple[str, Iterator[Staged]]:
    """(run id, rows to deliver): one score per account, then the tasks, read as they are asked for."""
    first = next(_read(project, "scores", as_of, ["run_id"]), None)
    return ("" if first is None else str(first["run_id"])), _rows(project, as_of)


def _rows(project: Project, as_of: str) -> Iterator[Staged]:
    about = Ahead(_read(project, "book", as_of, ["account_id", *FROM_THE_BOOK, OWNER_EMAIL]))
    for fields in _read(project, "scores", as_of):
        account = fields.pop("account_id")
        told = about.of(account)
        fields.update((name, told.get(name)) for name in FROM_THE_BOOK)
        yield Staged("score", account, account, as_of, fields, told.get(OWNER_EMAIL))
    address = _addresses(project, as_of)
    for what in _with_tasks(project, as_of):
        for fields in _read(project, what, as_of, part="tasks"):
            key = fields.pop("task_key")
            told = {name: value for name, value in fields.items() if name not in _OF_A_RUN}
            yield Staged("task", key, account, as_of, told, address(fields["account_id"], fields.get("owner_id")))


def _with_tasks(project: Project, as_of: str) -> Iterator[str]:
    """Where tasks of a run are: those of the score, and those that `churn plays --write-tasks` made."""
    yield "tasks"
    if _file(project, "plays", as_of, "tasks").exists():
        yield "plays"


def _addresses(project: Project, as_of: str) -> Callable[[str, str | None], str | None]:
    """(account of a task, who is to do it) → their e-mail address; the accounts that have tasks are few.

    A task may go to somebody else than the account's owner, and then never with the owner's address: theirs is known
    where they own any account, else their id alone has to find them.
    """
    tasked = {
        row["account_id"]
        for what in _with_tasks(project, as_of)
        for row in _read(project, what, as_of, ["account_id"], part="tasks")
    }
    own: dict[str, tuple[str | None, str | None]] = {}
    of_person: dict[str, str] = {}
    for row in _read(project, "book", as_of, ["account_id", "owner_id", OWNER_EMAIL]):
        if row["account_id"] in tasked:
            own[row["account_id"]] = row["owner_id"], row[OWNER_EMAIL]
        if row["owner_id"] and row[OWNER_EMAIL]:
            of_person.setdefault(row["owner_id"], row[OWNER_EMAIL])

    def address(account: str, who: str | None) -> str | None:
        owner, told = own.get(account, (None, None))
        return told if who == owner else of_person.get(who or "")

    return address


class Ahead:
    """Rows of a file by account, read as far as they are asked for, each once.

    `churn score` writes book and scores in one order: then a row at a time is held. Any other order gives the same.
    """

    def __init__(self, rows: Iterator[dict[str, Any]]) -> None:
        self.rows = rows
        self.held: dict[str, dict[str, Any]] = {}

    def of(self, account: str) -> dict[str, Any]:
        """The account's row; nothing where there is none."""
        while account not in self.held:
            row = next(self.rows, None)
            if row is None:
                return {}
            self.held[row["account_id"]] = row
        return self.held.pop(account)


def _read(
    project: Project, what: str, as_of: str, columns: list[str] | None = None, part: str | None = None
) -> Iterator[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    usual = pa.default_memory_pool()
    # Arrow's own allocator keeps what it was given: 50 MB for a million rows, while the delivery needs them.
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        # Without a buffer of its own size, every column of a row group (a million rows) is read at once.
        file = pq.ParquetFile(_file(project, what, as_of, part), pre_buffer=False, buffer_size=BUFFER)
    finally:
        pa.set_memory_pool(usual)
    for batch in file.iter_batches(AT_ONCE, columns=columns, use_threads=False):
        names = batch.schema.names
        for line in zip(*map(_plain, batch.columns), strict=True):
            yield dict(zip(names, line, strict=True))


def _file(project: Project, what: str, as_of: str, part: str | None = None) -> Path:
    return project.state / what / f"as_of={as_of}" / f"{part or what}.parquet"


def _plain(column: Any) -> list[Any]:
    """A column's values; dates and times as ISO text."""
    import pyarrow as pa

    values: list[Any] = column.to_pylist()
    if not pa.types.is_temporal(column.type):
        return values
    return [None if value is None else value.isoformat() for value in values]
