"""The command `churn replay`."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.console import Console
from pipelines.options import HERE, DateOption, JsonOption, ProjectOption, SetOption, given_day, opened_project
from policy.errors import UsageError


def replay(
    account: Annotated[str | None, typer.Argument(help="The account's id; none with --all.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Every account that was scored on the day.")] = False,
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:
    """Rebuild a published score from what was known then, and say whether it is equal bit for bit."""
    from pipelines.replay import replay as replayed
    from pipelines.replay_told import told
    from pipelines.tracking import no_telemetry

    if (account is None) != all_:
        raise UsageError(
            "says neither which account nor all." if account is None else "names an account and all of them.",
            where="replay",
            cure="Give an account's id, or --all.",
        )
    no_telemetry()
    console = Console(json)
    opened = opened_project(project, set_)
    result = replayed(opened, account, given_day(as_of), progress=console.progress)
    console.result(result)
    console.show(told(result))
