"""Support and relationship indicators, recomputed from their docstrings."""

from __future__ import annotations

from datetime import timedelta

from proof.oracle.past import Row, View, capped, mean, ratio

TICKETS, TOUCHES = "support_tickets", "touchpoints"
MEETINGS = ("meeting", "qbr", "call")


def tickets(view: View, days: int, ago: int = 0) -> int:
    return view.count(TICKETS, "opened_at", days, ago)


def open_tickets(view: View) -> list[Row]:
    return [r for r in view.of(TICKETS) if r["closed_at"] is None]


def hours(view: View, column: str) -> float | None:
    """Mean hours, in whole minutes, from opening to a later moment that fell into the last 84 days."""
    return mean((r[column] - r["opened_at"]) // timedelta(minutes=1) / 60 for r in view.of(TICKETS, column, 84))


def touches(view: View, days: int, *kinds: str, side: str | None = None, came: bool = False) -> int:
    rows = view.of(TOUCHES, "occurred_at", days)
    return sum(
        1
        for r in rows
        if (not kinds or r["kind"] in kinds) and side in (None, r["direction"]) and (not came or r["attended"])
    )


def mails_opened(view: View) -> float | None:
    sent = touches(view, 84, "email", side="ours")
    opened = view.count(TOUCHES, "opened_at", 84, when=lambda r: r["kind"] == "email")
    return None if sent < 3 else capped(opened / sent, 0, 1)


def attendance(view: View) -> float | None:
    rows = [r for r in view.of(TOUCHES, "occurred_at", 182) if r["kind"] in MEETINGS and r["attended"] is not None]
    return mean(float(r["attended"]) for r in rows)


def learning(view: View) -> int:
    """A training whose attendance nobody noted counts as attended."""
    rows = view.of(TOUCHES, "occurred_at", 91)
    return min(10, sum(1 for r in rows if r["kind"] in ("training", "webinar") and r["attended"] is not False))


INDICATORS = {
    "tickets_28d": ((TICKETS,), lambda v: tickets(v, 28)),
    "tickets_vs_segment_28d": ((TICKETS,), lambda v: ratio(tickets(v, 28), v.line["seats"])),
    "ticket_spike_14d": ((TICKETS,), lambda v: tickets(v, 14) / ((tickets(v, 84, 14) + 1) / 6)),
    "urgent_tickets_28d": (
        (TICKETS,), lambda v: v.count(TICKETS, "opened_at", 28, when=lambda r: r["priority"] in ("high", "urgent"))),
    "open_tickets": ((TICKETS,), lambda v: len(open_tickets(v))),
    "oldest_open_ticket_days": (
        (TICKETS,), lambda v: max((v.age(r["opened_at"]) for r in open_tickets(v)), default=None)),
    "replies_28d": ((TOUCHES,), lambda v: v.count(TOUCHES, "responded_at", 28)),
    "mail_open_rate_84d": ((TOUCHES,), mails_opened),
    "meetings_attended_84d": ((TOUCHES,), lambda v: touches(v, 84, *MEETINGS, came=True)),
    "meeting_attendance_182d": ((TOUCHES,), attendance),
    "customer_contacts_28d": ((TOUCHES,), lambda v: touches(v, 28, side="theirs")),
    "learning_91d": ((TOUCHES,), learning),
    "community_91d": ((TOUCHES,), lambda v: min(10, touches(v, 91, "community", side="theirs"))),
    "feedback_91d": ((TOUCHES,), lambda v: min(10, touches(v, 91, "feedback", "feature_request", side="theirs"))),
    "first_response_hours_84d": ((TICKETS,), lambda v: hours(v, "first_response_at")),
    "resolution_hours_84d": ((TICKETS,), lambda v: hours(v, "closed_at")),
}  # fmt: skip
EVIDENCE = {
    "tickets_vs_segment_28d": (lambda v: tickets(v, 28, 28), lambda v: tickets(v, 28)),
    "ticket_spike_14d": (lambda v: tickets(v, 84, 14) / 6, lambda v: tickets(v, 14)),
}
