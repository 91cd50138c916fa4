"""The survey programme: who is to be asked what, nobody too often, and how many answered (V3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from policy.policy import Policy
from serving.workbench.journey.cadence import Owed
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of

VOICES = ("sponsor", "champion", "admin")
"""Roles that are asked whether they would recommend us; where an account has none of them, all its people are."""


@dataclass(frozen=True)
class Ask:
    """A survey that is due to a person. `why` says on what occasion, `until` the last day it makes sense."""

    account_id: str
    user_id: str
    kind: str
    why: str
    due_on: date
    until: date | None


@dataclass(frozen=True)
class ResponseRate:
    """Occasions on which a survey was owed from `since` on and before `until`, and how many were answered; null without
    any. `since` is null where every account has a time of its own: that of its cadence.

    What was sent is on no record: an occasion without an answer may never have been asked.
    """

    kind: str
    occasions: int
    answered: int
    rate: float | None
    since: date | None
    until: date


Asked = Mapping[str, Sequence[date]]
"""By person, the days on which earlier runs said that they are to be asked."""


def asks(
    account: Account,
    people: Sequence[Row],
    tickets: Iterable[Row],
    answers: Sequence[Row],
    nps: Owed | None,
    asked: Asked,
    as_of: date,
    policy: Policy,
) -> list[Ask]:
    """Who of an account is to be asked what, one survey a person: after a ticket first, then NPS by its cadence.

    Who answered anything, or was to be asked, within `quiet_days` is left alone, and so is who has no access any more.
    """
    rule, found = policy.surveys, {}
    here = [p for p in people if not _gone(p)]
    known = {str(p["user_id"]) for p in here}
    spoken = _spoken_to(answers, asked)
    quiet = {u for u, days in spoken.items() if any(0 <= (as_of - day).days < rule.quiet_days for day in days)}
    if rule.csat_after_ticket:
        for ticket in tickets:
            closed, user = day_of(ticket.get("closed_at")), ticket.get("user_id")
            if closed is None or user not in known or user in quiet:
                continue
            until = closed + timedelta(days=rule.csat_within_days)
            if closed < as_of <= until and not _answered(answers, "csat", str(user), closed, until):
                found[str(user)] = Ask(account.account_id, str(user), "csat", "ticket closed", closed, until)
    if nps is not None and nps.due_on <= as_of:
        voices = [p for p in here if p.get("role") in VOICES] or here
        for person in voices:
            user = str(person["user_id"])
            if user not in quiet and user not in found:
                found[user] = Ask(account.account_id, user, "nps", f"every {nps.every_days} days", nps.due_on, None)
    return [found[user] for user in sorted(found)]


def csat_rate(
    tickets: Iterable[Row], answers: Sequence[Row], asked: Asked, as_of: date, policy: Policy
) -> ResponseRate:
    """Of occasions of the last `metrics.service_months` whose time to be asked has passed: those with an answer in it.

    The tickets of one person that were closed within `csat_within_days` of the first are one occasion. Who was to be
    left alone on every day of it is none.
    """
    rule, within = policy.surveys, timedelta(days=policy.surveys.csat_within_days)
    since = (pd.Timestamp(as_of) - pd.DateOffset(months=policy.metrics.service_months)).date()
    spoken, answered_on = _spoken_to(answers, asked), _spoken_to([r for r in answers if r["kind"] == "csat"], {})
    closed: dict[str, list[date]] = {}
    for ticket in tickets:
        day, user = day_of(ticket.get("closed_at")), ticket.get("user_id")
        if day is not None and user is not None and day >= since:
            closed.setdefault(str(user), []).append(day)
    occasions = answered = 0
    for user, days in closed.items():
        for first, last in _occasions(days, within):
            until = last + within
            quiet = any(d < first and (until - d).days < rule.quiet_days for d in spoken.get(user, ()))
            if until >= as_of or quiet:
                continue
            occasions += 1
            answered += any(first <= day <= until for day in answered_on.get(user, ()))
    return ResponseRate("csat", occasions, answered, answered / occasions if occasions else None, since, as_of)


def nps_rate(owed: Iterable[Owed], as_of: date) -> ResponseRate:
    """Of accounts whose NPS survey has been due by their cadence: those with an answer within it.

    Who never answered and is not overdue was never to be asked.
    """
    rows = [o for o in owed if o.kind == "nps" and (o.last_on is not None or o.overdue_days)]
    fresh = sum(o.last_on is not None and o.overdue_days == 0 for o in rows)
    return ResponseRate("nps", len(rows), fresh, fresh / len(rows) if rows else None, None, as_of)


def _occasions(days: Iterable[date], within: timedelta) -> list[tuple[date, date]]:
    """(first, last) day of each run of days that lie within so long of its first."""
    found: list[tuple[date, date]] = []
    for day in sorted(days):
        if found and day <= found[-1][0] + within:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
    return found


def _gone(person: Row) -> bool:
    return person.get("deactivated_at") is not None or person.get("bounced_at") is not None


def _spoken_to(answers: Iterable[Row], asked: Asked) -> dict[str, list[date]]:
    """By person, the days on which they answered anything or were to be asked."""
    found = {user: list(days) for user, days in asked.items()}
    for row in answers:
        day, user = day_of(row["answered_at"]), row.get("user_id")
        if user is not None and day is not None:
            found.setdefault(str(user), []).append(day)
    return found


def _answered(answers: Iterable[Row], kind: str, user: str, first: date, last: date) -> bool:
    return any(
        row["kind"] == kind and row.get("user_id") == user and first <= day <= last
        for row in answers
        if (day := day_of(row["answered_at"])) is not None
    )
