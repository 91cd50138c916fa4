"""What is told in sentences: wins, what is still open, what the customer said, where a training would help."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from features.reductions.voice import TOP_OF_SCALE
from policy.metrics import Metrics
from serving.reasons import long_date
from serving.workbench.kpis.voice import scales
from serving.workbench.qbr.records import Benchmark, Movement
from serving.workbench.qbr.usage import known

LEARNING = ("training", "webinar")
TEACHABLE = ("seat_utilisation_28d", "module_breadth_28d", "core_adoption_28d", "advanced_use_share_28d")
"""What a training can widen."""
NOT_SAID = ("tickets_28d", "first_response_hours_84d")
"""Figures whose movement is no win of the customer's: they are shown, and not celebrated."""


def wins(
    tables: Mapping[str, pd.DataFrame], account: str, moved: Iterable[Movement], since: date, as_of: date
) -> list[str]:
    """Figures that rose in the period, then what was learned; with dates. What was reached stands in the wins log."""
    found = []
    for m in moved:
        if m.for_the_better and m.indicator not in NOT_SAID and m.indicator != "learning_91d":
            found.append(
                f"{m.label}: {m.after_text} on {long_date(as_of)}, {_more(m)} from {m.before_text} on {long_date(since)}."
            )
    touchpoints = tables.get("touchpoints")
    if touchpoints is not None:
        own = touchpoints[(touchpoints["account_id"] == account) & touchpoints["kind"].isin(LEARNING)]
        joined = int(((own["occurred_at"] >= pd.Timestamp(since)) & own["attended"].fillna(True).astype(bool)).sum())
        if joined:
            what = "training or webinar" if joined == 1 else "trainings and webinars"
            found.append(f"{joined} {what} joined since {long_date(since)}.")
    return found


def _more(moved: Movement) -> str:
    return "up" if moved.direction == "up" else "down"


def still_open(now: Mapping[str, Any]) -> list[str]:
    """Questions of the customer's that wait for an answer of ours, from the feature row of the day."""
    found = []
    for name, age, one, many in (
        ("open_escalations", "oldest_escalation_days", "escalated question is", "escalated questions are"),
        ("open_tickets", "oldest_open_ticket_days", "question to support is", "questions to support are"),
    ):
        count, days = _figure(now, name), _figure(now, age)
        if count:
            since = (
                f", {'' if count == 1 else 'the oldest '}for {days:.0f} day{'' if days == 1 else 's'}" if days else ""
            )
            found.append(
                f"{count:.0f} {one if count == 1 else many} open{since}: we say what happens next and by when."
            )
    return found


def heard(now: Mapping[str, Any], metrics: Metrics) -> list[str]:
    """What the customer answered in surveys, with the number of answers; nothing where nobody answered.

    Indicators hold every answer on a scale of their own; it is told on that of the policy, which asked.
    """
    found, asked = [], scales(metrics)
    for name, count, what in (
        ("nps", "nps_answers_182d", "How likely you are to recommend us"),
        ("csat", "csat_answers_182d", "How satisfied you were"),
    ):
        of = asked[name]
        value, answers = _figure(now, name), _figure(now, count)
        if value is not None and answers:
            plural = "" if answers == 1 else "s"
            mean = "on average, " if answers > 1 else ""
            told = value * of / TOP_OF_SCALE[name]
            found.append(f"{what}: {told:.1f} of {of:g} {mean}from {answers:.0f} answer{plural} in half a year.")
    return found


def training(compared: Sequence[Benchmark], now: Mapping[str, Any], since: date) -> list[str]:
    """Where a training would begin: below the quarter of similar customers that lies lowest, or where nobody learned."""
    found = [
        f"{b.label}: {b.own_text}, where about half of {b.peers} similar customers lie between {b.lower_text} and "
        f"{b.upper_text}. A training could start here."
        for b in compared
        if b.indicator in TEACHABLE
        and b.own is not None
        and b.lower is not None
        and b.own < b.lower
        and b.own_text != b.lower_text
    ]
    if _figure(now, "learning_91d") == 0:
        found.append(f"No training or webinar joined since {long_date(since)}: which topic would help most?")
    return found


def comments(surveys: pd.DataFrame | None, account: str, since: date) -> list[str]:
    """What people of the account wrote in surveys of the period, the newest first."""
    if surveys is None:
        return []
    own = surveys[(surveys["account_id"] == account) & (surveys["answered_at"] >= pd.Timestamp(since))]
    own = own[own["comment"].notna()].sort_values("answered_at", ascending=False, kind="stable")
    return [
        f"{str(r['kind']).upper()} {r['score']:g}, {long_date(pd.Timestamp(r['answered_at']).date())}: “{r['comment']}”"
        for r in own.to_dict("records")
    ]


def _figure(now: Mapping[str, Any], name: str) -> float | None:
    value = now.get(name)
    return None if value is None or pd.isna(value) else known(float(value))
