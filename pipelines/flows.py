"""The steps as Prefect flows: thin, so that without the decorators the code still runs.

Tables never cross a flow's parameters: steps that pass checked sources on are tasks without a cache.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import flow_run as this_run

from data_contracts.check import CheckReport
from pipelines import scheduled, steps
from pipelines.backtest import BacktestRequest
from pipelines.backtest import backtest as walked
from pipelines.build_features import Checked, checked_sources
from pipelines.demo import make_demo
from pipelines.failures_told import tell_failures
from pipelines.monitor import monitor_on
from pipelines.prove import prove_on
from pipelines.run_ledger import recorded
from pipelines.run_report import Report, reports, told_error
from pipelines.score import score_on
from pipelines.settings import Project, open_project
from pipelines.signals import signals_on
from pipelines.train import TrainRequest, train_on
from pipelines.weights import weights as weighed
from pipelines.workbench import workbench_on

log = logging.getLogger(__name__)
Variables = Mapping[str, str] | None


def _say(message: str) -> None:
    get_run_logger().info(message)


@task(cache_policy=NO_CACHE)
def train_step(checked: Checked, request: TrainRequest) -> dict[str, Any]:
    """Train on checked sources."""
    return train_on(checked, request, progress=_say)


@task(cache_policy=NO_CACHE)
def proof_step(checked: Checked) -> dict[str, Any]:
    """Prove on checked sources that nothing leaks."""
    return prove_on(checked, progress=_say)


@task(cache_policy=NO_CACHE)
def score_step(checked: Checked, as_of: date | None) -> dict[str, Any]:
    """Score checked sources."""
    return score_on(checked, as_of, progress=_say)


@task(cache_policy=NO_CACHE)
def signals_step(checked: Checked, as_of: date | None) -> dict[str, Any]:
    """Find the signals on checked sources."""
    return signals_on(checked, as_of, progress=_say)


@task(cache_policy=NO_CACHE)
def workbench_step(checked: Checked, day: str) -> dict[str, Any]:
    """Plays, work list, journey and metrics of a scored day."""
    return workbench_on(checked, day, progress=_say)


@task(cache_policy=NO_CACHE)
def monitor_step(checked: Checked, as_of: date | None) -> dict[str, Any]:
    """Look at the model on checked sources."""
    return monitor_on(checked, as_of, progress=_say)


@task(cache_policy=NO_CACHE)
def simulate_step(folder: str, seed: int, accounts: int, until: date) -> None:
    """Write the simulated company."""
    make_demo(Path(folder), seed=seed, accounts=accounts, until=until)


@task(cache_policy=NO_CACHE)
def apply_step(
    folder: str, variables: Variables, as_of: date | None, accepted: Sequence[str] = (), verify: bool = False
) -> dict[str, Any]:
    """Write to the destination."""
    return steps.apply(open_project(Path(folder), variables), as_of, accepted, verify=verify)


@task(cache_policy=NO_CACHE)
def report_step(folder: str, variables: Variables, as_of: date | None) -> str:
    """Write the pages."""
    return str(steps.report(open_project(Path(folder), variables), as_of))


@flow(name="check")
def check(project: str = ".", variables: Variables = None) -> CheckReport:
    """Every source table against its contract."""
    return steps.check(open_project(Path(project), variables), progress=_say)


@flow(name="build_features")
def build_features(as_of: date, project: str = ".", variables: Variables = None) -> dict[str, Any]:
    """The indicators of one as-of date."""
    return steps.features(open_project(Path(project), variables), as_of, progress=_say)


@flow(name="train")
def train(
    project: str = ".",
    variables: Variables = None,
    train_until: date | None = None,
    test_from: date | None = None,
    test_until: date | None = None,
    horizon_days: int | None = None,
    gap_days: int | None = None,
) -> dict[str, Any]:
    """Train every scorer, judge them out of time, register what ships."""
    request = TrainRequest(train_until, test_from, test_until, horizon_days, gap_days)
    return _checked_and_trained(open_project(Path(project), variables), request)


@recorded
def _checked_and_trained(project: Project, request: TrainRequest) -> dict[str, Any]:
    with checked_sources(project) as checked:
        return train_step(checked, request)


@flow(name="prove_no_leak")
def prove_no_leak(project: str = ".", variables: Variables = None) -> dict[str, Any]:
    """Prove that no figure knows the future; fails where one does."""
    with checked_sources(open_project(Path(project), variables)) as checked:
        return proof_step(checked)


@flow(name="score")
def score(
    project: str = ".",
    variables: Variables = None,
    as_of: date | None = None,
    policy_version: str | None = None,
) -> dict[str, Any]:
    """Score one snapshot."""
    with checked_sources(open_project(Path(project), variables, policy_version=policy_version)) as checked:
        return score_step(checked, as_of)


@flow(name="signals_daily")
def signals_daily(project: str = ".", variables: Variables = None, as_of: date | None = None) -> dict[str, Any]:
    """check → signals, as every day."""
    with checked_sources(open_project(Path(project), variables)) as checked:
        return signals_step(checked, as_of)


@flow(name="monitor")
def monitor(project: str = ".", variables: Variables = None, as_of: date | None = None) -> dict[str, Any]:
    """Whether the shipped model is still right."""
    with checked_sources(open_project(Path(project), variables)) as checked:
        return monitor_step(checked, as_of)


@flow(name="backtest")
def backtest(project: str = ".", variables: Variables = None) -> dict[str, Any]:
    """How every month's model would have done."""
    return walked(open_project(Path(project), variables), BacktestRequest(), progress=_say)


