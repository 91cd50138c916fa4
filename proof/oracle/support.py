"""Support indicators, recomputed from their docstrings."""

from __future__ import annotations

from datetime import timedelta

from proof.oracle.past import Row, View, mean, ratio

TICKETS = "support_tickets"


def tickets(view: View, days: int, ago: int = 0) -> int:
    return view.count(TICKETS, "opened_at", days, ago)


def open_tickets(view: View) -> list[Row]:
    return [r for r in view.of(TICKETS) if r["closed_at"] is None]


def hours(view: View, column: str) -> float | None:
    """Mean hours, in whole minutes, from opening to a later moment that fell into the last 84 days."""
    return mean((r[column] - r["opened_at"]) // timedelta(minutes=1) / 60 for r in view.of(TICKETS, column, 84))


def change(now: float, before: float, enough: bool) -> float | None:
    share = ratio(now, before)
    return share - 1 if share is not None and enough else None


def distinct(view: View, column: str) -> int:
    return len({r[column] for r in view.of(TICKETS, "opened_at", 84)} - {None})


def urgent(view: View, days: int) -> int:
    return view.count(TICKETS, "opened_at", days, when=lambda r: r["priority"] in ("high", "urgent"))


def unanswered(view: View) -> int:
    """A ticket that was closed without an answer waits no longer."""
    return sum(1 for r in view.of(TICKETS) if r["first_response_at"] is None and r["closed_at"] is None)


INDICATORS = {
    "tickets_28d": ((TICKETS,), lambda v: tickets(v, 28)),
    "tickets_vs_segment_28d": ((TICKETS,), lambda v: ratio(tickets(v, 28), v.line["seats"])),
    "ticket_spike_14d": ((TICKETS,), lambda v: tickets(v, 14) / ((tickets(v, 84, 14) + 1) / 6)),
    "urgent_tickets_28d": (
        (TICKETS,), lambda v: v.count(TICKETS, "opened_at", 28, when=lambda r: r["priority"] in ("high", "urgent"))),
    "open_tickets": ((TICKETS,), lambda v: len(open_tickets(v))),
    "oldest_open_ticket_days": (
        (TICKETS,), lambda v: max((v.age(r["opened_at"]) for r in open_tickets(v)), default=None)),
    "first_response_hours_84d": ((TICKETS,), lambda v: hours(v, "first_response_at")),
    "resolution_hours_84d": ((TICKETS,), lambda v: hours(v, "closed_at")),
    "tickets_84d": ((TICKETS,), lambda v: tickets(v, 84)),
    "tickets_per_seat_84d": ((TICKETS,), lambda v: ratio(tickets(v, 84), v.line["seats"])),
    "ticket_change_28d": (
        (TICKETS,), lambda v: change(tickets(v, 28), tickets(v, 84, 28) / 3, tickets(v, 84, 28) >= 3)),
    "urgent_share_84d": ((TICKETS,), lambda v: ratio(urgent(v, 84), tickets(v, 84))),
    "unanswered_tickets": ((TICKETS,), unanswered),
    "ticket_authors_84d": ((TICKETS,), lambda v: distinct(v, "user_id")),
    "ticket_topics_84d": ((TICKETS,), lambda v: distinct(v, "topic")),
}  # fmt: skip
EVIDENCE = {
    "tickets_vs_segment_28d": (lambda v: tickets(v, 28, 28), lambda v: tickets(v, 28)),
    "ticket_spike_14d": (lambda v: tickets(v, 84, 14) / 6, lambda v: tickets(v, 14)),
    "ticket_change_28d": (lambda v: tickets(v, 84, 28) / 3, lambda v: tickets(v, 28)),
}
