"""What customers say about us (H13–H16, W5)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Measure, Reduction, Span
from features.reductions import support, voice

messages = Measure(support.messages, "messages")
mood = Measure(support.messages, "mood")
outcome_count = Measure(voice.outcomes, "answers")
outcome_sum = Measure(voice.outcomes, "answer")
THOUSANDTHS = 1000
ENOUGH_MESSAGES = 3


def _mean_latest(survey: Reduction) -> Span:
    return Span(survey, "sum", "answer", within=182)


def _count_latest(survey: Reduction) -> Span:
    return Span(survey, "count", within=182)


nps = indicator(
    _mean_latest(voice.latest_nps) / _count_latest(voice.latest_nps) / THOUSANDTHS,
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=0,
    high=10,
    doc="Mean of each contact's latest NPS answer of the last 182 days, 0–10 (H13); null without one.",
    says="the NPS answer {moved} from {before} to {after} of 10",
)
nps_age_days = indicator(
    Span(voice.latest_nps, "age_min"),
    component="sentiment",
    group="sentiment",
    unit="days",
    low=1,
    doc="Days since the newest NPS answer; null if never.",
    says="the newest NPS answer is {after} old; on {since} it was {before}",
    clock=True,
)
nps_answers_182d = indicator(
    Measure(voice.nps_answers, "answers")(182),
    component="sentiment",
    group="sentiment",
    unit="count",
    low=0,
    doc="NPS answers in the last 182 days: how much the score rests on.",
    says="NPS answers in half a year {moved} from {before} to {after}",
)
csat = indicator(
    _mean_latest(voice.latest_csat) / _count_latest(voice.latest_csat) / THOUSANDTHS,
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=0,
    high=5,
    doc="Mean of each contact's latest CSAT answer of the last 182 days, on 5 (H13); null without one.",
    says="satisfaction {moved} from {before} to {after} of 5",
)
customer_effort = indicator(
    _mean_latest(voice.latest_ces) / _count_latest(voice.latest_ces) / THOUSANDTHS,
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=0,
    high=7,
    doc="Mean of each contact's latest effort answer of the last 182 days, on 7, high is easy; null without one.",
    says="ease of use {moved} from {before} to {after} of 7",
)
message_mood_28d = indicator(
    (mood(28) / messages(28) / THOUSANDTHS).where(messages(28) >= ENOUGH_MESSAGES),
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=-1,
    high=1,
    doc="Mean mood of the customer's ticket messages, −1 to 1, last 28 days; null below 3 messages (H14).",
    says="the mood of their messages {moved} from {before} to {after} (−1 to 1)",
)
message_mood_84d = indicator(
    (mood(84) / messages(84) / THOUSANDTHS).where(messages(84) >= ENOUGH_MESSAGES),
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=-1,
    high=1,
    doc="Mean mood of the customer's ticket messages, −1 to 1, last 84 days; null below 3 messages.",
    says="the mood of their messages over twelve weeks {moved} from {before} to {after} (−1 to 1)",
)
open_escalations = indicator(
    Span(support.escalated, "count"),
    component="sentiment",
    group="sentiment",
    unit="count",
    risk="higher",
    low=0,
    doc="Escalated tickets still open (H16).",
    says="open escalations {moved} from {before} to {after}",
)
escalations_91d = indicator(
    Measure(support.escalated, "escalations")(91),
    component="sentiment",
    group="sentiment",
    unit="count",
    risk="higher",
    low=0,
    doc="Tickets escalated in the last 91 days.",
    says="escalations in a quarter {moved} from {before} to {after}",
)
sponsor_rating = indicator(
    Span(voice.sponsor, "min", "rating"),
    component="sentiment",
    group="relationship",
    unit="score",
    risk="lower",
    low=1,
    high=5,
    doc="The CSM's rating of the sponsor relation, 1–5, while it has not expired (H15); null without one.",
    says="the sponsor relation {moved} from {before} to {after} of 5",
)
outcome_mean_84d = indicator(
    outcome_sum(84) / outcome_count(84) / THOUSANDTHS,
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=0,
    high=100,
    doc="Mean outcome reached, on 100, last 84 days; null without one.",
    says="the mean result {moved} from {before} to {after} of 100",
)
outcome_latest = indicator(
    Span(voice.latest_outcome, "min", "answer") / THOUSANDTHS,
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=0,
    high=100,
    doc="The latest outcome, on 100 (several contacts: the lowest); null without one.",
    says="the latest result {moved} from {before} to {after} of 100",
)
