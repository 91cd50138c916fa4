"""The commands of a schedule: the weekly, daily and monthly run, and `deploy`, which has Prefect start them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from pipelines.console import Console
from pipelines.options import (
    HERE,
    DateOption,
    JsonOption,
    PrefectOption,
    ProjectOption,
    SetOption,
    given_day,
    given_variables,
    opened_project,
)
from policy.errors import SettingsError


def weekly(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """The whole weekly run, for cron: feedback, check, features, score, signals, workbench, apply, report, alert."""
    _run("weekly", opened_project(project, set_), as_of, Console(json), prefect)


def daily(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """The whole daily run, for cron: check, signals, alert."""
    _run("daily", opened_project(project, set_), as_of, Console(json), prefect)


def monthly(
    project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False, prefect: PrefectOption = False
) -> None:
    """The whole monthly run, for cron: check, monitor, train."""
    _run("monthly", opened_project(project, set_), None, Console(json), prefect)


def deploy(
    project: ProjectOption = HERE,
    pool: Annotated[
        str, typer.Option("--pool", help="The work pool that runs them; made where it is missing.")
    ] = "churn",
    name: Annotated[
        str | None,
        typer.Option("--name", help="Put after the deployments' names, where several projects share a server."),
    ] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Register the schedules of churn.toml with the Prefect server at PREFECT_API_URL; again: nothing changes."""
    from pipelines import schedule_told
    from pipelines.deployments import deployments
    from pipelines.runs import run_deploy

    console = Console(json)
    wanted = deployments(opened_project(project, set_), given_variables(set_), name)
    console.progress("asking the Prefect server")
    result = run_deploy(wanted, pool)
    console.show(schedule_told.deployed(result))
    if result["makes_runs"]:
        console.result(result)
        return
    code = SettingsError.exit_code
    console.failure(code, result["server"], schedule_told.NO_RUNS, schedule_told.NO_RUNS_CURE, registered=result)
    raise typer.Exit(code)


def _run(what: str, project: Any, as_of: Any, console: Console, prefect: bool) -> None:
    from pipelines import runs, schedule_told

    found = runs.run_scheduled(what, project, given_day(as_of), prefect=prefect, progress=console.progress)
    console.show(schedule_told.run(found))
    if found["error"] is None:
        console.result(found)
        return
    console.failure(**found["error"], run=found)
    raise typer.Exit(found["error"]["code"])
