"""The command `churn worklist`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def worklist(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    owner: Annotated[str | None, typer.Option(help="Tell this owner's week alone.")] = None,
    hours: Annotated[
        float | None,
        typer.Option(min=0, max=168, help="Hours each owner has for plays, instead of what the week leaves."),
    ] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Whom to work on this week: the ARR that acting is expected to save, within each owner's hours; where views disagree."""
    from pipelines.worklist import work_of_week
    from pipelines.worklist_told import told

    console = Console(json)
    opened = opened_project(project, set_)
    result = work_of_week(opened, given_day(as_of), owner=owner, hours=hours, progress=console.progress)
    console.result(result)
    console.show(told(result, opened.settings.project.currency))
