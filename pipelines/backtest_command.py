"""The command `churn backtest`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, JsonOption, ProjectOption, SetOption, opened_project


def backtest(project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False) -> None:
    """How would every month's model have done, what does age cost it, and how often is training worth it?"""
    from pipelines.backtest import BacktestRequest
    from pipelines.backtest import backtest as walked
    from pipelines.backtest_told import told
    from pipelines.tracking import no_telemetry

    no_telemetry()
    console = Console(json)
    result = walked(opened_project(project, set_), BacktestRequest(), progress=console.progress)
    console.result(result)
    console.show(told(result))
