"""The command `churn signals`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import (
    HERE,
    DateOption,
    JsonOption,
    PrefectOption,
    ProjectOption,
    SetOption,
    given_day,
    opened_project,
)


def signals(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    quality: Annotated[
        bool, typer.Option("--quality", help="Judge the signals on the mature history instead: lift, lead, coverage.")
    ] = False,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Early warnings (W1–W7) and expansion signals (E1–E2) that stand as of any day, each with its evidence."""
    from pipelines import runs, summaries

    console = Console(json)
    opened = opened_project(project, set_)
    if quality:
        from pipelines.signal_quality import signal_quality

        judged = signal_quality(opened, given_day(as_of), progress=console.progress)
        console.result(judged)
        console.show(summaries.signal_quality(judged))
        return
    result = runs.run_signals(opened, given_day(as_of), prefect=prefect, progress=console.progress)
    console.result(result)
    console.show(summaries.signals(result))
