"""Sentiment indicators, recomputed from their docstrings."""

from __future__ import annotations

from proof.oracle.past import Row, View, day, mean, ratio

SURVEYS, MESSAGES, TICKETS = "survey_responses", "ticket_messages", "support_tickets"
USUAL = {"nps": 10, "csat": 5, "ces": 7, "outcome": 100}


def answers(view: View, kind: str, days: int | None = None) -> list[Row]:
    return [r for r in view.of(SURVEYS, "answered_at", days) if r["kind"] == kind]


def thousandths(row: Row) -> int:
    """The answer on its kind's usual scale, as the whole thousandths that everything is counted in."""
    usual = USUAL[row["kind"]]
    return whole(row["score"] * usual / (row["scale_max"] or usual) * 1000)


def whole(value: float) -> int:
    """The nearest whole number; a half goes away from zero.

    >>> whole(2.5), whole(-2.5), whole(604.4999999999999)
    (3, -3, 604)
    """
    below = int(abs(value))
    near = below + (abs(value) - below >= 0.5)
    return near if value >= 0 else -near


def latest(view: View, kind: str, days: int | None = None) -> list[float]:
    """Each contact's latest answer; several on one day count as their mean (whole thousandths)."""
    by_contact: dict[str, list[Row]] = {}
    for row in answers(view, kind, days):
        by_contact.setdefault(row["user_id"] or "", []).append(row)
    found = []
    for rows in by_contact.values():
        newest = max(day(r["answered_at"]) for r in rows)
        values = [thousandths(r) for r in rows if day(r["answered_at"]) == newest]
        found.append(sum(values) // len(values) / 1000)
    return found


def mood(view: View, days: int) -> float | None:
    rows = [r for r in view.of(MESSAGES, "sent_at", days) if r["author"] == "customer" and r["sentiment"] is not None]
    return mean(whole(r["sentiment"] * 1000) / 1000 for r in rows) if len(rows) >= 3 else None


def messages(view: View, days: int, ago: int = 0) -> list[Row]:
    rows = view.of(MESSAGES, "sent_at", days, ago)
    return [r for r in rows if r["author"] == "customer" and r["sentiment"] is not None]


def mean_mood(view: View, days: int, ago: int = 0) -> float | None:
    return mean(whole(r["sentiment"] * 1000) / 1000 for r in messages(view, days, ago))


def mood_change(view: View) -> float | None:
    if len(messages(view, 28)) < 3 or len(messages(view, 84, 28)) < 3:
        return None
    return less(mean_mood(view, 28), mean_mood(view, 84, 28))


def less(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def survey_mean(view: View, kind: str, ago: int = 0) -> float | None:
    rows = view.of(SURVEYS, "answered_at", 182, ago)
    return mean(thousandths(r) / 1000 for r in rows if r["kind"] == kind)


def escalated(view: View) -> list[Row]:
    return [r for r in view.of(TICKETS, "escalated_at") if r["closed_at"] is None]


def ratings(view: View) -> list[Row]:
    """Ratings of the newest day with any, until the last of them expires."""
    rows = [r for r in view.of("crm_feedback") if r["kind"] == "sponsor_rating" and r["value"] is not None]
    newest = max((day(r["recorded_at"]) for r in rows), default=None)
    rows = [r for r in rows if day(r["recorded_at"]) == newest]
    return rows if any(r["expires_on"] is None or r["expires_on"] > view.as_of for r in rows) else []


def sponsor(view: View) -> int | None:
    """The lowest of them."""
    return min((int(r["value"]) for r in ratings(view)), default=None)


INDICATORS = {
    "nps": ((SURVEYS,), lambda v: mean(latest(v, "nps", 182))),
    "nps_age_days": (
        (SURVEYS,), lambda v: min((v.age(r["answered_at"]) for r in answers(v, "nps")), default=None)),
    "nps_answers_182d": ((SURVEYS,), lambda v: len(answers(v, "nps", 182))),
    "csat": ((SURVEYS,), lambda v: mean(latest(v, "csat", 182))),
    "customer_effort": ((SURVEYS,), lambda v: mean(latest(v, "ces", 182))),
    "message_mood_28d": ((MESSAGES,), lambda v: mood(v, 28)),
    "message_mood_84d": ((MESSAGES,), lambda v: mood(v, 84)),
    "open_escalations": (
        (TICKETS,), lambda v: sum(1 for r in v.of(TICKETS, "escalated_at") if r["closed_at"] is None)),
    "escalations_91d": ((TICKETS,), lambda v: v.count(TICKETS, "escalated_at", 91)),
    "sponsor_rating": (("crm_feedback",), sponsor),
    "outcome_mean_84d": ((SURVEYS,), lambda v: mean(thousandths(r) / 1000 for r in answers(v, "outcome", 84))),
    "outcome_latest": ((SURVEYS,), lambda v: min(latest(v, "outcome"), default=None)),
    "nps_lowest": ((SURVEYS,), lambda v: min(latest(v, "nps", 182), default=None)),
    "nps_change_182d": ((SURVEYS,), lambda v: less(survey_mean(v, "nps"), survey_mean(v, "nps", 182))),
    "detractors_182d": ((SURVEYS,), lambda v: sum(1 for a in latest(v, "nps", 182) if a <= 6)),
    "promoters_182d": ((SURVEYS,), lambda v: sum(1 for a in latest(v, "nps", 182) if a >= 9)),
    "csat_age_days": (
        (SURVEYS,), lambda v: min((v.age(r["answered_at"]) for r in answers(v, "csat")), default=None)),
    "csat_answers_182d": ((SURVEYS,), lambda v: len(answers(v, "csat", 182))),
    "csat_change_182d": ((SURVEYS,), lambda v: less(survey_mean(v, "csat"), survey_mean(v, "csat", 182))),
    "opinions_182d": ((SURVEYS,), lambda v: sum(len(answers(v, k, 182)) for k in ("nps", "csat", "ces"))),
    "mood_change_28d": ((MESSAGES,), mood_change),
    "messages_84d": ((MESSAGES,), lambda v: len(messages(v, 84))),
    "oldest_escalation_days": (
        (TICKETS,), lambda v: max((v.age(r["escalated_at"]) for r in escalated(v)), default=None)),
    "escalation_share_182d": (
        (TICKETS,), lambda v: ratio(v.count(TICKETS, "escalated_at", 182), v.count(TICKETS, "opened_at", 182))),
    "sponsor_rating_age_days": (
        ("crm_feedback",), lambda v: min((v.age(r["recorded_at"]) for r in ratings(v)), default=None)),
}  # fmt: skip
EVIDENCE = {
    "nps_change_182d": (lambda v: survey_mean(v, "nps", 182), lambda v: survey_mean(v, "nps")),
    "csat_change_182d": (lambda v: survey_mean(v, "csat", 182), lambda v: survey_mean(v, "csat")),
    "mood_change_28d": (lambda v: mean_mood(v, 84, 28), lambda v: mean_mood(v, 28)),
}
