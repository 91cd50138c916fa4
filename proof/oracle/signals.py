"""The signals, told from domain.md in loops: what causes each on one run, and since when it is on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from math import ceil, exp
from statistics import median
from typing import Any

from proof.oracle.adoption import core_days, core_lost, core_people, on_level, owned
from proof.oracle.past import Row, View, World, day
from proof.oracle.payment import past_due, unsettled
from proof.oracle.people import departments, left, left_on
from proof.oracle.sentiment import answers, escalated, messages, thousandths, whole
from proof.oracle.support import tickets
from proof.oracle.table import cohort
from proof.oracle.usage import people, user_days

EVENTS, TICKETS, USERS, OWNED, INVOICES, SURVEYS, MESSAGES, TOUCHES = (
    "usage_events", "support_tickets", "users", "entitlements", "invoices", "survey_responses", "ticket_messages",
    "touchpoints",
)  # fmt: skip
KEY = ("champion", "sponsor")
WEEKLY = ("W1", "W6", "W7", "E1", "E2")


def paid_seats(view: View, ago: int = 0) -> int:
    """Seats of the terms that ran so many days before, as known now; the first morning counts."""
    on = view.as_of - timedelta(days=ago)
    return sum(t["seats"] or 0 for t in view.of("subscriptions") if t["starts_on"] <= on < t["ends_on"])


def login_fall(view: View) -> float | None:
    """(b − c) / b per seat; null with less than 8 user-days a block or 112 days of tenure."""
    blocks = [user_days(view, 28, ago) for ago in (28, 56, 84)]
    if not view.covers(EVENTS) or sum(blocks) < 24 or view.line["tenure_days"] < 112:
        return None
    seats = [paid_seats(view, ago) for ago in (0, 28, 56, 84)]
    before = sum(n * seats[0] / s for n, s in zip(blocks, seats[1:], strict=True)) if all(seats) else sum(blocks)
    return (before - 3 * user_days(view, 28)) / before


def ticket_spike(view: View) -> bool:
    if not view.covers(TICKETS) or view.line["tenure_days"] < 98:
        return False
    now, expected = tickets(view, 14), tickets(view, 84, 14) / 6
    chance, term = 1.0, exp(-expected)
    for k in range(now):
        chance -= term
        term *= expected / (k + 1)
    return now >= 3 and now >= 2 * expected and chance < 0.01


def escalation(view: View) -> bool:
    return view.covers(TICKETS) and (bool(escalated(view)) or view.count(TICKETS, "escalated_at", 14) > 0)


def key_person_left(view: View) -> bool:
    return view.covers(USERS) and left(view, 28, *KEY) > 0


def leader_left(view: View) -> bool:
    """One of the most regular tenth of the twelve weeks before left in the last four."""
    if not (view.covers(USERS) and view.covers(EVENTS)):
        return False
    weeks = [people(view, 7, 28 + 7 * week) - {None, ""} for week in range(12)]
    regular = {person: sum(person in week for week in weeks) for person in set().union(*weeks)}
    if not regular:
        return False
    last = sorted(regular.values(), reverse=True)[max(1, ceil(len(regular) / 10)) - 1]
    since = view.as_of - timedelta(days=28)
    gone = {r["user_id"] for r in view.of(USERS) if (left_on(r) or date.min) >= since}
    return any(n >= last and person in gone for person, n in regular.items())


def weekly_user_silent(view: View) -> bool:
    """Silent for three to six whole weeks, active in each of the four before."""
    if not view.covers(EVENTS):
        return False
    weeks = [people(view, 7, 7 * week) for week in range(10)]
    for person in set().union(*weeks):
        quiet = next(i for i, week in enumerate(weeks) if person in week)
        if 3 <= quiet <= 6 and all(person in week for week in weeks[quiet : quiet + 4]):
            return True
    return False


def failed_payment(view: View) -> bool:
    morning = datetime.combine(view.as_of, time())
    rows = unsettled(view, "failed_at", "failure_resolved_at")
    return view.covers(INVOICES) and any(r["failed_at"] + timedelta(hours=72) <= morning for r in rows)


def late_invoice(view: View) -> bool:
    return view.covers(INVOICES) and any(view.age(r["due_on"]) >= 7 for r in past_due(view))


def dispute(view: View) -> bool:
    return view.covers(INVOICES) and bool(unsettled(view, "disputed_at", "dispute_resolved_at"))


def latest_answers(view: View, days: int) -> list[float]:
    """The latest NPS answer of each contact, if it was given in the last days."""
    by_contact: dict[str, list[Row]] = {}
    for row in answers(view, "nps"):
        by_contact.setdefault(row["user_id"] or "", []).append(row)
    found = []
    for rows in by_contact.values():
        newest = max(day(r["answered_at"]) for r in rows)
        values = [thousandths(r) for r in rows if day(r["answered_at"]) == newest]
        if newest >= view.as_of - timedelta(days=days):
            found.append(sum(values) // len(values) / 1000)
    return found


def detractor(view: View) -> bool:
    return view.covers(SURVEYS) and any(a <= 6 for a in latest_answers(view, 28))


def bad_mood(view: View) -> bool:
    moods = [whole(r["sentiment"] * 1000) for r in messages(view, 28)]
    return view.covers(MESSAGES) and len(moods) >= 3 and sum(moods) / len(moods) / 1000 < -0.3


def renewal_ahead(view: View) -> bool:
    ends = view.as_of + timedelta(days=view.line["days_to_term_end"])
    signed = [t for t in view.of("subscriptions") if t["starts_on"] > view.as_of and t["ends_on"] > ends]
    return view.line["days_to_term_end"] <= 90 < view.line["term_days"] and not signed


def core_decline(view: View) -> bool:
    if not (view.covers(EVENTS) and view.covers(OWNED)):
        return False
    if core_days(view, 84, 28) < 24 or view.line["tenure_days"] < 112:
        return False
    before = core_people(view, 28) + core_people(view, 56) + core_people(view, 84)
    return (before - 3 * core_people(view)) / before >= 0.25


def core_given_up(view: View) -> bool:
    return view.covers(EVENTS) and view.covers(OWNED) and core_lost(view) > 0


def everything_used(view: View) -> bool:
    if not (view.covers(EVENTS) and view.covers(OWNED) and owned(view, "feature")):
        return False
    used = {r["feature"] for r in on_level(view, 28, 0, "core", "advanced")}
    return len(used) / owned(view, "feature") > 0.8


def seats_used(view: View) -> bool:
    seats = view.line["seats"]
    return view.covers(EVENTS) and bool(seats) and len(people(view, 14)) / seats >= 0.8


def more_seats(view: View) -> bool:
    before = paid_seats(view, 90)
    return before > 0 and (paid_seats(view) - before) / before >= 0.1


def promoter(view: View) -> bool:
    return view.covers(SURVEYS) and any(a >= 9 for a in latest_answers(view, 90))


def asks(view: View) -> bool:
    theirs = view.count(
        TOUCHES, "occurred_at", 91, when=lambda r: r["kind"] == "feature_request" and r["direction"] == "theirs"
    )
    return view.covers(TOUCHES) and theirs > 0


def several_departments(view: View) -> bool:
    return view.covers(EVENTS) and view.covers(USERS) and departments(view) >= 3


# In the order in which their sentences are given.
CAUSES: Mapping[str, Sequence[Callable[[View], bool]]] = {
    "W2": (escalation, ticket_spike),
    "W3": (key_person_left, leader_left, weekly_user_silent),
    "W4": (failed_payment, late_invoice, dispute),
    "W5": (detractor, bad_mood),
    "W6": (renewal_ahead,),
    "W7": (core_decline, core_given_up),
    "E1": (everything_used, seats_used),
    "E2": (more_seats, promoter, asks, several_departments),
}


def codes(world: World, run: date, uncovered: Mapping[str, set[str]], **rule: Any) -> dict[tuple[str, str], str]:
    """(account, signal) → caused or suppressed, for what has a cause on a run."""
    scored = {a: v for a, v in cohort(world, run, uncovered, **rule).items() if not v.line["known_loss"]}
    found = {
        (account, signal): "caused"
        for account, view in scored.items()
        for signal, causes in CAUSES.items()
        if any(cause(view) for cause in causes)
    }
    falls = {a: fall for a, v in scored.items() if (fall := login_fall(v)) is not None}
    for account, fall in falls.items():
        segment = scored[account].line["segment"]
        peers = [f for other, f in falls.items() if scored[other].line["segment"] == segment]
        if fall >= 0.3:
            shared = len(peers) >= 5 and median(peers) >= 0.2
            found[account, "W1"] = "suppressed" if shared else "caused"
    return found


def standing(
    by_run: Mapping[date, Mapping[tuple[str, str], str]], runs: Sequence[date], signal: str
) -> dict[str, tuple[str, date]]:
    """Account → (status, first day of the episode) on the last of all runs, from the first one on."""
    found: dict[str, tuple[str, date]] = {}
    since: dict[str, date] = {}
    quiet: dict[str, int] = {}
    held: dict[str, date] = {}
    accounts = {a for run in runs for a, s in by_run[run] if s == signal}
    for run in runs:
        found = {}
        for account in accounts:
            code = by_run[run].get((account, signal))
            if code == "caused":
                held.pop(account, None)
                since.setdefault(account, run)
                quiet[account] = 0
                found[account] = ("open", since[account])
            elif account in since:
                quiet[account] += code is None
                status = "cleared" if quiet[account] >= 2 else "open" if code else "clearing"
                found[account] = (status, since[account])
                if status == "cleared":
                    del since[account]
            elif code == "suppressed":
                found[account] = ("suppressed", held.setdefault(account, run))
            else:
                held.pop(account, None)
    return found
