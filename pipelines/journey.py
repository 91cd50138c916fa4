"""The customer's way on the pipeline's own output: onboarding board, contacts owed, surveys, wishes, advocates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from features.snapshots import Snapshots
from models.health_score import health_scores
from pipelines.build_features import Checked, checked_sources, features_at
from pipelines.deliver import chosen_date
from pipelines.files import write_parquet
from pipelines.health_inputs import health_inputs
from pipelines.plays_facts import PlaysFacts, plays_facts
from pipelines.settings import Project
from policy.policy import Policy
from serving.workbench.journey.advocates import Advocate, Past, advocate, snapshots_back
from serving.workbench.journey.board import Onboarding, board_row
from serving.workbench.journey.cadence import Owed, contacts_owed
from serving.workbench.journey.feature_requests import Request, Wish, requests, wishes
from serving.workbench.journey.surveys import Ask, ResponseRate, asks, csat_rate, nps_rate
from serving.workbench.plays.onboarding import first_days, onboarding_steps
from serving.workbench.plays.prevention import goes_on
from serving.workbench.plays.rows import Row, day_of

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Journey:
    """All of it on a day. What rests on a table that is not delivered is null."""

    board: list[Onboarding]
    cadence: list[Owed] | None
    asks: list[Ask] | None
    rates: list[ResponseRate] | None
    requests: list[Request] | None
    wishes: list[Wish] | None
    advocates: list[Advocate] | None


def journey(
    project: Project, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Find it and write it; returns the object `churn journey --json` prints."""
    day = chosen_date(project, as_of)
    with checked_sources(project) as checked:
        return journey_on(checked, day, progress=progress)


def journey_on(checked: Checked, day: str, *, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """The same on sources that have been checked."""
    project = checked.project
    progress(f"journey as of {day}")
    facts = plays_facts(checked, day)
    progress("health of the quarters before")
    found = found_journey(facts, past_tiers(checked, facts.as_of), project.policy)
    folder = project.out("journey", f"as_of={day}")
    for name, (rows, kind) in _parts(found).items():
        write_parquet(_frame(rows or [], kind), folder / f"{name}.parquet")
    return _told(found, facts, str(folder))


def past_tiers(checked: Checked, as_of: date) -> dict[str, list[Past]]:
    """Account → its health tier every four weeks back, computed anew from what was known then."""
    policy = checked.project.policy
    _, frame = features_at(checked, Snapshots.of(snapshots_back(as_of, policy)), health_inputs(policy))
    tiers = health_scores(frame, policy)["health_tier"]
    found: dict[str, list[Past]] = {}
    for account, day, tier in zip(frame["account_id"], frame["as_of"], tiers, strict=True):
        found.setdefault(str(account), []).append(Past(day, str(tier)))
    return found


def found_journey(facts: PlaysFacts, past: Mapping[str, list[Past]], policy: Policy) -> Journey:
    """The whole journey, from the facts alone."""
    touched, surveyed = "touchpoints" in facts.delivered, "survey_responses" in facts.delivered
    ticketed = "support_tickets" in facts.delivered
    board, asked, speakers = [], [], []
    cadence = contacts_owed(
        facts.accounts,
        facts.tables.get("touchpoints", {}),
        facts.tables.get("survey_responses", {}),
        facts.as_of,
        policy,
    )
    nps = {contact.account_id: contact for contact in cadence if contact.kind == "nps"}
    for name, account in facts.accounts.items():
        touches, answers = facts.of("touchpoints", name), facts.of("survey_responses", name)
        line = _line(facts, name, policy)
        board += [] if line is None else [line]
        people, tickets = facts.of("users", name), facts.of("support_tickets", name)
        asked += asks(account, people, tickets, answers, nps.get(name), facts.as_of, policy)
        ill = goes_on(facts.runs.levels.get(name, {}), policy.tasks.recovery.runs)
        speakers.append(advocate(account, past.get(name, []), answers, people, touches, ill, facts.as_of, policy))
    wished = requests(_all(facts, "touchpoints"), facts.as_of, policy)
    rates = [
        nps_rate(cadence),
        csat_rate(_all(facts, "support_tickets"), _all(facts, "survey_responses"), facts.as_of, policy),
    ]
    return Journey(
        board,
        cadence if touched else None,
        asked if surveyed and "users" in facts.delivered else None,
        [r for r in rates if r.kind != "csat" or ticketed] if surveyed else None,
        wished if touched else None,
        wishes(wished, facts.accounts, policy) if touched else None,
        speakers if surveyed else None,
    )


def _line(facts: PlaysFacts, name: str, policy: Policy) -> Onboarding | None:
    account = facts.accounts[name]
    if account.started_on is None:
        return None
    over = {key for key, said in facts.words.items() if said.over}
    seen = first_days(facts.of("milestones", name), facts.of("touchpoints", name), account.started_on)
    steps = onboarding_steps(account, seen, over, facts.as_of, policy)
    milestones = facts.of("milestones", name) if "milestones" in facts.delivered else None
    return board_row(account, milestones, steps, facts.created.get(name), facts.as_of, policy)


def _all(facts: PlaysFacts, table: str) -> list[Row]:
    return [row for rows in facts.tables.get(table, {}).values() for row in rows]


def _parts(found: Journey) -> dict[str, tuple[list[Any] | None, type]]:
    return {
        "board": (found.board, Onboarding),
        "cadence": (found.cadence, Owed),
        "surveys": (found.asks, Ask),
        "response_rates": (found.rates, ResponseRate),
        "requests": (found.requests, Request),
        "feature_requests": (found.wishes, Wish),
        "advocates": (found.advocates, Advocate),
    }


def _frame(rows: list[Any], kind: Any) -> pd.DataFrame:
    """Records as rows; several values are one text, set apart by semicolons."""
    import pandas as pd

    columns = list(kind.__dataclass_fields__)
    flat = [
        {k: "; ".join(map(str, v)) if isinstance(v, tuple) else v for k, v in ((c, getattr(r, c)) for c in columns)}
        for r in rows
    ]
    return pd.DataFrame(flat, columns=columns)


def _told(found: Journey, facts: PlaysFacts, path: str) -> dict[str, Any]:
    late = Counter(o.kind for o in found.cadence or () if o.overdue_days)
    statuses = Counter(line.status or "unknown" for line in found.board)
    return {
        "as_of": facts.as_of.isoformat(),
        "accounts": len(facts.accounts),
        "onboarding": {"accounts": len(found.board), "statuses": dict(sorted(statuses.items()))},
        "board": [_json(line) for line in found.board],
        "overdue": None if found.cadence is None else dict(sorted(late.items())),
        "owed": None if found.cadence is None else [_json(o) for o in found.cadence if o.overdue_days],
        "surveys_due": None if found.asks is None else dict(sorted(Counter(a.kind for a in found.asks).items())),
        "asks": None if found.asks is None else [_json(a) for a in found.asks],
        "response_rates": None if found.rates is None else [asdict(r) for r in found.rates],
        "feature_requests": None if found.wishes is None else [_json(w) for w in found.wishes],
        "requests_overdue": None if found.requests is None else sum(r.status == "overdue" for r in found.requests),
        "advocates": None if found.advocates is None else [_json(a) for a in found.advocates if a.candidate],
        "champions": None if found.advocates is None else sum(a.champions for a in found.advocates),
        "path": path,
    }


def _json(record: Any) -> dict[str, Any]:
    return {
        k: day.isoformat()
        if (day := day_of(v) if isinstance(v, date) else None)
        else list(v)
        if isinstance(v, tuple)
        else v
        for k, v in asdict(record).items()
    }
