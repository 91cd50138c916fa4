"""The survey programme: who is to be asked what, nobody too often, and how many answered (V3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

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
    """Occasions on which a survey was owed in the time looked at, and how many were answered; null without any.

    What was sent is on no record: an occasion without an answer may never have been asked.
    """

    kind: str
    occasions: int
    answered: int
    rate: float | None


def asks(
    account: Account,
    people: Sequence[Row],
    tickets: Iterable[Row],
    answers: Sequence[Row],
    nps: Owed | None,
    as_of: date,
    policy: Policy,
) -> list[Ask]:
    """Who of an account is to be asked what, one survey a person: after a ticket first, then NPS by its cadence.

    A person who answered anything within `quiet_days` is left alone, and so is who has no access any more.
    """
    rule, found = policy.surveys, {}
    here = [p for p in people if not _gone(p)]
    known = {str(p["user_id"]) for p in here}
    last = _last_answers(answers)
    quiet = {u for u, day in last.items() if (as_of - day).days < rule.quiet_days}
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


def csat_rate(tickets: Iterable[Row], answers: Sequence[Row], as_of: date, policy: Policy) -> ResponseRate:
    """Of tickets whose time to be asked about has passed: those whose author gave an answer within it."""
    by_user: dict[str, list[date]] = {}
    for row in answers:
        day = day_of(row["answered_at"])
        if row["kind"] == "csat" and row.get("user_id") is not None and day is not None:
            by_user.setdefault(str(row["user_id"]), []).append(day)
    occasions = answered = 0
    within = timedelta(days=policy.surveys.csat_within_days)
    for ticket in tickets:
        closed, user = day_of(ticket.get("closed_at")), ticket.get("user_id")
        if closed is None or user is None or closed + within >= as_of:
            continue
        occasions += 1
        answered += any(closed <= day <= closed + within for day in by_user.get(str(user), ()))
    return ResponseRate("csat", occasions, answered, answered / occasions if occasions else None)


def nps_rate(owed: Iterable[Owed]) -> ResponseRate:
    """Of accounts that are owed an NPS survey by their cadence: those with an answer within it."""
    rows = [o for o in owed if o.kind == "nps"]
    fresh = sum(o.last_on is not None and o.overdue_days == 0 for o in rows)
    return ResponseRate("nps", len(rows), fresh, fresh / len(rows) if rows else None)


def _gone(person: Row) -> bool:
    return person.get("deactivated_at") is not None or person.get("bounced_at") is not None


def _last_answers(answers: Iterable[Row]) -> dict[str, date]:
    found: dict[str, date] = {}
    for row in answers:
        day, user = day_of(row["answered_at"]), row.get("user_id")
        if user is not None and day is not None and day > found.get(str(user), date.min):
            found[str(user)] = day
    return found


def _answered(answers: Iterable[Row], kind: str, user: str, first: date, last: date) -> bool:
    return any(
        row["kind"] == kind and row.get("user_id") == user and first <= day <= last
        for row in answers
        if (day := day_of(row["answered_at"])) is not None
    )