@flow(name="weights")
def weights(project: str = ".", variables: Variables = None) -> dict[str, Any]:
    """The health score's weights on trial."""
    return weighed(open_project(Path(project), variables), progress=_say)


@task(cache_policy=NO_CACHE)
def scheduled_step(step: Callable[[], Any]) -> Any:
    """A step of a scheduled run."""
    return step()


def _called(name: str, step: Callable[[], Any]) -> Any:
    return scheduled_step.with_options(name=name, task_run_name=name)(step)


def told(flow: Any, flow_run: Any, state: Any) -> None:
    """Tell whoever is to hear of failures. The worker calls this too, for a run whose process it found killed."""
    project, number = open_project(Path(flow_run.parameters.get("project", "."))), str(flow_run.id)
    if not any(found["flow_run"] == number for found in reports(project, flow.name)):
        # It ended before its report could begin.
        error = state.result(raise_on_failure=False) if state.is_failed() else None
        why = told_error(error) if isinstance(error, Exception) else None
        report = Report(project, flow.name, flow_run=number)
        report.close("failed" if why else "interrupted", why["code"] if why else None, why)
    if sent := tell_failures(project):
        log.info("the notice of the %s run: %s", flow.name, sent)


def _scheduled(what: str, project: str, variables: Variables, as_of: date | None = None) -> dict[str, Any]:
    made = scheduled.run(
        what,
        open_project(Path(project), variables),
        as_of,
        call=_called,
        flow_run=this_run.id,
        progress=_say,
    )
    if made.worst is not None:
        raise made.worst
    return made.given


@flow(name="weekly", on_failure=[told], on_crashed=[told])
def weekly(project: str = ".", variables: Variables = None, as_of: date | None = None) -> dict[str, Any]:
    """feedback → check → features → score → signals → workbench → apply → report → alert, as every Monday."""
    return _scheduled("weekly", project, variables, as_of)


@flow(name="daily", on_failure=[told], on_crashed=[told])
def daily(project: str = ".", variables: Variables = None, as_of: date | None = None) -> dict[str, Any]:
    """check → signals → alert, as every day."""
    return _scheduled("daily", project, variables, as_of)


@flow(name="monthly", on_failure=[told], on_crashed=[told])
def monthly(project: str = ".", variables: Variables = None) -> dict[str, Any]:
    """check → monitor → train, as every month."""
    return _scheduled("monthly", project, variables)


@flow(name="alerts", on_failure=[told], on_crashed=[told])
def alerts(project: str = ".", variables: Variables = None) -> dict[str, Any]:
    """The alerts that waited for their owners' morning."""
    return _scheduled("alerts", project, variables)


def reported(what: str, project: str, variables: Variables, as_of: date | None) -> dict[str, Any]:
    """Run one of them here and now; returns its report, also where it failed."""
    flow_of: dict[str, Any] = {"weekly": weekly, "daily": daily, "monthly": monthly}
    given: dict[str, Any] = {"project": project, "variables": variables}
    state = flow_of[what](**given, **({"as_of": as_of} if as_of else {}), return_state=True)
    number = str(state.state_details.flow_run_id)
    return next(found for found in reports(open_project(Path(project)), what) if found["flow_run"] == number)


@flow(name="demo")
def demo(until: date, folder: str = "demo", seed: int = 7, accounts: int = 500) -> dict[str, Any]:
    """The whole product on the simulated company."""
    simulate_step(folder, seed, accounts, until)
    with checked_sources(open_project(Path(folder)), docs=True) as checked:
        verdict = checked.report.as_json()
        trained = train_step(checked, TrainRequest())
        scored = score_step(checked, None)
        day = date.fromisoformat(scored["as_of"])
        found = signals_step(checked, day)
        worked = workbench_step(checked, day.isoformat())
    return {
        "check": verdict,
        "train": trained,
        "score": scored,
        "signals": found,
        "workbench": worked,
        "apply": apply_step(folder, None, day),
        "report": report_step(folder, None, day),
    }
