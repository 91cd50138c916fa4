"""The customer's way on the pipeline's own output: onboarding board, contacts owed, surveys, wishes, advocates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from features.snapshots import Snapshots
from models.health_score import health_scores
from pipelines.build_features import Checked, checked_sources, features_at
from pipelines.deliver import chosen_date, rows_of
from pipelines.files import write_parquet
from pipelines.health_inputs import health_inputs
from pipelines.plays_facts import PlaysFacts, plays_facts
from pipelines.plays_found import calm
from pipelines.settings import Project
from policy.policy import Policy
from serving.workbench.journey.advocates import Advocate, Past, advocate, snapshots_back
from serving.workbench.journey.board import Onboarding, board_row
from serving.workbench.journey.cadence import Owed, contacts_owed
from serving.workbench.journey.feature_requests import Request, Wish, requests, wishes
from serving.workbench.journey.surveys import Ask, Asked, ResponseRate, asks, csat_rate, nps_rate
from serving.workbench.plays.onboarding import first_days, onboarding_steps
from serving.workbench.plays.prevention import goes_on
from serving.workbench.plays.rows import Row, day_of
from serving.workbench.plays.terms import losses, returned
from serving.workbench.replay.autopsy import CALENDAR

if TYPE_CHECKING:
    import pandas as pd


NEEDS: Mapping[str, tuple[str, ...]] = {
    "board": (),
    "cadence": ("touchpoints",),
    "surveys": ("survey_responses", "users"),
    "response_rates": ("survey_responses",),
    "requests": ("touchpoints",),
    "feature_requests": ("touchpoints",),
    "advocates": ("survey_responses",),
}
"""The source tables without which a part is not known."""


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
    found = found_journey(facts, past_tiers(checked, facts.as_of), project.policy, asked_before(project, facts.as_of))
    folder = project.out("journey", f"as_of={day}")
    for name, (rows, kind) in _parts(found).items():
        write_parquet(_frame(rows or [], kind), folder / f"{name}.parquet")
    write_parquet(_known(found, facts), folder / "known.parquet")
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


def asked_before(project: Project, as_of: date) -> dict[str, list[date]]:
    """Person → the days of earlier runs that said that they are to be asked: those are taken as asked."""
    found: dict[str, list[date]] = {}
    for path in sorted((project.state / "journey").glob("as_of=*/surveys.parquet")):
        day = date.fromisoformat(path.parent.name.removeprefix("as_of="))
        for row in rows_of(project, "journey", day.isoformat(), part="surveys") if day < as_of else ():
            found.setdefault(str(row["user_id"]), []).append(day)
    return found


def found_journey(
    facts: PlaysFacts, past: Mapping[str, list[Past]], policy: Policy, asked: Asked | None = None
) -> Journey:
    """The whole journey, from the facts alone and from whom earlier runs `asked`."""
    board, due, speakers = [], [], []
    cadence = contacts_owed(
        facts.accounts,
        facts.tables.get("touchpoints", {}),
        facts.tables.get("survey_responses", {}),
        facts.as_of,
        policy,
        terms=facts.terms,
        covers=facts.covers,
    )
    staying = {name for name in facts.accounts if not _leaves(facts, name, policy)}
    nps = {contact.account_id: contact for contact in cadence if contact.kind == "nps"}
    for name, account in facts.accounts.items():
        answers, tickets = facts.known("survey_responses", name), facts.known("support_tickets", name)
        people = facts.known("users", name)
        line = _line(facts, name, policy)
        board += [] if line is None else [line]
        if name in staying and answers is not None and people is not None:
            due += asks(account, people, tickets or (), answers, nps.get(name), asked or {}, facts.as_of, policy)
        ill, warnings = (
            goes_on(facts.runs.levels.get(name, {}), policy.tasks.recovery.runs),
            _warnings(facts, name, policy),
        )
        touches = facts.known("touchpoints", name)
        speakers.append(
            advocate(account, past.get(name, []), answers, people, touches, ill, warnings, facts.as_of, policy)
        )
    wished = requests(_rows(facts, "touchpoints", facts.accounts), facts.as_of, policy)
    rates = [nps_rate([contact for contact in cadence if contact.account_id in staying], facts.as_of)]
    if "support_tickets" in facts.delivered:
        both = [
            n for n in sorted(staying) if facts.covers("support_tickets", n) and facts.covers("survey_responses", n)
        ]
        tickets, answers = _rows(facts, "support_tickets", both), _rows(facts, "survey_responses", both)
        rates.append(csat_rate(tickets, answers, asked or {}, facts.as_of, policy))
    known = {part for part, tables in NEEDS.items() if set(tables) <= facts.delivered}
    return Journey(
        board,
        cadence if "cadence" in known else None,
        due if "surveys" in known else None,
        rates if "response_rates" in known else None,
        wished if "requests" in known else None,
        wishes(wished, facts.accounts, policy) if "feature_requests" in known else None,
        speakers if "advocates" in known else None,
    )


def _leaves(facts: PlaysFacts, name: str, policy: Policy) -> bool:
    """Whether the account's decision to leave is known."""
    own = facts.terms.get(name, [])
    return any(returned(own, loss) is None for loss in losses(own, facts.as_of, policy.label))


