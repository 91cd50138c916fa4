"""The command line `churn`: one command per step, an exit code per outcome, JSON for those who script."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines.autopsy_command import autopsy
from pipelines.back_to_green_command import back_to_green
from pipelines.backtest_command import backtest
from pipelines.capacity_command import capacity
from pipelines.console import Console, other_failure
from pipelines.crm_commands import app as crm_app
from pipelines.delivery_commands import alert, apply, feedback, plan, retry, rollback, status
from pipelines.explain_command import explain, indicators
from pipelines.journey_command import journey
from pipelines.kpis_command import kpis, scenario
from pipelines.monitor_command import monitor
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
from pipelines.plays_command import plays
from pipelines.policy_commands import app as policy_app
from pipelines.qbr_command import qbr
from pipelines.replay_command import replay
from pipelines.review_command import review
from pipelines.runs_command import runs as training_runs
from pipelines.schedule_commands import daily, deploy, monthly, weekly
from pipelines.signals_command import signals
from pipelines.weights_command import weights
from pipelines.workbench_command import workbench
from pipelines.worklist_command import worklist
from policy.errors import ChurnError

app = typer.Typer(
    name="churn",
    help="Churn prediction for B2B SaaS: check, train, score, write back, explain.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(policy_app)
app.add_typer(crm_app)


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="The folder to fill.")] = HERE,
    json: JsonOption = False,
) -> None:
    """Write a commented project folder: churn.toml, one SELECT per table, policy.yaml."""
    from pipelines.scaffold import scaffold

    written = scaffold(folder)
    console = Console(json)
    console.result({"folder": str(folder), "files": [str(p) for p in written]})
    console.say(f"{len(written)} files written to {folder}.")
    console.say(
        "Next: fill in sources/accounts.sql, sources/subscriptions.sql and one activity table, then `churn check`."
    )


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the demo project.")] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Seed of the simulated company.")] = 7,
    accounts: Annotated[int, typer.Option(min=50, help="Accounts in its book.")] = 500,
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The Monday its data end; default: the last one.")
    ] = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Simulate a company and run everything on it: check, train, score, CRM, pages."""
    from pipelines import summaries
    from pipelines.demo import last_monday
    from pipelines.runs import run_demo

    console = Console(json)
    day = given_day(until) or last_monday(datetime.now(UTC).date())
    result = run_demo(folder, seed, accounts, day, prefect=prefect, progress=console.progress)
    console.result(result)
    console.show(summaries.demo(result, folder))


@app.command()
def check(
    project: ProjectOption = HERE,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Check every source table against its contract; set failing rows apart; write Data Docs."""
    from pipelines import runs, summaries

    console = Console(json)
    opened = opened_project(project, set_)
    found = runs.run_check(opened, prefect=prefect, progress=console.progress)
    report = found.as_json()
    console.show(summaries.check(report, opened))
    found.raise_if_stopped()
    console.result(report)


@app.command()
def features(
    as_of: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The as-of date, YYYY-MM-DD.")],
    project: ProjectOption = HERE,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Build every indicator as known before one as-of date."""
    from pipelines import runs

    console = Console(json)
    result = runs.run_features(opened_project(project, set_), as_of.date(), prefect=prefect, progress=console.progress)
    console.result(result)
    console.say(
        f"{result['rows']} accounts × {result['indicators']} indicators as of {result['as_of']}: {result['path']}"
    )


@app.command()
def train(
    project: ProjectOption = HERE,
    train_until: DateOption = None,
    test_from: DateOption = None,
    test_until: DateOption = None,
    horizon_days: Annotated[int | None, typer.Option(min=1, help="Days the label window is long.")] = None,
    gap_days: Annotated[int | None, typer.Option(min=0, help="Days between the snapshot and the window.")] = None,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Train every scorer, judge them out of time, register the champion."""
    from pipelines import runs, summaries
    from pipelines.train import TrainRequest

    console = Console(json)
    request = TrainRequest(given_day(train_until), given_day(test_from), given_day(test_until), horizon_days, gap_days)
    opened = opened_project(project, set_)
    result = runs.run_train(opened, request, prefect=prefect, progress=console.progress)
    console.result(result)
    console.show(summaries.train(result, opened))


app.command("runs")(training_runs)


@app.command()
def prove_no_leak(
    project: ProjectOption = HERE, set_: SetOption = None, json: JsonOption = False, prefect: PrefectOption = False
) -> None:
    """Prove that no figure knows the future: checks on data and pipeline, and a certificate."""
    from pipelines import runs, summaries

    console = Console(json)
    result = runs.run_proof(opened_project(project, set_), prefect=prefect, progress=console.progress)
    console.result(result)
    console.show(summaries.proof(result))


@app.command()
def score(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    policy_version: Annotated[
        str | None,
        typer.Option(help="Score with the policy of an earlier score instead of policy.yaml: its version."),
    ] = None,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Score one snapshot: probability, health, tiers, reasons, tasks. Nothing leaves the project folder."""
    from pipelines import runs, summaries

    console = Console(json)
    result = runs.run_score(
        opened_project(project, set_, policy_version),
        given_day(as_of),
        prefect=prefect,
        progress=console.progress,
        policy_version=policy_version,
    )
    console.result(result)
    console.show(summaries.score(result))


app.command()(signals)
app.command()(kpis)
app.command()(scenario)
app.command()(plays)
app.command()(journey)
app.command()(monitor)
app.command()(backtest)
app.command()(weights)
app.command()(worklist)
app.command()(capacity)
app.command()(workbench)
app.command()(plan)
app.command()(apply)
app.command()(rollback)
app.command()(status)
app.command()(retry)
app.command()(feedback)
app.command()(alert)
app.command()(weekly)
app.command()(daily)
app.command()(monthly)
app.command()(deploy)
app.command()(review)
app.command()(replay)
app.command()(autopsy)


@app.command()
def report(
    project: ProjectOption = HERE,
    as_of: DateOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
    prefect: PrefectOption = False,
) -> None:
    """Write the CSM pages: the book and one page per account."""
    from pipelines import runs

    console = Console(json)
    page = runs.run_report(
        opened_project(project, set_), given_day(as_of), prefect=prefect, progress=console.counter("pages")
    )
    console.result({"page": page})
    console.say(f"Open {page}")


app.command()(explain)
app.command()(indicators)
app.command()(back_to_green)
app.command()(qbr)


def main(argv: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    console = Console("--json" in arguments)
    try:
        code = app(args=arguments, standalone_mode=False)
    except ChurnError as error:
        console.failure(error.exit_code, error.where, error.message, error.cure)
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last stop: every other failure becomes exit code 1 or 2
        sys.exit(other_failure(error, console))
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    os.environ.setdefault("DO_NOT_TRACK", "true")
    main()
