"""The command `churn capacity`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def capacity(
    project: ProjectOption = HERE, as_of: DateOption = None, set_: SetOption = None, json: JsonOption = False
) -> None:
    """Book of business: accounts, ARR and hours owed this week per owner and role, against what the policy gives."""
    from pipelines.capacity import capacity as counted
    from pipelines.capacity_told import told

    console = Console(json)
    opened = opened_project(project, set_)
    result = counted(opened, given_day(as_of), progress=console.progress)
    console.result(result)
    console.show(told(result, opened.settings.project.currency))