def _warnings(facts: PlaysFacts, name: str, policy: Policy) -> list[str] | None:
    """The warnings that stand, but for those that a date alone raises; null where nobody has looked for any."""
    if facts.signals is None:
        return None
    return [w for w in calm(facts, name, policy).warnings if w.replace(" ", "_") not in CALENDAR]


def _line(facts: PlaysFacts, name: str, policy: Policy) -> Onboarding | None:
    account = facts.accounts[name]
    if account.started_on is None:
        return None
    over = {key for key, said in facts.words.items() if said.over}
    seen = first_days(facts.of("milestones", name), facts.of("touchpoints", name), account.started_on)
    steps = onboarding_steps(account, seen, over, facts.as_of, policy)
    milestones = facts.known("milestones", name)
    return board_row(account, milestones, facts.plan(name), steps, facts.created.get(name), facts.as_of, policy)


def _rows(facts: PlaysFacts, table: str, accounts: Iterable[str]) -> list[Row]:
    return [row for name in accounts for row in facts.of(table, name)]


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
    found = pd.DataFrame(flat, columns=columns, dtype=object)
    # A whole number beside one that is not known stays whole.
    whole = [c for c in columns if "int" in str(kind.__dataclass_fields__[c].type)]
    return found.astype(dict.fromkeys(whole, "Int64")).infer_objects()


def _known(found: Journey, facts: PlaysFacts) -> pd.DataFrame:
    """A row per part: how many rows it has, null where it is not known, and which tables it lacks."""
    import pandas as pd

    rows = [
        (name, None if some is None else len(some), "; ".join(t for t in NEEDS[name] if t not in facts.delivered))
        for name, (some, _) in _parts(found).items()
    ]
    return pd.DataFrame(rows, columns=["part", "rows", "lacks"]).astype({"rows": "Int64"})


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
        "response_rates": None if found.rates is None else [_json(r) for r in found.rates],
        "feature_requests": None if found.wishes is None else [_json(w) for w in found.wishes],
        "requests_overdue": None if found.requests is None else sum(r.status == "overdue" for r in found.requests),
        "advocates": None if found.advocates is None else [_json(a) for a in found.advocates if a.candidate],
        "champions": _champions(found.advocates),
        "path": path,
    }


def _champions(speakers: Iterable[Advocate] | None) -> int | None:
    known = [a.champions for a in speakers or () if a.champions is not None]
    return sum(known) if known else None


def _json(record: Any) -> dict[str, Any]:
    return {
        k: day.isoformat()
        if (day := day_of(v) if isinstance(v, date) else None)
        else list(v)
        if isinstance(v, tuple)
        else v
        for k, v in asdict(record).items()
    }
