"""What runs on a schedule: the same steps under cron and under Prefect, each in the report of its run.

A step that others rest on ends the run where it fails; after any other the run goes on. The run's exit code is that of
its worst step (`WORST_FIRST`).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pipelines.failures_told import tell_failures
from pipelines.run_report import Report, told_error
from pipelines.settings import Project
from policy.errors import ChurnError

log = logging.getLogger(__name__)
WORST_FIRST = (1, 3, 2, 4, 5, 6, 7)
"""Exit codes by how much they ask of a person: a bug, what is set up wrongly, the data, too few of them, what waits."""
NOTHING_BACK = ("files", "webhook")
"""Kinds of destination in which nobody writes anything for us to read."""
Progress = Callable[[str], None]
Call = Callable[[str, Callable[[], Any]], Any]


class Stopped(Exception):
    """A step failed that the others rest on."""


def plainly(_: str, step: Callable[[], Any]) -> Any:
    """Call a step as the function it is."""
    return step()


@dataclass
class Round:
    """One run: its report, what its steps gave, and what went wrong."""

    project: Project
    as_of: date | None
    report: Report
    call: Call
    progress: Progress
    given: dict[str, Any] = field(default_factory=dict)
    errors: list[Exception] = field(default_factory=list)

    def step(self, name: str, step: Callable[[], Any], *, needed: bool = True, shown: Any = None) -> Any:
        """Take a step; null where it failed and others do not rest on it. `shown`: what of its result is told."""
        self.progress(name)
        self.report.begin(name)
        try:
            result = self.call(name, step)
        except Exception as error:
            if not isinstance(error, ChurnError):
                log.exception("the step %s failed", name)
            self.errors.append(error)
            self.report.end("failed", error=error)
            if needed:
                raise Stopped from error
            return None
        except BaseException as error:
            self.report.end("interrupted", error=error)
            raise
        self.given[name] = shown(result) if shown else result
        self.report.end("done", result=_brief(self.given[name]))
        return result

    @property
    def worst(self) -> Exception | None:
        """The error that the run's exit code is of."""
        return min(self.errors, key=lambda e: WORST_FIRST.index(told_error(e)["code"]), default=None)


def run(
    what: str,
    project: Project,
    as_of: date | None = None,
    *,
    call: Call = plainly,
    flow_run: str | None = None,
    progress: Progress = lambda _: None,
) -> Round:
    """Run what is scheduled under that name (of `ROUNDS`), with its report; errors are in it, and not raised.

    `call` takes each step. Who is to hear of failures is told of this one, and of earlier ones that were killed.
    """
    tell_failures(project)
    report = Report(project, what, asked=None if as_of is None else as_of.isoformat(), flow_run=flow_run)
    made = Round(project, as_of, report, call, progress)
    try:
        ROUNDS[what](made)
    except Stopped:
        pass
    except Exception as error:
        log.exception("the %s run failed between its steps", what)
        made.errors.append(error)
    except BaseException as error:
        report.close("interrupted", None, told_error(error))
        raise
    worst = made.worst
    told = None if worst is None else told_error(worst)
    report.close("done" if told is None else "failed", 0 if told is None else told["code"], told)
    if told is not None:
        report.note(tell_failures(project))
    return made


def weekly(made: Round) -> None:
    """feedback → check → score, with its features → signals → workbench → apply → report → alert."""
    from pipelines import steps
    from pipelines.score import score_on
    from pipelines.signals import signals_on
    from pipelines.workbench import workbench_on

    project, say = made.project, made.progress
    _feedback(made)
    with ExitStack() as open_:
        checked = _check(made, open_)
        scored = made.step("score", lambda: score_on(checked, made.as_of, progress=say))
        day = date.fromisoformat(scored["as_of"])
        made.step("signals", lambda: signals_on(checked, day, progress=say), needed=False)
        made.step("workbench", lambda: workbench_on(checked, day.isoformat(), progress=say), needed=False)
    made.step("apply", lambda: steps.apply(project, day), needed=False)
    made.step("report", lambda: str(steps.report(project, day)), needed=False)
    alerts(made)


def daily(made: Round) -> None:
    """check → signals → alert."""
    from pipelines.signals import signals_on

    with ExitStack() as open_:
        checked = _check(made, open_)
        made.step("signals", lambda: signals_on(checked, made.as_of, progress=made.progress))
    alerts(made)


def monthly(made: Round) -> None:
    """check → monitor, which looks at the model that is to be replaced → train."""
    from pipelines.monitor import monitor_on
    from pipelines.tracking import Tracking
    from pipelines.train import TrainRequest, train_on

    with ExitStack() as open_:
        checked = _check(made, open_)
        if Tracking(made.project).champion() is None:
            made.report.skip("monitor", "no model has been trained yet")
        else:
            made.step("monitor", lambda: monitor_on(checked, made.as_of, progress=made.progress), needed=False)
        made.step("train", lambda: train_on(checked, TrainRequest(), progress=made.progress))


def alerts(made: Round) -> None:
    """Tell owners of new signals."""
    from pipelines.alerts import alert, has_channel

    if not has_channel(made.project):
        made.report.skip("alert", "no channel is set up in [alerts]")
    elif made.as_of is not None:
        made.report.skip("alert", "nobody is told of a day that was asked for")
    else:
        made.step("alert", lambda: alert(made.project, None), needed=False)


ROUNDS: Mapping[str, Callable[[Round], None]] = {
    "weekly": weekly,
    "daily": daily,
    "monthly": monthly,
    "alerts": alerts,
}


def _feedback(made: Round) -> None:
    """First, so that what people said is in the sources when they are read."""
    from pipelines.feedback import pull_feedback

    kind = made.project.settings.destination.kind
    if kind in NOTHING_BACK:
        made.report.skip("feedback", f"a {kind} destination gives nothing back")
    else:
        made.step("feedback", lambda: pull_feedback(made.project), needed=False)


def _check(made: Round, open_: ExitStack) -> Any:
    from pipelines.build_features import checked_sources

    sources = checked_sources(made.project, docs=True)
    return made.step("check", lambda: open_.enter_context(sources), shown=lambda checked: checked.report.as_json())


def _brief(result: Any) -> Mapping[str, Any]:
    """What of a step's result stands in the report: its counts and texts, of nested ones the counts alone."""
    if not isinstance(result, Mapping):
        return {"path": str(result)}
    if "verdict" in result and "tables" in result:
        rows = result["tables"].values()
        return {
            "verdict": result["verdict"],
            "tables": len(rows),
            "quarantined": sum(r["quarantined"] or 0 for r in rows),
        }
    plain = {name: value for name, value in result.items() if isinstance(value, str | int | float)}
    counts = {name: v for name, v in result.items() if isinstance(v, Mapping) and _counts(v)}
    return plain | {name: dict(v) for name, v in counts.items()}


def _counts(values: Mapping[Any, Any]) -> bool:
    return all(isinstance(value, int) for value in values.values())
