"""The command `churn journey`."""

from __future__ import annotations

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def journey(
    project: ProjectOption = HERE, as_of: DateOption = None, set_: SetOption = None, json: JsonOption = False
) -> None:
    """Onboarding board, contacts owed and overdue, surveys due, feature requests, advocates."""
    from pipelines.journey import journey as found_journey
    from pipelines.journey_told import told

    console = Console(json)
    found = found_journey(opened_project(project, set_), given_day(as_of), progress=console.progress)
    console.result(found)
    console.show(told(found))
