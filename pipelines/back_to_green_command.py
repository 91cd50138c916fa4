"""The command `churn back-to-green`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def back_to_green(
    account: Annotated[
        str | None, typer.Argument(help="The account's id; without it, every yellow, red or high-risk account.")
    ] = None,
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """The cheapest changes that would bring health back to green in time, or that none within reach does."""
    from pipelines import back_to_green_told as told
    from pipelines.back_to_green import back_to_green as ways

    console = Console(json)
    found = ways(opened_project(project, set_), account, given_day(as_of), progress=console.progress)
    console.result(found)
    console.show(told.book(found) if account is None else told.one(found))
