"""One account's business review from what is known before a day (Q1–Q4): six timed parts, and what is for us alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar

import pandas as pd

from policy.errors import UsageError
from policy.policy import Policy
from policy.segments import team_segment
from serving.reasons import long_date
from serving.workbench.qbr.agreed import agreed, of_the_period, our_tasks
from serving.workbench.qbr.benchmark import MEASURED, benchmark
from serving.workbench.qbr.records import (
    Benchmark,
    Brief,
    BusinessReview,
    Feedback,
    ForUs,
    Listed,
    NextSteps,
    Part,
    Recap,
    Roadmap,
    Sheet,
    UsageReview,
)
from serving.workbench.qbr.said import comments, heard, still_open, training, wins
from serving.workbench.qbr.usage import known, movements, weeks
from serving.workbench.qbr.wishes import requests

TITLES = {
    "recap": "Since we last met",
    "business_review": "Your business",
    "usage_review": "How you use the product",
    "roadmap": "What comes next in the product",
    "next_steps": "Next steps",
    "feedback": "Your feedback",
}
BUSINESS_QUESTIONS = (
    "What has changed in your business since we last spoke?",
    "Which of your priorities should the product serve next?",
    "Who else on your side should be part of this?",
)
FEEDBACK_QUESTIONS = ("What is working well?", "What could be better?", "Which feature do you miss?")
FROM_PRODUCT = (
    "What was released last quarter that serves your goals",
    "What is planned that matters to you",
    "Beta programmes that are open to you",
)
TO_AGREE = ("Goals for the next quarter: what, measured by what, until when", "Who does what until the next review")
FURTHER_USE = (
    "Which other team would gain from what you have reached? We gladly bring the numbers to a talk of its own."
)
ALL_REACHED = "All goals that were agreed are reached."
NO_GOALS = "No goals are recorded yet: let us write them down today."
T = TypeVar("T")


@dataclass(frozen=True)
class Gate:
    """Whether expansion may be talked about now, and why or why not; judged elsewhere (E3, I10)."""

    allowed: bool
    reason: str


@dataclass(frozen=True)
class Material:
    """What a brief is made from, all of it as known before the day.

    `scored` and `about` are the account's rows of the scores and the book, `before` its feature row at the beginning of
    the period (empty where there was none), `features` the feature frame of the day with every account and its arr,
    `tables` the source tables that are delivered, `tasks` those of earlier runs.
    """

    account_id: str
    as_of: date
    scored: Mapping[str, Any]
    about: Mapping[str, Any]
    before: Mapping[str, float | None]
    features: pd.DataFrame
    tables: Mapping[str, pd.DataFrame]
    tasks: Sequence[Mapping[str, Any]]
    signals: Sequence[str]
    gate: Gate
    logged_wins: Sequence[str] = ()
    recovery: str = ""


def brief(given: Material, policy: Policy, *, minutes: int | None = None, currency: str) -> Brief:
    """The brief, in the long version or the short one. Raises UsageError for minutes of neither."""
    parts, lines = agenda(policy, minutes)
    account, as_of = given.account_id, given.as_of
    since = as_of - timedelta(days=policy.qbr.period_days)
    row = given.features[given.features["account_id"] == account].iloc[0]
    now: dict[str, Any] = {str(k): v for k, v in row.items()}
    touchpoints = given.tables.get("touchpoints")
    goals = agreed(given.tables.get("milestones"), account, as_of)
    recent = of_the_period(goals, since)
    moved = movements(given.before, now, policy, currency=currency)
    compared = benchmarks(given.features, account, policy, currency=currency)
    wished = requests(touchpoints, account, as_of, policy)
    won = [*given.logged_wins, *wins(given.tables, account, moved, since, as_of)]
    due_goals = [g for g in recent if g.kind == "goal"]
    actions = [g for g in recent if g.kind == "task"]
    kickoff = [g for g in goals if g.kind == "goal"]
    open_goals, open_actions = ([g for g in some if g.status != "reached"] for some in (due_goals, actions))
    sheet = Sheet(
        name=str(given.about.get("name") or account),
        as_of=as_of,
        since=since,
        minutes=sum(p.minutes for p in parts),
        parts=parts,
        recap=Recap(last_review(touchpoints, account), *cut(due_goals, lines), *cut(actions, lines)),
        business_review=BusinessReview(
            *cut(kickoff, lines),
            wins=listed(won, lines),
            still_open=listed(still_open(now), lines),
            questions=BUSINESS_QUESTIONS,
        ),
        usage_review=UsageReview(
            movements=moved,
            weeks=weeks([given.about.get(f"week_{n:02d}") for n in range(26)], as_of, policy.qbr.period_days),
            benchmarks=compared,
            segment="customers with a contract of similar size",
            least_peers=policy.qbr.benchmark_least,
        ),
        roadmap=Roadmap(*cut(wished, lines), FROM_PRODUCT),
        next_steps=NextSteps(
            *cut(open_goals, lines),
            ALL_REACHED if kickoff else NO_GOALS,
            *cut(open_actions, lines),
            to_agree=TO_AGREE,
            training=listed(training(compared, now, since), lines),
            further_use=FURTHER_USE if given.gate.allowed else "",
        ),
        feedback=Feedback(listed(heard(now, policy.metrics), lines), FEEDBACK_QUESTIONS, _routed(policy)),
    )
    return Brief(account, sheet, _ours(given, policy, since, lines))


def agenda(policy: Policy, minutes: int | None) -> tuple[tuple[Part, ...], int]:
    """(the parts with their minutes, lines of a list at most) of the long version, or of the short one where it is asked for."""
    qbr = policy.qbr
    if minutes in (None, qbr.total_minutes):
        chosen, lines = qbr.minutes, qbr.lines
    elif minutes == qbr.short_total_minutes:
        chosen, lines = qbr.short_minutes, qbr.short_lines
    else:
        raise UsageError(
            f"there is no version of {minutes} minutes.",
            where="--minutes",
            cure=f"Write {qbr.total_minutes} or {qbr.short_total_minutes}.",
        )
    return tuple(Part(k, TITLES.get(k, k.replace("_", " ").capitalize()), m) for k, m in chosen.items()), lines


def benchmarks(features: pd.DataFrame, account: str, policy: Policy, *, currency: str) -> tuple[Benchmark, ...]:
    """The account beside the others of its team segment; what is not known of the account is left out."""
    known_arr = features[features["arr"].notna()]
    segments = [team_segment(float(arr), policy.segments) for arr in known_arr["arr"]]
    mine = [s for s, a in zip(segments, known_arr["account_id"], strict=True) if a == account]
    peers = known_arr[[s in mine for s in segments]]
    peers = peers[peers["account_id"] != account]
    row = features[features["account_id"] == account].iloc[0]
    found = []
    for name in MEASURED:
        own = known(None if name not in row or pd.isna(row[name]) else float(row[name]))
        if own is not None:
            found.append(benchmark(name, own, peers[name].astype(float).tolist(), policy, currency=currency))
    return tuple(found)


def last_review(touchpoints: pd.DataFrame | None, account: str) -> str:
    """When the last business review took place, in a sentence."""
    if touchpoints is None:
        return "When we last held a review is not recorded."
    own = touchpoints[(touchpoints["account_id"] == account) & (touchpoints["kind"] == "qbr")]
    own = own[own["attended"].fillna(True).astype(bool)]
    if own.empty:
        return "This is the first review that is recorded."
    return f"We last held a review on {long_date(pd.Timestamp(own['occurred_at'].max()).date())}."


def cut(found: Sequence[T], lines: int) -> tuple[tuple[T, ...], int]:
    """(as many as there is time for, how many are left out)."""
    return tuple(found[:lines]), max(0, len(found) - lines)


def listed(found: Sequence[str], lines: int) -> Listed:
    """The same of sentences."""
    return Listed(*cut(found, lines))


def _routed(policy: Policy) -> str:
    team = policy.feature_requests.routed_to
    if team is None:
        return "What you ask for is written down and answered at the next review."
    days = policy.feature_requests.answer_days
    return f"What you ask for goes to the {team} team; we answer within {days} days."


def _ours(given: Material, policy: Policy, since: date, lines: int) -> ForUs:
    row, about = given.scored, given.about
    tasks, more = cut(our_tasks(given.tasks, given.tables.get("crm_feedback"), given.account_id), lines)
    return ForUs(
        owner=about.get("owner_id"),
        arr=known(row.get("arr")),
        term_ends_on=about.get("term_ends_on"),
        health_score=known(row.get("health_score")),
        health_tier=str(row["health_tier"]),
        health_parts={c: known(row.get(f"{c}_score")) for c in policy.health.weights},
        risk_tier=row.get("risk_tier"),
        probability=known(row.get("churn_probability")),
        horizon_days=row.get("horizon_days"),
        reasons=tuple(str(r) for r in (row.get(f"reason_{n}") for n in (1, 2, 3)) if r),
        signals=tuple(given.signals),
        tasks=tasks,
        tasks_more=more,
        expansion_allowed=given.gate.allowed,
        expansion_reason=given.gate.reason,
        recovery=given.recovery,
        comments=listed(comments(given.tables.get("survey_responses"), given.account_id, since), lines),
    )
