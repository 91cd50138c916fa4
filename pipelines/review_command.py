"""The command `churn review`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def review(
    task_id: Annotated[str, typer.Argument(help="Name of the review, for example q1-retention.")],
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    tier: Annotated[
        str | None,
        typer.Option(help="Only these health or risk tiers, for example yellow,red,high; `any` lifts the limit."),
    ] = None,
    segment: Annotated[
        str | None, typer.Option(help="Only these segments, separated by commas; `any` lifts the limit.")
    ] = None,
    owner: Annotated[
        str | None, typer.Option(help="Only the accounts of these owners (ids); `any` lifts the limit.")
    ] = None,
    goal: Annotated[str | None, typer.Option(help="What the review is for, in a sentence; of its first call.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the files are, seen from the project folder.")] = Path("reviews"),
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Go through accounts in three Markdown files: context, to-dos, insights. Again: goes on where it stopped."""
    from pipelines.review import Asked
    from pipelines.review import review as reviewed
    from pipelines.review_told import told

    console = Console(json)
    opened = opened_project(project, set_)
    asked = Asked(given_day(as_of), _names(tier), _names(segment), _names(owner), goal)
    result = reviewed(opened, task_id, asked, opened.folder / folder, progress=console.counter("accounts reviewed"))
    console.result(result)
    console.show(told(result, opened.settings.project.currency))


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(name for part in text.split(",") if (name := part.strip()))
