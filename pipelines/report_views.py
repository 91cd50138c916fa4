"""The records of the pages beside the accounts', each from the files of the day it is for."""

from __future__ import annotations

from pipelines.data_health import data_health
from pipelines.settings import Project
from serving.workbench.pages.policy_view import policy_view


def views(project: Project, as_of: str) -> dict[str, object]:
    """Page of the navigation → its record; what was not computed for the day is left out."""
    return {"policy": policy_view(project.policy), "data": data_health(project, as_of)}
