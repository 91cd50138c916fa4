"""Support tickets: how many, how urgent, how long they wait (H10, W2)."""

from __future__ import annotations

from features.distinct import Mask
from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import support as facts

tickets = Measure(facts.opened, "tickets")
urgent = Measure(facts.opened, "urgent")
seats = Context("seats")

tickets_28d = indicator(
    tickets(28),
    component="engagement",
    group="support",
    unit="count",
    low=0,
    doc="Support tickets opened in the last 28 days. No direction: engaged accounts ask more (H10).",
    says="tickets in four weeks {moved} from {before} to {after}",
)
tickets_vs_segment_28d = indicator(
    tickets(28) / seats,
    component="engagement",
    group="support",
    unit="rate",
    across="minus_median",
    low=-1000,
    high=1000,
    doc="Tickets per seat in 28 days less the segment's median at the same as_of (H10); null without seats.",
    says="tickets in four weeks {moved} from {before} to {after}",
    before=tickets(28, ago=28),
    after=tickets(28),
    evidence_unit="count",
)
ticket_spike_14d = indicator(
    tickets(14) / ((tickets(84, ago=14) + 1) / 6),
    component="engagement",
    group="support",
    unit="rate",
    risk="higher",
    low=0,
    doc="Tickets of the last 14 days against the 14-day mean of the 84 days before, one ticket added to the baseline so "
    "that it is never 0 (W2).",
    says="tickets in two weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=tickets(84, ago=14) / 6,
    after=tickets(14),
    evidence_unit="rate",
    before_ago=14,
)
urgent_tickets_28d = indicator(
    urgent(28),
    component="engagement",
    group="support",
    unit="count",
    risk="higher",
    low=0,
    doc="High or urgent tickets opened in the last 28 days.",
    says="urgent tickets in four weeks {moved} from {before} to {after}",
)
open_tickets = indicator(
    Span(facts.open_now, "count"),
    component="engagement",
    group="support",
    unit="count",
    risk="higher",
    low=0,
    doc="Tickets open at as_of.",
    says="open tickets {moved} from {before} to {after}",
)
oldest_open_ticket_days = indicator(
    Span(facts.open_now, "age_max"),
    component="engagement",
    group="support",
    unit="days",
    risk="higher",
    low=1,
    doc="Age of the oldest open ticket; null when none is open.",
    says="the oldest open ticket has waited {after}; on {since} it was {before}",
)
first_response_hours_84d = indicator(
    Measure(facts.answered, "minutes")(84) / Measure(facts.answered, "answered")(84) / 60,
    component="engagement",
    group="support",
    unit="hours",
    risk="higher",
    low=0,
    doc="Mean hours to our first answer, tickets answered in the last 84 days; null without any.",
    says="the wait for our first answer {moved} from {before} to {after}",
)
resolution_hours_84d = indicator(
    Measure(facts.closed, "minutes")(84) / Measure(facts.closed, "closed")(84) / 60,
    component="engagement",
    group="support",
    unit="hours",
    risk="higher",
    low=0,
    doc="Mean hours to resolution, tickets closed in the last 84 days; null without any.",
    says="the time to resolve a ticket {moved} from {before} to {after}",
)
tickets_84d = indicator(
    tickets(84),
    component="engagement",
    group="support",
    unit="count",
    low=0,
    doc="Support tickets opened in the last 84 days. No direction: engaged accounts ask more (H10).",
    says="tickets in twelve weeks {moved} from {before} to {after}",
)
tickets_per_seat_84d = indicator(
    tickets(84) / seats,
    component="engagement",
    group="support",
    unit="rate",
    low=0,
    doc="Support tickets per paid seat, last 84 days (H10); null without seats.",
    says="tickets per seat in twelve weeks {moved} from {before} to {after}",
)
ticket_change_28d = indicator(
    (tickets(28) / tickets(84, ago=28).mean_of_blocks(3) - 1).where(tickets(84, ago=28) >= 3),
    component="engagement",
    group="support",
    unit="share",
    low=-1,
    doc="Tickets of the last 28 days against the mean of the three 28-day blocks before; null below one ticket a block.",
    says="tickets in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=tickets(84, ago=28).mean_of_blocks(3),
    after=tickets(28),
    evidence_unit="rate",
)
urgent_share_84d = indicator(
    urgent(84) / tickets(84),
    component="engagement",
    group="support",
    unit="share",
    risk="higher",
    low=0,
    high=1,
    doc="Share of the tickets of the last 84 days that were high or urgent; null without any.",
    says="the share of urgent tickets {moved} from {before} to {after}",
)
unanswered_tickets = indicator(
    Span(facts.unanswered, "count"),
    component="engagement",
    group="support",
    unit="count",
    risk="higher",
    low=0,
    doc="Tickets without our first answer at as_of.",
    says="tickets without an answer {moved} from {before} to {after}",
)
ticket_authors_84d = indicator(
    Mask(facts.ticket_authors, 12),
    component="engagement",
    group="support",
    unit="count",
    low=0,
    doc="Distinct people who opened a ticket in the last 84 days; null where tickets name no person.",
    says="people who opened tickets {moved} from {before} to {after}",
)
ticket_topics_84d = indicator(
    Mask(facts.ticket_topics, 12),
    component="engagement",
    group="support",
    unit="count",
    low=0,
    doc="Distinct topics of the tickets opened in the last 84 days; null where tickets name no topic.",
    says="topics of tickets {moved} from {before} to {after}",
)
