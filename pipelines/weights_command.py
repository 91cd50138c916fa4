"""The command `churn weights`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, JsonOption, PrefectOption, ProjectOption, SetOption, opened_project


def weights(
    project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False, prefect: PrefectOption = False
) -> None:
    """Would other weights of the health score do better? Tried on your history; the policy is never changed."""
    from pipelines import runs
    from pipelines.weights_printed import told

    console = Console(json)
    result = runs.run_weights(opened_project(project, set_), prefect=prefect, progress=console.progress)
    console.result(result)
    console.show(told(result))
