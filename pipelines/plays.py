"""The playbooks on the pipeline's own output: what stands for every account, and the tasks that come of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from pipelines.build_features import Checked, checked_sources
from pipelines.deliver import chosen_date
from pipelines.files import write_parquet
from pipelines.plays_facts import STANDS, PlaysFacts, plays_facts
from pipelines.settings import Project
from policy.errors import UsageError, did_you_mean
from policy.policy import Policy
from serving.workbench.plays.account import Account
from serving.workbench.plays.expansion import Calm, Chance, chance, expansion_steps, opened_on
from serving.workbench.plays.message import draft
from serving.workbench.plays.onboarding import CALLS, first_days, onboarding_steps
from serving.workbench.plays.prevention import ended_on, prevention, rounds
from serving.workbench.plays.renewal import Renewal, renewal, renewal_steps
from serving.workbench.plays.rows import day_of
from serving.workbench.plays.step import Step, frame_of, tasks_of
from serving.workbench.plays.success import Started, Success, recoveries, successes
from serving.workbench.plays.success_plan import SuccessPlan, plan_of
from serving.workbench.plays.win_back import Departure, WinBackRate, departures, win_back_rate, win_back_steps
from serving.workbench.plays.wins import Win, newest_reached, wins

if TYPE_CHECKING:
    import pandas as pd

TALK = "expansion talk"


@dataclass(frozen=True)
class Plays:
    """All that stands on a day."""

    steps: list[Step]
    renewals: list[Renewal]
    chances: list[Chance]
    departures: list[Departure]
    win_back: WinBackRate
    wins: list[Win]
    plans: list[SuccessPlan]
    successes: list[Success]


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
    return _told(found, facts, account, tasks=len(tasks), written=write_tasks, path=str(path))


def found_plays(facts: PlaysFacts, policy: Policy) -> Plays:
    """What stands, from the facts alone. Accounts of the holdout have no play."""
    accounts = {name: a for name, a in facts.accounts.items() if name not in facts.held}
    over = {key for key, said in facts.words.items() if said.over}
    green = {name: recoveries(scores, policy) for name, scores in facts.runs.scores.items()}
    log = wins(_rows(facts, "milestones"), _rows(facts, "survey_responses"), green, facts.as_of, policy)
    steps = _prevention(facts, accounts, newest_reached(log), policy)
    renewals, chances = [], []
    for name, account in accounts.items():
        one = renewal(facts.terms.get(name, []), facts.of("opportunities", name), facts.as_of, policy)
        if one is not None:
            renewals.append(one)
            steps += renewal_steps(one, account, over, facts.as_of, policy)
        chances += (found := _chance(facts, account, policy))
        for each in found:
            steps += _talk(facts, account, each, over, policy)
        if account.started_on is not None:
            seen = first_days(facts.of("milestones", name), facts.of("touchpoints", name), account.started_on)
            steps += onboarding_steps(account, seen, over, facts.as_of, policy)
    gone = departures(facts.terms, facts.as_of, policy)
    for departure in gone:
        who = facts.accounts.get(departure.account_id, Account(departure.account_id))
        steps += win_back_steps(departure, who, over, facts.as_of, policy)
    return Plays(
        steps,
        renewals,
        chances,
        gone,
        win_back_rate(gone),
        log,
        _plans(facts, accounts, policy),
        successes(_started(facts), facts.runs.scores, facts.as_of, policy),
    )


def _prevention(
    facts: PlaysFacts, accounts: Mapping[str, Account], reached: Mapping[str, str], policy: Policy
) -> list[Step]:
    steps: list[Step] = []
    runs = facts.runs
    for one in rounds(runs.tasks, runs.published, runs.levels, runs=policy.tasks.recovery.runs):
        account = accounts.get(one.account_id)
        if account is None:
            continue
        contacts = [
            day
            for row in facts.of("touchpoints", one.account_id)
            if row["kind"] in CALLS and row.get("attended") is not False and (day := day_of(row["occurred_at"]))
        ]
        text = draft(facts.noticed(one.account_id), reached.get(one.account_id), facts.as_of)
        levels, scores = runs.levels[one.account_id], runs.scores[one.account_id]
        steps += prevention(one, account, levels, scores, facts.words, contacts, text, facts.as_of, policy)
    return steps


def _calm(facts: PlaysFacts, account: str, policy: Policy) -> Calm:
    levels = facts.runs.levels.get(account, {})
    warnings = [
        str(row["name"]).replace("_", " ")
        for row in (facts.signals or {}).get(account, [])
        if row["status"] in STANDS and row["kind"] == "warning" and not row["confirmatory"]
    ]
    escalated = [d for r in facts.of("support_tickets", account) if (d := day_of(r.get("escalated_at")))]
    closed = [s.on.date() for k, s in facts.words.items() if s.over and k.startswith(f"{account}|{TALK}:")]
    return Calm(
        tuple(warnings),
        bool(levels) and levels[max(levels)].at_risk,
        max(ended_on(levels, policy.tasks.recovery.runs), default=None),
        max(escalated, default=None),
        max(closed, default=None),
    )


def _chance(facts: PlaysFacts, account: Account, policy: Policy) -> list[Chance]:
    """The account's chance to grow; none where nobody has looked for signals."""
    rows = (facts.signals or {}).get(account.account_id, [])
    began = {r["episode_key"]: r for r in rows if r["kind"] == "expansion" and r["status"] in STANDS}
    told = [
        (str(e["what"]), began[e["episode_key"]]["episode_started_on"], str(e["sentence"]))
        for e in facts.evidence.get(account.account_id, [])
        if e["episode_key"] in began
    ]
    found = chance(account, told, _calm(facts, account.account_id, policy), facts.as_of, policy)
    return [] if found is None else [found]


