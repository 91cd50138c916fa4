"""`churn plays`: what stands is written beside the scores, told as one object, and made into tasks where asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.build_features import Checked, checked_sources
from pipelines.deliver import chosen_date
from pipelines.files import write_parquet
from pipelines.plays_facts import PlaysFacts, plays_facts
from pipelines.plays_found import Plays, alerts, found_plays
from pipelines.settings import Project
from policy.errors import UsageError, did_you_mean
from policy.policy import Policy
from serving.workbench.plays.expansion import Chance
from serving.workbench.plays.renewal import Renewal
from serving.workbench.plays.step import Step, frame_of, tasks_of
from serving.workbench.plays.success import Success
from serving.workbench.plays.success_plan import SuccessPlan
from serving.workbench.plays.win_back import Departure
from serving.workbench.plays.wins import Win

if TYPE_CHECKING:
    import pandas as pd


def plays(
    project: Project,
    as_of: date | None,
    account: str | None = None,
    *,
    write_tasks: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Find what stands and write it; returns the object `churn plays --json` prints.

    With `write_tasks` the steps that are near become tasks that the next `churn apply` delivers.
    """
    day = chosen_date(project, as_of)
    with checked_sources(project) as checked:
        return plays_on(checked, day, account, write_tasks=write_tasks, progress=progress)


def plays_on(
    checked: Checked,
    day: str,
    account: str | None = None,
    *,
    write_tasks: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """The same on sources that have been checked."""
    project = checked.project
    progress(f"plays as of {day}")
    facts = plays_facts(checked, day)
    if account is not None and account not in facts.accounts:
        raise UsageError(
            f"`{account}` has no term in force on {day}.", where="account", cure=did_you_mean(account, facts.accounts)
        )
    found = found_plays(facts, project.policy)
    folder = project.out("plays", f"as_of={day}")
    tasks = tasks_of(found.steps, facts.accounts, facts.runs.levels, facts.as_of, facts.run_id)
    for name, frame in _frames(found).items():
        write_parquet(frame, folder / f"{name}.parquet")
    if write_tasks:
        write_parquet(tasks, folder / "tasks.parquet")
    path = write_parquet(frame_of(found.steps), folder / "plays.parquet")
    return _told(found, facts, project.policy, account, tasks=len(tasks), written=write_tasks, path=str(path))


def _frames(found: Plays) -> dict[str, pd.DataFrame]:
    import pandas as pd

    return {
        name: pd.DataFrame([_flat(r) for r in rows], columns=list(fields))
        for name, rows, fields in (
            ("renewals", found.renewals, Renewal.__dataclass_fields__),
            ("chances", found.chances, Chance.__dataclass_fields__),
            ("departures", found.departures, Departure.__dataclass_fields__),
            ("wins", found.wins, Win._fields),
            ("success_plans", found.plans, SuccessPlan.__dataclass_fields__),
            ("success", found.successes, Success._fields),
        )
    }


def _flat(row: Any) -> dict[str, Any]:
    """A record as one row: several values are one text, set apart by semicolons."""
    values = row._asdict() if hasattr(row, "_asdict") else row.__dict__
    return {k: "; ".join(map(str, v)) if isinstance(v, tuple) else v for k, v in values.items()}


def _told(
    found: Plays, facts: PlaysFacts, policy: Policy, account: str | None, *, tasks: int, written: bool, path: str
) -> dict[str, Any]:
    steps = [s for s in found.steps if s.state != "done" and account in (None, s.account_id)]
    by_kind = {
        kind: dict(Counter(s.state for s in steps if s.kind == kind)) for kind in sorted({s.kind for s in steps})
    }
    chances = [c for c in found.chances if account in (None, c.account_id)]
    return {
        "as_of": facts.as_of.isoformat(),
        "account": account,
        "accounts": len({s.account_id for s in steps}),
        "by_kind": by_kind,
        "steps": [_step(s) for s in steps],
        "alerts": None if facts.signals is None else alerts(facts, policy, account),
        "renewals": [_json(asdict(r)) for r in found.renewals if account in (None, r.account_id)],
        "expansion": None if facts.signals is None else [_json(asdict(c)) for c in chances],
        "success_plans": [_json(asdict(p)) for p in found.plans if account in (None, p.account_id)],
        "wins": [_json(w._asdict()) for w in found.wins if account in (None, w.account_id)],
        "win_back": _json(asdict(found.win_back)),
        "success": [s._asdict() for s in found.successes],
        "tasks": tasks,
        "tasks_written": written,
        "path": path,
    }


def _step(step: Step) -> dict[str, Any]:
    return _json({"task_key": step.key, **{k: v for k, v in asdict(step).items() if k != "delivered"}})


def _json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else list(v) if isinstance(v, tuple) else v for k, v in row.items()}
