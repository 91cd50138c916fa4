"""The command `churn backtest`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, JsonOption, PrefectOption, ProjectOption, SetOption, opened_project


def backtest(
    project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False, prefect: PrefectOption = False
) -> None:
    """How would every month's model have done, what does age cost it, and how often is training worth it?"""
    from pipelines import runs
    from pipelines.backtest_told import told

    console = Console(json)
    result = runs.run_backtest(opened_project(project, set_), prefect=prefect, progress=console.progress)
    console.result(result)
    console.show(told(result))
