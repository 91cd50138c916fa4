"""Whether the customer answers, comes and learns (H11, H12)."""

from __future__ import annotations

from features.distinct import Mask
from features.expression import Setting
from features.indicator import indicator
from features.measure import Measure, Span
from features.reductions import voice

replies = Measure(voice.replies, "replies")
opens = Measure(voice.opens, "opens")
mails = Measure(voice.touches, "mails")
ENOUGH_MAILS = Setting("least_mails")
MOST = Setting("most_counted")


def _touch(value: str) -> Measure:
    return Measure(voice.touches, value)


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
    (opens(84) / mails(84)).capped(high=1).where(mails(84) >= ENOUGH_MAILS),
    component="engagement",
    group="relationship",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="Mails opened per mail sent, last 84 days; null below {least_mails} mails. Sending more never raises it (H11).",
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
    _touch("learning")(91).capped(high=MOST),
    component="engagement",
    group="relationship",
    unit="count",
    risk="lower",
    low=0,
    doc="Trainings and webinars attended in the last 91 days, at most {most_counted} counted (H12).",
    says="trainings and webinars in a quarter {moved} from {before} to {after}",
)
community_91d = indicator(
    _touch("community")(91).capped(high=MOST),
    component="engagement",
    group="relationship",
    unit="count",
    risk="lower",
    low=0,
    doc="Contributions to the community in the last 91 days, at most {most_counted} counted (H12).",
    says="community contributions in a quarter {moved} from {before} to {after}",
)
feedback_91d = indicator(
    _touch("feedback")(91).capped(high=MOST),
    component="engagement",
    group="relationship",
    unit="count",
    low=0,
    doc="Product feedback and feature requests in the last 91 days, at most {most_counted} counted (H12).",
    says="product feedback in a quarter {moved} from {before} to {after}",
)
reply_rate_84d = indicator(
    (replies(84) / _touch("ours")(84)).capped(high=1).where(_touch("ours")(84) >= ENOUGH_MAILS),
    component="engagement",
    group="relationship",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="Answers per contact of ours, last 84 days; null below {least_mails} contacts. Contacting more never raises it (H11).",
    says="the share of our contacts they answered {moved} from {before} to {after}",
)
reply_days_84d = indicator(
    Measure(voice.replies, "waited")(84) / replies(84),
    component="engagement",
    group="relationship",
    unit="days",
    risk="higher",
    low=0,
    doc="Mean days until the customer answered, answers of the last 84 days (H11); null without any.",
    says="the wait for their answer {moved} from {before} to {after}",
)
days_since_last_reply = indicator(
    Span(voice.last_reply, "age_min"),
    component="engagement",
    group="relationship",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since the customer last answered a message of ours (H11); null if never.",
    says="their last answer lies {after} back; on {since} it was {before}",
)
days_since_last_meeting = indicator(
    Span(voice.last_meeting, "age_min"),
    component="engagement",
    group="relationship",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since the customer last came to a meeting, call or review (H11); null if never.",
    says="the last meeting lies {after} back; on {since} it was {before}",
)
days_since_last_contact = indicator(
    Span(voice.last_contact, "age_min"),
    component="engagement",
    group="relationship",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since the customer last wrote or called of their own accord (H11); null if never.",
    says="their last contact lies {after} back; on {since} it was {before}",
)
meetings_missed_84d = indicator(
    _touch("missed")(84),
    component="engagement",
    group="relationship",
    unit="count",
    risk="higher",
    low=0,
    doc="Meetings, calls and reviews the customer did not come to in the last 84 days (H11).",
    says="missed meetings in twelve weeks {moved} from {before} to {after}",
)
contact_change_28d = indicator(
    (_touch("theirs")(28) / _touch("theirs")(84, ago=28).mean_of_blocks(3) - 1).where(
        _touch("theirs")(84, ago=28) >= 3
    ),
    component="engagement",
    group="relationship",
    unit="share",
    low=-1,
    doc="Contacts the customer started in the last 28 days against the mean of the three 28-day blocks before; null below one a block.",
    says="contacts from their side in four weeks {moved} to {after}, from {before} on average in the twelve weeks to {since}",
    before=_touch("theirs")(84, ago=28).mean_of_blocks(3),
    after=_touch("theirs")(28),
    evidence_unit="rate",
)
people_taking_part_84d = indicator(
    Mask(voice.contacts, 12),
    component="engagement",
    group="relationship",
    unit="count",
    risk="lower",
    low=0,
    doc="Distinct people of the account who wrote, came or learned in the last 84 days (H12); null where contacts name no person.",
    says="people taking part {moved} from {before} to {after}",
)
feature_requests_182d = indicator(
    _touch("requests")(182),
    component="engagement",
    group="relationship",
    unit="count",
    low=0,
    doc="Feature requests in the last 182 days (H12).",
    says="feature requests in half a year {moved} from {before} to {after}",
)
