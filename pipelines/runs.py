"""A command's work as a plain call or, with --prefect, as the flow of the same name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.prefect_home import settle_prefect
from pipelines.settings import Project
from pipelines.tracking import no_telemetry

if TYPE_CHECKING:
    from data_contracts.check import CheckReport

Progress = Callable[[str], None]
Counter = Callable[[int, int], None]


def _flows(project_state: Path) -> Any:
    """The flows, once it is settled which Prefect they run on."""
    no_telemetry()
    settle_prefect(project_state)
    from pipelines import flows

    return flows


def _variables(project: Project) -> dict[str, str]:
    return dict(project.settings.variables)


def run_check(project: Project, *, prefect: bool, progress: Progress) -> CheckReport:
    """Check the sources; a stopped contract is in the report, not raised."""
    no_telemetry()
    if prefect:
        found: CheckReport = _flows(project.state).check(str(project.folder), _variables(project))
        return found
    from pipelines import steps

    return steps.check(project, progress=progress)


def run_features(project: Project, as_of: date, *, prefect: bool, progress: Progress) -> dict[str, Any]:
    """Build one snapshot's indicators."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).build_features(as_of, str(project.folder), _variables(project))
        return found
    from pipelines import steps

    return steps.features(project, as_of, progress=progress)


def run_train(project: Project, request: Any, *, prefect: bool, progress: Progress) -> dict[str, Any]:
    """Train, judge, register."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).train(
            str(project.folder),
            _variables(project),
            request.train_until,
            request.test_from,
            request.test_until,
            request.horizon_days,
            request.gap_days,
        )
        return found
    from pipelines.train import train

    return train(project, request, progress=progress)


def run_proof(project: Project, *, prefect: bool, progress: Progress) -> dict[str, Any]:
    """Prove that nothing leaks."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).prove_no_leak(str(project.folder), _variables(project))
        return found
    from pipelines.prove import prove

    return prove(project, progress=progress)


def run_score(
    project: Project, as_of: date | None, *, prefect: bool, progress: Progress, policy_version: str | None = None
) -> dict[str, Any]:
    """Score one snapshot; `policy_version` says which policy the project was opened with, for the flow."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).score(
            str(project.folder), _variables(project), as_of, policy_version
        )
        return found
    from pipelines.score import score

    return score(project, as_of, progress=progress)


def run_signals(project: Project, as_of: date | None, *, prefect: bool, progress: Progress) -> dict[str, Any]:
    """Find the signals that stand."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).signals_daily(str(project.folder), _variables(project), as_of)
        return found
    from pipelines.signals import signals

    return signals(project, as_of, progress=progress)


def run_monitor(project: Project, as_of: date | None, *, prefect: bool, progress: Progress) -> dict[str, Any]:
    """Look at the shipped model."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).monitor(str(project.folder), _variables(project), as_of)
        return found
    from pipelines.monitor import monitor

    return monitor(project, as_of, progress=progress)


def run_backtest(project: Project, *, prefect: bool, progress: Progress) -> dict[str, Any]:
    """Walk through the history with every month's model."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).backtest(str(project.folder), _variables(project))
        return found
    from pipelines.backtest import BacktestRequest, backtest

    return backtest(project, BacktestRequest(), progress=progress)


def run_weights(project: Project, *, prefect: bool, progress: Progress) -> dict[str, Any]:
    """Put the health score's weights on trial."""
    no_telemetry()
    if prefect:
        found: dict[str, Any] = _flows(project.state).weights(str(project.folder), _variables(project))
        return found
    from pipelines.weights import weights

    return weights(project, progress=progress)


def run_apply(
    project: Project,
    as_of: date | None,
    accepted: Collection[str] = (),
    *,
    verify: bool = False,
    prefect: bool,
    progress: Counter,
) -> dict[str, Any]:
    """Write to the destination."""
    if prefect:
        flows = _flows(project.state)
        found: dict[str, Any] = flows.apply_step(
            str(project.folder), _variables(project), as_of, list(accepted), verify
        )
        return found
    from pipelines import steps

    return steps.apply(project, as_of, accepted, verify=verify, progress=progress)


def run_report(project: Project, as_of: date | None, *, prefect: bool, progress: Counter) -> str:
    """Write the pages; returns the index page's path."""
    if prefect:
        return str(_flows(project.state).report_step(str(project.folder), _variables(project), as_of))
    from pipelines import steps

    return str(steps.report(project, as_of, progress=progress))


def run_scheduled(
    what: str, project: Project, as_of: date | None, *, prefect: bool, progress: Progress
) -> dict[str, Any]:
    """A scheduled run by its name; returns its report, also where it failed."""
    no_telemetry()
    if prefect:
        flows = _flows(project.state)
        found: dict[str, Any] = flows.reported(what, str(project.folder), _variables(project), as_of)
        return found
    from pipelines.scheduled import run

    return run(what, project, as_of, progress=progress).report.found


def run_deploy(wanted: Sequence[Any], pool: str) -> dict[str, Any]:
    """Register deployments with the Prefect server that the environment or the profile names."""
    no_telemetry()
    from pipelines.prefect_server import register

    return register(wanted, pool)


def run_demo(
    folder: Path, seed: int, accounts: int, until: date, *, prefect: bool, progress: Progress
) -> dict[str, Any]:
    """The whole product on the simulated company."""
    no_telemetry()
    if prefect:
        progress("starting Prefect's temporary server")
        found: dict[str, Any] = _flows(folder / ".churn").demo(until, str(folder), seed, accounts)
        return found
    from pipelines import steps
    from pipelines.build_features import checked_sources
    from pipelines.demo import make_demo
    from pipelines.score import score_on
    from pipelines.settings import open_project
    from pipelines.signals import signals_on
    from pipelines.train import TrainRequest, train_on
    from pipelines.workbench import workbench_on

    progress("simulating the company")
    make_demo(folder, seed=seed, accounts=accounts, until=until)
    project = open_project(folder)
    progress("checking the sources")
    with checked_sources(project, docs=True) as checked:
        verdict = checked.report.as_json()
        trained = train_on(checked, TrainRequest(), progress=progress)
        scored = score_on(checked, None, progress=progress)
        day = date.fromisoformat(scored["as_of"])
        found = signals_on(checked, day, progress=progress)
        worked = workbench_on(checked, day.isoformat(), progress=progress)
    progress("writing to the CRM")
    applied = steps.apply(project, day)
    progress("writing the pages")
    return {
        "check": verdict,
        "train": trained,
        "score": scored,
        "signals": found,
        "workbench": worked,
        "apply": applied,
        "report": str(steps.report(project, day)),
    }
