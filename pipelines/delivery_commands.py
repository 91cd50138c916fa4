"""The commands that deal with the CRM: plan, apply, rollback, status, retry, feedback."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

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
    opened_project,
)
from policy.errors import DeliveryIncomplete

AcceptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--accept",
        help="A breaker that may trip, because somebody has looked: rejected, tier_moves, new_tasks or sources. "
        "May be repeated.",
    ),
]


def plan(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    accept: AcceptOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """The dry run of apply: what would change in the CRM."""
    from pipelines import delivery_told, steps

    console = Console(json)
    found = steps.plan(opened_project(project, set_), given_day(as_of), accept or ())
    console.result_in_pieces(found.pieces())
    console.show(delivery_told.plan(found))


def apply(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    accept: AcceptOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Look at every row again, even where this run has been delivered whole.")
    ] = False,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Write scores and tasks to the CRM; run again after any interruption."""
    from pipelines import delivery_told, runs

    console = Console(json)
    result = runs.run_apply(
        opened_project(project, set_),
        given_day(as_of),
        accept or (),
        verify=verify,
        prefect=prefect,
        progress=console.counter("rows"),
    )
    console.result(result)
    console.show(delivery_told.apply(result))


def rollback(
    run: Annotated[str, typer.Argument(help="The run's id, as `churn apply` and `churn status` tell it.")],
    project: ProjectOption = HERE,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Take the last run back: every field shows again what it showed before, unless a person has edited it since."""
    from pipelines import delivery_told, steps

    console = Console(json)
    result = steps.rollback(opened_project(project, set_), run, progress=console.counter("rows"))
    console.result(result)
    console.show(delivery_told.rollback(result))


def status(
    project: ProjectOption = HERE,
    late: Annotated[
        bool, typer.Option("--late", help="Leave with exit code 6 where a run of [schedule] is late: for a watchdog.")
    ] = False,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """The last deliveries and scheduled runs, what is still on its way, what was rejected and why. Calls nobody."""
    from pipelines import delivery_told, schedule_told, steps
    from pipelines.due_runs import due_runs

    console = Console(json)
    opened = opened_project(project, set_)
    found, runs = steps.status(opened), due_runs(opened, datetime.now(UTC))
    console.show(delivery_told.status(found))
    if late or any(line["run"] for line in runs):
        console.show(schedule_told.due(runs))
    told = {**found.as_json(), "scheduled": runs}
    if late and any(line["late"] for line in runs):
        console.failure(DeliveryIncomplete.exit_code, "schedule", *schedule_told.lateness(runs), status=told)
        raise typer.Exit(DeliveryIncomplete.exit_code)
    console.result(told)


def retry(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Send again what the last delivery left waiting and what was rejected, once its cause is cured."""
    from pipelines import delivery_told, steps

    console = Console(json)
    result = steps.retry(opened_project(project, set_), given_day(as_of), progress=console.counter("rows"))
    console.result(result)
    console.show(delivery_told.apply(result))


def feedback(project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False) -> None:
    """Read back what people put into the CRM: outcomes and causes of tasks, marks on drivers, overrides, ratings."""
    from pipelines import delivery_told
    from pipelines.feedback import pull_feedback

    console = Console(json)
    result = pull_feedback(opened_project(project, set_))
    console.result(result)
    console.show(delivery_told.feedback(result))


def alert(
    project: ProjectOption = HERE, as_of: DateOption = None, set_: SetOption = None, json: JsonOption = False
) -> None:
    """Tell owners of new signals, by mail or webhook: each once, in a digest where there are many, not at night."""
    from pipelines import delivery_told
    from pipelines.alerts import alert as tell

    console = Console(json)
    result = tell(opened_project(project, set_), given_day(as_of))
    console.result(result)
    console.show(delivery_told.alert(result))
