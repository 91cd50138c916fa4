"""What `churn deploy` registers: plain data, without Prefect. prefect.yaml says the same for Prefect's own command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.alerts import has_channel
from pipelines.settings import Project
from pipelines.settings_schedule import NEVER

POOL = "churn"
FLOWS = "pipelines.flows"
SCHEDULED = {
    "weekly": (
        "weekly",
        "weekly",
        "Every week: feedback, check, features, score, signals, workbench, apply, report, alert.",
    ),
    "daily": ("daily-signals", "daily", "Every day, an hour before the weekly run: check, signals, alert."),
    "monthly": (
        "monthly-retrain",
        "monthly",
        "Every month: look at the shipped model, then train every scorer, judge them out of time, register what ships.",
    ),
    "alerts": ("hourly-alerts", "alerts", "Every hour: the alerts that waited for their owners' morning."),
}
"""Key of [schedule] → the deployment's name, its flow in pipelines/flows.py, what it does."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """One deployment as it should be; `cron` is null where it should not be at all."""

    name: str
    flow: str
    description: str
    cron: str | None
    timezone: str
    parameters: Mapping[str, Any]

    @property
    def entrypoint(self) -> str:
        """The flow by its module, so that it runs wherever this program is installed."""
        return f"{FLOWS}.{self.flow}"


def deployments(project: Project, variables: Mapping[str, str], name: str | None = None) -> list[Deployment]:
    """The deployments of a project. `name` is put after theirs, where several projects share a server.

    `variables` are those that `--set` replaces for every run. Alerts need a channel.
    """
    section, found = project.settings.schedule, []
    parameters: dict[str, Any] = {"project": str(project.folder)}
    if variables:
        parameters["variables"] = dict(variables)
    for key, (title, flow, description) in SCHEDULED.items():
        cron = getattr(section, key)
        wanted = cron != NEVER and (key != "alerts" or has_channel(project))
        full = f"{title}-{name}" if name else title
        found.append(Deployment(full, flow, description, cron if wanted else None, section.timezone, parameters))
    return found