def _talk(facts: PlaysFacts, account: Account, found: Chance, over: set[str], policy: Policy) -> list[Step]:
    tiers, since = facts.runs.tiers.get(account.account_id, {}), facts.as_of
    for day in sorted(tiers, reverse=True):
        if tiers[day] != policy.expansion.tier:
            break
        since = day
    day = opened_on(found.since, since, _calm(facts, account.account_id, policy), policy)
    return expansion_steps(found, account, day, over, facts.as_of, policy)


def _plans(facts: PlaysFacts, accounts: Mapping[str, Account], policy: Policy) -> list[SuccessPlan]:
    """One per account; none where no milestones are delivered: then nothing is known of any part."""
    if "milestones" not in facts.delivered:
        return []
    return [
        plan_of(
            account,
            facts.of("milestones", name),
            [
                day
                for row in facts.of("touchpoints", name)
                if row["kind"] == policy.success_plans.reviewed_at
                and row.get("attended") is not False
                and (day := day_of(row["occurred_at"]))
            ],
            facts.as_of,
            policy,
        )
        for name, account in accounts.items()
    ]


def _started(facts: PlaysFacts) -> Iterable[Started]:
    for row in facts.runs.tasks:
        yield Started(str(row["account_id"]), str(row["play"]), facts.runs.published[row["on"]].date())


def _rows(facts: PlaysFacts, table: str) -> Iterable[Mapping[str, Any]]:
    return (row for rows in facts.tables.get(table, {}).values() for row in rows)


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
    found: Plays, facts: PlaysFacts, account: str | None, *, tasks: int, written: bool, path: str
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
        "steps": [_step(s, facts) for s in steps],
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


def _step(step: Step, facts: PlaysFacts) -> dict[str, Any]:
    account = facts.accounts.get(step.account_id)
    told = {k: v for k, v in asdict(step).items() if k != "delivered"}
    return _json({"task_key": step.key, **told, "owner_id": None if account is None else account.owner_id})


def _json(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else list(v) if isinstance(v, tuple) else v for k, v in row.items()}
