"""The commands `churn kpis` and `churn scenario`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project
from policy.errors import UsageError


class Axis(StrEnum):
    """What the metrics may be cut by."""

    segment = "segment"
    touch_model = "touch_model"
    csm = "csm"
    cohort = "cohort"


def kpis(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    by: Annotated[Axis | None, typer.Option(help="Cut the metrics by this as well.")] = None,
    months: Annotated[
        int | None, typer.Option(min=1, help="Months of history; default: all that the subscriptions hold.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write everything into this .xlsx file, a sheet per table.")
    ] = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """The metrics (M1–M17) against their targets, the ARR waterfall, what moved GRR, and the goal for churn."""
    from pipelines import kpis as run
    from pipelines.kpis_told import told

    console = Console(json)
    opened = opened_project(project, set_)
    found, folder = run.kpis(opened, given_day(as_of), months=months, export=export, progress=console.progress)
    axis = None if by is None else by.value
    console.result(run.summary(found, folder, axis))
    console.show(told(found, axis, opened.settings.project.currency))
    console.say(f"{folder}" + (f", and {export}" if export else ""))


def scenario(
    project: ProjectOption = HERE,
    own: Annotated[
        bool,
        typer.Option("--own", help="Start from the book's own ARR and rates, as the last `churn kpis` found them."),
    ] = False,
    arr: Annotated[float | None, typer.Option(min=0, help="ARR at the start.")] = None,
    churn: Annotated[float | None, typer.Option(min=0, max=1, help="Annual churn, as a share of ARR: 0.15.")] = None,
    contraction: Annotated[float | None, typer.Option(min=0, max=1, help="Annual contraction, a share of ARR.")] = None,
    expansion: Annotated[float | None, typer.Option(min=0, help="Annual expansion, a share of ARR.")] = None,
    new_arr: Annotated[float | None, typer.Option(min=0, help="ARR of new customers in a year.")] = None,
    months: Annotated[int | None, typer.Option(min=1, max=120, help="Months to look ahead.")] = None,
    json: JsonOption = False,
) -> None:
    """What rates of churn, contraction and expansion come to, month by month, beside what the scenario promises (M18)."""
    from pipelines.kpis_told import scenario_told
    from pipelines.scenario import chosen_rates, plan
    from policy.policy import load_policy

    console = Console(json)
    if not project.is_dir():
        raise UsageError("there is no such folder.", where=str(project), cure="Give --project FOLDER.")
    # Only the policy is read, unless the book's own figures are asked for: it can be planned before there is data.
    policy = load_policy(project / "policy.yaml")
    given = {
        "arr": arr,
        "churn": churn,
        "contraction": contraction,
        "expansion": expansion,
        "new_arr": new_arr,
        "months": months,
    }
    rates = chosen_rates(policy, project if own else None, given)
    found = plan(policy, rates)
    console.result(found)
    console.show(scenario_told(found))
