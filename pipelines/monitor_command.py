"""The command `churn monitor`."""

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
from policy.errors import ModelAlert


def monitor(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    fail_on_alert: Annotated[
        bool, typer.Option("--fail-on-alert", help="Leave with exit code 4 where the verdict is `alert`.")
    ] = False,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Is the model still right? Drift of its indicators, and what became of past probabilities."""
    from pipelines import runs
    from pipelines.monitor_told import told

    console = Console(json)
    result = runs.run_monitor(
        opened_project(project, set_), given_day(as_of), prefect=prefect, progress=console.progress
    )
    console.show(told(result))
    if fail_on_alert and result["alerts"]:
        first, more = result["alerts"][0], len(result["alerts"]) - 1
        raise ModelAlert(
            first["sentence"] + (f" And {more} more." if more else ""),
            where="monitor",
            cure=f"See {result['path']}. If the data are right, `churn train` fits a model to them.",
        )
    console.result(result)
