"""The command `churn workbench`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def workbench(
    project: ProjectOption = HERE, as_of: DateOption = None, set_: SetOption = None, json: JsonOption = False
) -> None:
    """Plays, work list, capacity, journey, metrics and ways back to green of a scored day: what the pages show."""
    from pipelines.workbench import workbench as made

    console = Console(json)
    found = made(opened_project(project, set_), given_day(as_of), progress=console.progress)
    console.result(found)
    for name, told in found.items():
        if isinstance(told, dict):
            console.say(f"{name.replace('_', ' ').capitalize()}: {told['path']}")
    console.say("Next: `churn report` shows it on pages.")
