"""The early-warning signals W1–W7 as the policy has them."""

from __future__ import annotations

from features.distinct import Active, Leading, Mask, Pattern
from features.expression import Constant, Expr
from features.measure import Context, Measure, Span, weeks
from features.reductions import money, people, support, usage, voice
from features.signals.signal import BLOCK, Cause, Peers, Signal
from policy.signals import FeatureDecline, KeyPeople, LoginDrop, Payment, Renewal, TicketSpike, Voice

THOUSANDTHS = 1000
BLOCKS = (BLOCK, 2 * BLOCK, 3 * BLOCK)  # where the three blocks before the current one end, in days back
tenure = Context("tenure_days")


def seats(ago: int = 0) -> Span:
    """Paid seats of the terms in force so many days before; 0 where no term is sold by seat."""
    return Span(money.terms_in_force, "sum", "seats", ago=ago)


def login_drop(rule: LoginDrop) -> Signal:
    """W1: against the three blocks before, each counted at today's seats where the seats of all four are known."""
    days = Measure(usage.user_days, "active")
    now, before = days(BLOCK), days(3 * BLOCK, ago=BLOCK)
    # Sums, not means: whole numbers, so that a fall of exactly the limit is found.
    at_seats = seats() / seats() * Constant(0)
    for ago in BLOCKS:
        at_seats = at_seats + days(BLOCK, ago=ago) * seats() / seats(ago)
    enough = (before >= 3 * rule.least_user_days) * (tenure >= rule.least_tenure_days)
    fall = ((at_seats - now * 3) / at_seats).or_else((before - now * 3) / before).where(enough)
    moved = unlike(at_seats, before)
    holds = fall >= rule.share
    text = "daily logins in four weeks fell to {after}, from {before} on average in the twelve weeks to {since}"
    return Signal(
        "W1",
        "login_drop",
        "Logins down",
        "warning",
        (
            Cause("daily logins in four weeks", "count", holds * (1 - moved), now, Constant(BLOCK), text, before / 3),
            Cause(
                "daily logins in four weeks, at today's seats",
                "count",
                holds * moved,
                now,
                Constant(BLOCK),
                f"{text}, counted at today's seats",
                at_seats / 3,
            ),
        ),
        peers=Peers(fall, rule.segment_drop, rule.segment_accounts),
    )


def unlike(value: Expr, other: Expr) -> Expr:
    """1 where both are known and differ, else 0."""
    return ((value > other) + (value < other)).or_else(0.0)


def ticket_spike(rule: TicketSpike) -> Signal:
    """W2: more tickets than the weeks before explain, where the account is old enough to have them; or an escalation.

    An escalation counts while its ticket is open, and for the days that tickets are counted over.
    """
    tickets, made = Measure(support.opened, "tickets"), Measure(support.escalated, "escalations")
    span = weeks(rule.days)
    now = tickets(rule.days)
    expected = tickets(7 * rule.baseline_weeks, ago=rule.days) * span / rule.baseline_weeks
    old_enough = tenure >= rule.days + 7 * rule.baseline_weeks
    standing = Span(support.escalated, "count")
    return Signal(
        "W2",
        "ticket_spike",
        "Ticket spike or escalation",
        "warning",
        (
            Cause(
                "open escalations",
                "count",
                standing >= 1,
                standing,
                Span(support.escalated, "age_max"),
                "open escalations: {after}, the oldest since {since}",
            ),
            Cause(
                "escalations, closed by now",
                "count",
                (made(rule.days) >= 1) * (standing < 1),
                made(rule.days),
                Constant(rule.days),
                "escalations since {since}: {after}, closed by now",
            ),
            Cause(
                f"tickets in {rule.days} days",
                "count",
                (now >= rule.least) * (now >= expected * rule.times) * old_enough,
                now,
                Constant(rule.days),
                f"tickets in {rule.days} days rose to {{after}}; the {rule.baseline_weeks} weeks to {{since}} let expect {{before}}",
                expected,
                surprise=rule.significance,
            ),
        ),
    )


def key_people(rule: KeyPeople) -> Signal:
    """W3: departures and silences are news for so many days; a silence begins once it has lasted `silent_days`."""
    left = Span(people.key_departures, "count", within=rule.news_days)
    silence, news = weeks(rule.silent_days), weeks(rule.news_days)
    weekly = rule.weekly_user_weeks
    silent: Expr = Constant(0)
    for quiet in range(silence, silence + news):
        # Active in the week before, so that each person is counted at one length of silence alone.
        silent = silent + Pattern(
            usage.active_users, (Active(weeks=quiet, most=0), Active(ago=quiet, blocks=weekly, least=weekly))
        )
    leaders = Leading(
        people.named_use, Active(ago=news, blocks=12), Active(weeks=news, least=1), rule.top_share, of=people.leavers
    )
    known = Span(people.people, "count") >= 0
    return Signal(
        "W3",
        "key_people",
        "Key user leaving",
        "warning",
        (
            Cause(
                "champions and sponsors in place",
                "count",
                left >= 1,
                Span(people.champions, "count"),
                Span(people.key_departures, "age_min", within=rule.news_days),
                "a champion or sponsor left or lost the role, the last on {since}; in place are {after}",
                Span(people.champions, "count", ago=rule.news_days),
            ),
            Cause(
                "most active people who left",
                "count",
                (leaders >= 1) * known,
                leaders,
                Constant(rule.news_days),
                "of the most active people, those who left since {since}: {after}",
            ),
            Cause(
                "weekly users silent",
                "count",
                silent >= 1,
                silent,
                Constant(rule.silent_days),
                "people who used it every week and not once since {since}: {after}",
            ),
        ),
    )


