"""The commands `churn explain` and `churn indicators`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project


def explain(
    account: Annotated[str, typer.Argument(help="The account's id.")],
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Why one account is rated as it is, what changed and what to do next."""
    from pipelines import summaries
    from pipelines.explain import explain as explained

    console = Console(json)
    found = explained(opened_project(project, set_), account, given_day(as_of))
    console.result(found)
    console.show(summaries.explain(found))


def indicators(
    component: Annotated[str | None, typer.Option(help="Only this component.")] = None, json: JsonOption = False
) -> None:
    """The catalogue: every indicator with its meaning, unit, range and direction."""
    from pipelines import summaries
    from pipelines.explain import indicator_rows

    console = Console(json)
    rows = indicator_rows(component)
    console.result({"indicators": rows})
    console.show(summaries.indicators(rows))
