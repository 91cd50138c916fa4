"""Scheduled runs and their deployments as an operator reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.markup import escape
from rich.table import Table
from rich.text import Text

NO_RUNS = "the deployments are registered, but this server makes no runs from their schedules."
NO_RUNS_CURE = (
    "Its log says why. Prefect 3.8 cannot with SQLAlchemy 2.1: install `sqlalchemy<2.1` where the server runs and start it "
    "again. Until then: `churn weekly` from cron."
)
COLOURS = {"failed": "red", "interrupted": "red", "skipped": "dim"}


def run(found: Mapping[str, Any]) -> Any:
    """A run's steps, and where its report is."""
    table = _grid(f"{found['what'].capitalize()} run {found['run']}: {found['outcome']}", "step", "outcome", "")
    for step in found["steps"]:
        error, colour = step["error"], COLOURS.get(step["outcome"], "")
        said = f"{error['message']} (exit code {error['code']})" if error else step["note"] or ""
        table.add_row(step["step"], Text(step["outcome"], colour), escape(said))
    parts: list[Any] = [table, Text(f"Report: {found['page']}")]
    if found["notice"]:
        parts.append(Text(f"Notice: {found['notice']}."))
    return Group(*parts)


def deployed(result: Mapping[str, Any]) -> Any:
    """What is registered now, what of that is new, and how to start the worker."""
    pool = result["pool"]
    table = _grid(f"Prefect server {result['server']}, work pool {pool['name']}", "deployment", "cron", "zone", "")
    for line in result["deployments"]:
        state = line["state"] + (", paused there" if line["paused"] else "")
        table.add_row(line["name"], line["cron"] or "–", line["timezone"], state)
    said = "The server has it so now." if result["changed"] else "Nothing had to be changed."
    return Group(table, Text(said), Text(f"To have them run, keep a worker going: {result['worker']}"))


def due(runs: Sequence[Mapping[str, Any]]) -> Any:
    """Each scheduled run's last one, and whether the next is late."""
    table = _grid("Scheduled runs", "run", "last began (UTC)", "outcome", "due", "")
    for line in runs:
        last = line["run"] or {"started": "never", "outcome": ""}
        colour = COLOURS.get(last["outcome"], "")
        # One that has never run is perhaps not wanted by schedule: a person sees that it never ran, a watchdog is told.
        late = Text("late", "red") if line["late"] and line["run"] else ""
        table.add_row(line["what"], last["started"][:16], Text(last["outcome"], colour), line["due"][:16], late)
    return table


def lateness(runs: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """What is late, and what to do."""
    late = [line for line in runs if line["late"]]
    told = "; ".join(f"the {line['what']} run that was due at {line['due']} has not ended well" for line in late)
    return f"{told}.", (
        f"Look at the last report in .churn/runs and at cron, or at Prefect and its worker; then `churn {late[0]['what']}`. "
        "What is not to be watched has an empty cron expression in [schedule]."
    )


def _grid(title: str, *heads: str) -> Table:
    table = Table(title=escape(title), title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0), pad_edge=False)
    for head in heads:
        table.add_column(head)
    return table
