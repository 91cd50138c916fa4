"""The command `churn plays`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def plays(
    account: Annotated[str | None, typer.Argument(help="Only this account, by its id, with its drafts.")] = None,
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    write_tasks: Annotated[
        bool,
        typer.Option("--write-tasks", help="Make tasks of the steps due within a week; `churn apply` delivers them."),
    ] = False,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """What stands for each account: play, stage, what is due when, by whom, and the draft of the message."""
    from pipelines.plays import plays as found_plays
    from pipelines.plays_told import told

    console = Console(json)
    opened = opened_project(project, set_)
    found = found_plays(opened, given_day(as_of), account, write_tasks=write_tasks, progress=console.progress)
    console.result(found)
    console.show(told(found))
