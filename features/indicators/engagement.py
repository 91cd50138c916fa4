"""Whether the customer asks, answers, comes and learns (H10–H12)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import support, voice

tickets = Measure(support.opened, "tickets")
urgent = Measure(support.opened, "urgent")
replies = Measure(voice.replies, "replies")
opens = Measure(voice.opens, "opens")
mails = Measure(voice.touches, "mails")
seats = Context("seats")


def _touch(value: str) -> Measure:
    return Measure(voice.touches, value)


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
    Span(support.open_now, "count"),
    component="engagement",
    group="support",
    unit="count",
    risk="higher",
    low=0,
    doc="Tickets open at as_of.",
    says="open tickets {moved} from {before} to {after}",
)
oldest_open_ticket_days = indicator(
    Span(support.open_now, "age_max"),
    component="engagement",
    group="support",
    unit="days",
    risk="higher",
    low=1,
    doc="Age of the oldest open ticket; null when none is open.",
    says="the oldest open ticket has waited {after}; on {since} it was {before}",
)
replies_28d = indicator(
    replies(28),
    component="engagement",
    group="relationship",
    unit="count",
    risk="lower",
    low=0,
    doc="Our messages the customer answered in the last 28 days (H11).",
    says="answers to our messages {moved} from {before} to {after} in four weeks",
)
mail_open_rate_84d = indicator(
    (opens(84) / mails(84)).capped(high=1).where(mails(84) >= 3),
    component="engagement",
    group="relationship",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="Mails opened per mail sent, last 84 days; null below 3 mails. Sending more never raises it (H11).",
    says="the share of our mails opened {moved} from {before} to {after}",
)
meetings_attended_84d = indicator(
    _touch("attended")(84),
    component="engagement",
    group="relationship",
    unit="count",
    risk="lower",
    low=0,
    doc="Meetings, calls and reviews the customer came to in the last 84 days (H11).",
    says="meetings attended in twelve weeks {moved} from {before} to {after}",
)
meeting_attendance_182d = indicator(
    _touch("attended")(182) / _touch("meetings")(182),
    component="engagement",
    group="relationship",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="Share of meetings, calls and reviews the customer came to, last 182 days; null without any.",
    says="attendance at meetings {moved} from {before} to {after}",
)
customer_contacts_28d = indicator(
    _touch("theirs")(28),
    component="engagement",
    group="relationship",
    unit="count",
    low=0,
    doc="Contacts the customer started in the last 28 days.",
    says="contacts from their side {moved} from {before} to {after} in four weeks",
)
learning_91d = indicator(
    _touch("learning")(91).capped(high=10),
    component="engagement",
    group="relationship",
    unit="count",
    risk="lower",
    low=0,
    high=10,
    doc="Trainings and webinars attended in the last 91 days, at most 10 counted (H12).",
    says="trainings and webinars in a quarter {moved} from {before} to {after}",
)
community_91d = indicator(
    _touch("community")(91).capped(high=10),
    component="engagement",
    group="relationship",
    unit="count",
    risk="lower",
    low=0,
    high=10,
    doc="Contributions to the community in the last 91 days, at most 10 counted (H12).",
    says="community contributions in a quarter {moved} from {before} to {after}",
)
feedback_91d = indicator(
    _touch("feedback")(91).capped(high=10),
    component="engagement",
    group="relationship",
    unit="count",
    low=0,
    high=10,
    doc="Product feedback and feature requests in the last 91 days, at most 10 counted (H12).",
    says="product feedback in a quarter {moved} from {before} to {after}",
)
first_response_hours_84d = indicator(
    Measure(support.answered, "minutes")(84) / Measure(support.answered, "answered")(84) / 60,
    component="engagement",
    group="support",
    unit="hours",
    risk="higher",
    low=0,
    doc="Mean hours to our first answer, tickets answered in the last 84 days; null without any.",
    says="the wait for our first answer {moved} from {before} to {after}",
)
resolution_hours_84d = indicator(
    Measure(support.closed, "minutes")(84) / Measure(support.closed, "closed")(84) / 60,
    component="engagement",
    group="support",
    unit="hours",
    risk="higher",
    low=0,
    doc="Mean hours to resolution, tickets closed in the last 84 days; null without any.",
    says="the time to resolve a ticket {moved} from {before} to {after}",
)
