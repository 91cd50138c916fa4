"""The command `churn weights`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, JsonOption, ProjectOption, SetOption, opened_project


def weights(project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False) -> None:
    """Would other weights of the health score do better? Tried on your history; the policy is never changed."""
    from pipelines.tracking import no_telemetry
    from pipelines.weights import weights as tried
    from pipelines.weights_printed import told

    no_telemetry()
    console = Console(json)
    result = tried(opened_project(project, set_), progress=console.progress)
    console.result(result)
    console.show(told(result))
