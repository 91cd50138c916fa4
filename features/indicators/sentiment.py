"""What customers say about us (H13–H16, W5)."""

from __future__ import annotations

from features.expression import Expr, Setting
from features.indicator import indicator
from features.measure import Measure, Reduction, Span
from features.reductions import support, voice

messages = Measure(support.messages, "messages")
mood = Measure(support.messages, "mood")
outcome_count = Measure(voice.outcomes, "answers")
outcome_sum = Measure(voice.outcomes, "answer")
THOUSANDTHS = 1000
ENOUGH_MESSAGES = Setting("least_messages")


def _mean_latest(survey: Reduction) -> Expr:
    """The mean of each contact's latest answer of the last 182 days."""
    return Span(survey, "sum", "answer", within=182) / Span(survey, "count", within=182) / THOUSANDTHS


def _mean_of_all(survey: Reduction, ago: int = 0) -> Expr:
    """The mean of all answers of 182 days."""
    return Measure(survey, "answer")(182, ago=ago) / Measure(survey, "answers")(182, ago=ago) / THOUSANDTHS


nps = indicator(
    _mean_latest(voice.latest_nps),
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
    _mean_latest(voice.latest_csat),
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
    _mean_latest(voice.latest_ces),
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
    doc="Mean mood of the customer's ticket messages, −1 to 1, last 28 days; null below {least_messages} messages (H14).",
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
    doc="Mean mood of the customer's ticket messages, −1 to 1, last 84 days; null below {least_messages} messages.",
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
nps_lowest = indicator(
    Span(voice.latest_nps, "min", "answer", within=182) / THOUSANDTHS,
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=0,
    high=10,
    doc="The lowest of the contacts' latest NPS answers of the last 182 days, 0–10; null without one (H13, W5).",
    says="the lowest NPS answer {moved} from {before} to {after} of 10",
)
nps_change_182d = indicator(
    _mean_of_all(voice.nps_answers) - _mean_of_all(voice.nps_answers, ago=182),
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=-10,
    high=10,
    doc="Mean NPS answer of the last 182 days less that of the 182 days before; null where one of the two is missing.",
    says="the NPS answer {moved} from {before} to {after} of 10",
    before=_mean_of_all(voice.nps_answers, ago=182),
    after=_mean_of_all(voice.nps_answers),
    before_ago=182,
)
detractors_182d = indicator(
    Span(voice.latest_nps, "sum", "detractor", within=182),
    component="sentiment",
    group="sentiment",
    unit="count",
    risk="higher",
    low=0,
    doc="Contacts whose latest NPS answer of the last 182 days is 0–6 (W5).",
    says="contacts who would not recommend us {moved} from {before} to {after}",
)
promoters_182d = indicator(
    Span(voice.latest_nps, "sum", "promoter", within=182),
    component="sentiment",
    group="sentiment",
    unit="count",
    risk="lower",
    low=0,
    doc="Contacts whose latest NPS answer of the last 182 days is 9 or 10 (E2).",
    says="contacts who recommend us {moved} from {before} to {after}",
)
csat_age_days = indicator(
    Span(voice.latest_csat, "age_min"),
    component="sentiment",
    group="sentiment",
    unit="days",
    low=1,
    doc="Days since the newest CSAT answer; null if never.",
    says="the newest CSAT answer is {after} old; on {since} it was {before}",
    clock=True,
)
csat_answers_182d = indicator(
    Measure(voice.csat_answers, "answers")(182),
    component="sentiment",
    group="sentiment",
    unit="count",
    low=0,
    doc="CSAT answers in the last 182 days: how much the score rests on.",
    says="CSAT answers in half a year {moved} from {before} to {after}",
)
csat_change_182d = indicator(
    _mean_of_all(voice.csat_answers) - _mean_of_all(voice.csat_answers, ago=182),
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=-5,
    high=5,
    doc="Mean CSAT answer of the last 182 days less that of the 182 days before; null where one of the two is missing.",
    says="satisfaction {moved} from {before} to {after} of 5",
    before=_mean_of_all(voice.csat_answers, ago=182),
    after=_mean_of_all(voice.csat_answers),
    before_ago=182,
)
opinions_182d = indicator(
    Measure(voice.opinions, "answers")(182),
    component="sentiment",
    group="sentiment",
    unit="count",
    low=0,
    doc="Answers to NPS, CSAT and effort surveys in the last 182 days: silence is no opinion.",
    says="answers to surveys in half a year {moved} from {before} to {after}",
)
mood_change_28d = indicator(
    (mood(28) / messages(28) / THOUSANDTHS - mood(84, ago=28) / messages(84, ago=28) / THOUSANDTHS)
    .where(messages(28) >= ENOUGH_MESSAGES)
    .where(messages(84, ago=28) >= ENOUGH_MESSAGES),
    component="sentiment",
    group="sentiment",
    unit="score",
    risk="lower",
    low=-2,
    high=2,
    doc="Mean mood of the messages of the last 28 days less that of the 84 days before; null below {least_messages} messages in either (H14).",
    says="the mood of their messages {moved} to {after}, from {before} in the twelve weeks to {since} (−1 to 1)",
    before=mood(84, ago=28) / messages(84, ago=28) / THOUSANDTHS,
    after=mood(28) / messages(28) / THOUSANDTHS,
)
messages_84d = indicator(
    messages(84),
    component="sentiment",
    group="sentiment",
    unit="count",
    low=0,
    doc="Ticket messages by the customer with a mood, last 84 days: how much the mood rests on.",
    says="messages in twelve weeks {moved} from {before} to {after}",
)
oldest_escalation_days = indicator(
    Span(support.escalated, "age_max"),
    component="sentiment",
    group="sentiment",
    unit="days",
    risk="higher",
    low=1,
    doc="Days the oldest open escalation has stood; null when none is open (H16).",
    says="the oldest open escalation has stood {after}; on {since} it was {before}",
)
escalation_share_182d = indicator(
    Measure(support.escalated, "escalations")(182) / Measure(support.opened, "tickets")(182),
    component="sentiment",
    group="sentiment",
    unit="share",
    risk="higher",
    low=0,
    high=1000,
    doc="Escalations per ticket opened, last 182 days (H16); null without tickets.",
    says="escalations per ticket {moved} from {before} to {after}",
)
sponsor_rating_age_days = indicator(
    Span(voice.sponsor, "age_min"),
    component="sentiment",
    group="relationship",
    unit="days",
    low=1,
    doc="Days since the sponsor relation was last rated, while the rating has not expired (H15); null without one.",
    says="the sponsor relation was rated {after} ago; on {since} it was {before}",
    clock=True,
)
