"""`churn crm …`: what is done once, before the first delivery."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.options import HERE, JsonOption, ProjectOption, SetOption, opened_project

app = typer.Typer(
    name="crm", help="The CRM: get it ready for scores and tasks.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def crm() -> None:
    """The CRM: get it ready for scores and tasks."""


@app.command()
def setup(
    project: ProjectOption = HERE,
    create: Annotated[bool, typer.Option("--create", help="Make what is missing, where the CRM allows it.")] = False,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """What fields the CRM lacks; with --create they are made, and nothing that exists is changed."""
    from pipelines import delivery_told
    from pipelines.console import Console
    from pipelines.crm_setup import set_up

    console = Console(json)
    result = set_up(opened_project(project, set_), create=create)
    console.result(result)
    console.show(delivery_told.crm_setup(result))
