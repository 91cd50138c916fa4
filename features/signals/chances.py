"""The expansion signals E1–E2 as the policy has them; whether to act on them is decided elsewhere (E3)."""

from __future__ import annotations

from features.distinct import Mask
from features.expression import Constant
from features.measure import DAYS_IN_WEEK, Context, Measure, Span, weeks
from features.reductions import money, people, usage, voice
from features.signals.signal import BLOCK, Cause, Signal
from policy.signals import Adoption, Growth

THOUSANDTHS = 1000


def adoption(rule: Adoption) -> Signal:
    """E1: features and seats, each for itself."""
    features = Mask(usage.owned_features, weeks(BLOCK)) / Span(usage.entitled_features, "count")
    seats = Mask(usage.active_users, weeks(rule.seat_days)) / Context("seats")
    return Signal(
        "E1",
        "adoption",
        "Nearly everything is used",
        "expansion",
        (
            Cause(
                "use of the features paid for",
                "share",
                features > rule.feature_share,
                features,
                Constant(BLOCK),
                "{after} of the features paid for were used since {since}",
            ),
            Cause(
                "use of the paid seats",
                "share",
                seats >= rule.seat_share,
                seats,
                Constant(rule.seat_days),
                "{after} of the paid seats were active since {since}",
            ),
        ),
    )


def growth(rule: Growth) -> Signal:
    """E2: any of them; a feature request is the way a customer asks for more."""
    before = Span(money.terms_in_force, "sum", "seats", ago=rule.days)
    now = Span(money.terms_in_force, "sum", "seats")
    answers = voice.nps_between(rule.promoter_from, 10)
    happy = Span(answers, "max", "answer", within=rule.days) / THOUSANDTHS
    span = DAYS_IN_WEEK * round(rule.days / DAYS_IN_WEEK)
    requests = Measure(voice.touches, "requests")(span)
    departments = Mask(people.departments_use, weeks(BLOCK))
    return Signal(
        "E2",
        "growth",
        "They grow or promote us",
        "expansion",
        (
            Cause(
                "paid seats",
                "count",
                ((now - before) / before) >= rule.seats_up,
                now,
                Constant(rule.days),
                "paid seats rose from {before} on {since} to {after}",
                before,
            ),
            Cause(
                "highest NPS answer",
                "score",
                happy >= rule.promoter_from,
                happy,
                Span(answers, "age_min", within=rule.days),
                "the highest NPS answer is {after} of 10; the last of them was given on {since}",
            ),
            Cause(
                "feature requests",
                "count",
                requests >= 1,
                requests,
                Constant(span),
                "feature requests since {since}: {after}",
            ),
            Cause(
                "departments in use",
                "count",
                departments >= rule.departments,
                departments,
                Constant(BLOCK),
                "departments that used it since {since}: {after}",
            ),
        ),
    )
