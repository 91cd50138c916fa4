"""The command `churn autopsy`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, JsonOption, ProjectOption, SetOption, given_day, opened_project


def autopsy(
    project: ProjectOption = HERE,
    from_: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Losses decided from this day on.")
    ] = None,
    until: Annotated[
        datetime | None, typer.Option("--until", formats=["%Y-%m-%d"], help="Losses decided before this day.")
    ] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Why each lost account was lost: no signal, missed, would have been flagged, not worked, or worked and lost."""
    from pipelines.autopsy import autopsies
    from pipelines.autopsy_told import told
    from pipelines.tracking import no_telemetry

    no_telemetry()
    console = Console(json)
    opened = opened_project(project, set_)
    result = autopsies(opened, given_day(from_), given_day(until), progress=console.progress)
    console.result(result)
    console.show(told(result, opened.settings.project.currency))