def payment(rule: Payment) -> Signal:
    """W4: hours count to the second; days past due are days of the calendar."""
    failures = money.failures_after(rule.failed_hours)
    due, disputes = Span(money.unpaid, "age_max"), Span(money.disputes, "count")
    return Signal(
        "W4",
        "payment",
        "Failed payment or dispute",
        "warning",
        (
            Cause(
                "failed payments",
                "count",
                Span(failures, "count") >= 1,
                Span(failures, "count"),
                Span(money.failures, "age_max"),
                f"payments that failed and stand unresolved for {rule.failed_hours} hours or more: {{after}}, the oldest "
                "since {since}",
            ),
            Cause(
                "days past due",
                "days",
                due >= rule.past_due_days,
                due,
                due,
                "the oldest unpaid invoice was due on {since} and is {after} past due",
            ),
            Cause(
                "invoices in dispute",
                "count",
                disputes >= 1,
                disputes,
                Span(money.disputes, "age_max"),
                "invoices in dispute: {after}, the oldest since {since}",
            ),
        ),
    )


def spoken(rule: Voice) -> Signal:
    """W5: the latest answer of each contact counts, for so many days."""
    answers = voice.nps_between(0, rule.nps_at_most)
    unhappy = Span(answers, "min", "answer", within=rule.days) / THOUSANDTHS
    messages = Measure(support.messages, "messages")(rule.days)
    mood = (Measure(support.messages, "mood")(rule.days) / messages / THOUSANDTHS).where(
        messages >= rule.least_messages
    )
    return Signal(
        "W5",
        "voice",
        "Negative NPS or sentiment",
        "warning",
        (
            Cause(
                "lowest NPS answer",
                "score",
                unhappy <= rule.nps_at_most,
                unhappy,
                Span(answers, "age_min", within=rule.days),
                "the lowest NPS answer is {after} of 10; the last of them was given on {since}",
            ),
            Cause(
                "mean mood of messages",
                "score",
                mood < rule.mood_below,
                mood,
                Constant(rule.days),
                "the mood of their messages since {since} is {after} on average (−1 to 1)",
            ),
        ),
    )


def renewal(rule: Renewal) -> Signal:
    """W6: from the first stage until a following term is signed; a term that is no longer than that never enters."""
    left, ends = Context("days_to_term_end"), Context("term_end_day")
    signed = (Span(money.signed_ahead, "max", "ends") > ends).or_else(0.0)
    holds = (left <= rule.stages[0]) * (Context("term_days") > rule.stages[0]) * (1 - signed)
    cause = Cause(
        "days to the end of the term",
        "days",
        holds,
        left,
        Constant(0),
        "the term ends in {after}; on {since} no renewal was signed",
    )
    return Signal("W6", "renewal", "Renewal ahead", "warning", (cause,), stages=rule.stages)


def feature_decline(rule: FeatureDecline, least_tenure_days: int) -> Signal:
    """W7: on the blocks of W1, for accounts old enough to have them; or a core feature given up."""
    days = Measure(usage.core_feature_days, "active")(3 * BLOCK, ago=BLOCK)
    block = weeks(BLOCK)
    now, before = Mask(usage.core_users, block), Constant(0) * Mask(usage.core_users, block)
    for ago in BLOCKS:
        before = before + Mask(usage.core_users, block, ago=weeks(ago))
    enough = (days >= 3 * rule.least_user_days) * (tenure >= least_tenure_days)
    lost = Pattern(
        usage.core_features,
        (
            Active(weeks=block, most=0),
            Active(weeks=block, ago=block, blocks=rule.blocks, least=rule.used_blocks),
        ),
    )
    return Signal(
        "W7",
        "feature_decline",
        "Core features used less",
        "warning",
        (
            Cause(
                "people using core features",
                "count",
                (((before - now * 3) / before) >= rule.share) * enough,
                now,
                Constant(BLOCK),
                "people using core features fell to {after}, from {before} on average in the twelve weeks to {since}",
                before / 3,
            ),
            Cause(
                "core features given up",
                "count",
                lost >= 1,
                lost,
                Constant(BLOCK),
                "core features used regularly before and not once since {since}: {after}",
            ),
        ),
    )
