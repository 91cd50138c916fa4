"""The command `churn qbr`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def qbr(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    minutes: Annotated[int | None, typer.Option(help="Length of the meeting: 60 (the default) or 45.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the files instead of .churn/qbr/as_of=D.")] = None,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="Whether to write PDFs beside the pages.")] = True,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """The business review of one account: our brief, and a sheet for the customer that holds nothing we estimate."""
    from pipelines.qbr import Wanted
    from pipelines.qbr import qbr as written
    from pipelines.qbr_told import told

    console = Console(json)
    wanted = Wanted(minutes, out, pdf)
    found = written(opened_project(project, set_), account, given_day(as_of), wanted, progress=console.progress)
    console.result(found)
    console.show(told(found))
