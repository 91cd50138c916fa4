"""What earlier runs asked owners to do, and what they said of it: read from the project's own files and `crm_feedback`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from data_contracts.restated import SUPERSEDED_AT
from pipelines.build_features import Checked
from pipelines.settings import Project
from serving.episodes import Level, Published, Standing, level, standing
from serving.workbench.plays.rows import plain
from serving.workbench.plays.said import last_words

DAYS_IN_WEEK = 7


def asked_before(checked: Checked, as_of: date, *, published_by: datetime | None = None) -> Standing:
    """The plays that stand for each account on the day of a run: of the weekly runs before it, whole weeks away.

    A run that was scored counts as published; a task of which nobody has said anything, as open. `published_by` leaves
    out the runs of earlier days that were published after that moment: a run that was scored later asked nobody then.
    """
    project = checked.project
    runs_before = [day for day in _before(project, as_of) if published_by is None or _out(project, day, published_by)]
    tasks = [task for day in runs_before for task in _tasks(project, day)]
    accounts = {task.account_id for task in tasks}
    levels: dict[str, dict[date, Level]] = {}
    for day in runs_before:
        for account, found in _levels(project, day, accounts) if tasks and day >= tasks[0].as_of else ():
            levels.setdefault(account, {})[day] = found
    runs = project.policy.tasks.recovery.runs
    return standing(levels, tasks, tasks_over(checked, as_of), runs=runs)


def _before(project: Project, as_of: date) -> Iterator[date]:
    # By the scores, which a run writes last: one that was killed before has told nobody anything.
    for path in sorted((project.state / "scores").glob("as_of=*/scores.parquet")):
        day = date.fromisoformat(path.parent.name.removeprefix("as_of="))
        if day < as_of and (as_of - day).days % DAYS_IN_WEEK == 0:
            yield day


def _out(project: Project, day: date, by: datetime) -> bool:
    rows = _rows(project, "scores", day, ["published_at"])
    return not rows or rows[0]["published_at"] <= by


def _tasks(project: Project, day: date) -> Iterator[Published]:
    for row in _rows(project, "tasks", day, ["account_id", "play", "task_key"]):
        yield Published(str(row["account_id"]), day, str(row["play"]), str(row["task_key"]))


def _levels(project: Project, day: date, accounts: set[str]) -> Iterator[tuple[str, Level]]:
    some = [("account_id", "in", sorted(accounts))]
    for row in _rows(project, "scores", day, ["account_id", "health_tier", "risk_tier"], some):
        yield str(row["account_id"]), level(row["health_tier"], row["risk_tier"])


def _rows(project: Project, what: str, day: date, columns: list[str], filters: Any = None) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    path = project.state / what / f"as_of={day.isoformat()}" / f"{what}.parquet"
    if not path.exists():
        return []
    rows: list[dict[str, Any]] = pq.read_table(path, columns=columns, filters=filters, partitioning=None).to_pylist()
    return rows


def tasks_over(checked: Checked, as_of: date) -> frozenset[str]:
    """The tasks that are done with, by the last word on each that was recorded, and known, before the day.

    One that was put off is not: a snooze ends, and its task stands until then and after.
    """
    import pandas as pd

    facts = checked.facts
    if not facts.has("crm_feedback", "task_key", "value"):
        return frozenset()
    table = facts.tables["crm_feedback"]
    day = pd.Timestamp(as_of)
    known = (table["kind"] == "task_outcome") & table["task_key"].notnull()
    known &= (table["recorded_at"] < day) & (table["known_at"] < day)
    if "crm_feedback" in facts.restated:
        known &= table[SUPERSEDED_AT].isnull() | (table[SUPERSEDED_AT] >= day)
    rows = table.filter(known).select("kind", "task_key", "value", "recorded_at", "feedback_id").to_pandas()
    return frozenset(key for key, said in last_words(plain(rows)).items() if said.over)
