"""Sentiment indicators, recomputed from their docstrings."""

from __future__ import annotations

from proof.oracle.past import Row, View, day, mean

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


def sponsor(view: View) -> int | None:
    """Ratings of the newest day with any count, the lowest of them, until the last of them expires."""
    rows = [r for r in view.of("crm_feedback") if r["kind"] == "sponsor_rating" and r["value"] is not None]
    if not rows:
        return None
    newest = max(day(r["recorded_at"]) for r in rows)
    rows = [r for r in rows if day(r["recorded_at"]) == newest]
    holds = any(r["expires_on"] is None or r["expires_on"] > view.as_of for r in rows)
    return min(int(r["value"]) for r in rows) if holds else None


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
}  # fmt: skip
EVIDENCE: dict[str, tuple[()]] = {}
