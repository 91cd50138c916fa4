"""The options that several commands share, and what they mean."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from policy.errors import UsageError

ProjectOption = Annotated[Path, typer.Option("--project", "-p", help="The project folder (holds churn.toml).")]
SetOption = Annotated[list[str] | None, typer.Option("--set", help="Replace a variable: name=value. May be repeated.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout; everything else on stderr.")]
PrefectOption = Annotated[bool, typer.Option("--prefect", help="Run the same functions as a Prefect flow.")]
DateOption = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="An as-of date, YYYY-MM-DD.")]
HERE = Path()


def opened_project(folder: Path, set_: list[str] | None, policy_version: str | None = None) -> Any:
    """The project in a folder, with the variables that --set replaces."""
    from pipelines.settings import open_project

    return open_project(folder, given_variables(set_), policy_version=policy_version)


def given_variables(set_: list[str] | None) -> dict[str, str]:
    """What --set replaces. Raises UsageError for what is not name=value."""
    overrides = {}
    for pair in set_ or []:
        name, equals, value = pair.partition("=")
        if not equals:
            raise UsageError(
                f"`{pair}` is not name=value.", where="--set", cure="Write for example --set data=../data."
            )
        overrides[name.strip()] = value
    return overrides


def given_day(given: datetime | None) -> date | None:
    """The date of a date option; null where it was not given."""
    return None if given is None else given.date()
