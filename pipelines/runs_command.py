"""The command `churn runs`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, JsonOption, ProjectOption, SetOption, opened_project


def runs(project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False) -> None:
    """Every training run and backtest, the newest last: when, how it ended, what shipped, how well it did, why it failed."""
    from pipelines import summaries
    from pipelines.run_ledger import runs as recorded_runs

    console = Console(json)
    found = recorded_runs(opened_project(project, set_))
    console.result({"runs": found})
    console.show(summaries.training_runs(found))
