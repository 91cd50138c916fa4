"""What the policy decides about the health score, the signals and the playbook, where the source texts do not.

Each conflict is read off the policy's values: a policy that no longer contains it has no line, and one that decides
otherwise has another.
"""

from __future__ import annotations

import re

from policy.conflict import Conflict, Found
from policy.policy import Policy
from policy.scenario import percent


def _share_of_score(policy: Policy, component: str, indicator: str) -> float | None:
    """Points of 100 that one input can give, or null where the score has no such input."""
    share = next((i.share for i in policy.health.inputs[component] if i.indicator == indicator), None)
    return None if share is None else share * policy.health.weights[component]


def health_conflicts(policy: Policy) -> Found:
    """H2–H21."""
    health, bands, mix = policy.health, policy.health.bands, policy.health.expected_mix
    green, yellow = f"{bands.green:g}", f"{bands.yellow:g}"
    yield Conflict(
        "H2",
        "health.bands",
        "where a tier ends",
        (
            f"whole numbers: {green}–100, {yellow}–{bands.green - 1:g}, 0–{bands.yellow - 1:g}, which leaves "
            f"{bands.yellow - 1:g}–{yellow} and {bands.green - 1:g}–{green} open",
            "bands that touch",
        ),
        f"green [{green}, 100], yellow [{yellow}, {green}), red [0, {yellow}), on the unrounded score.",
    )
    if health.mix_tolerance < 1:
        shown = ", ".join(f"{name} {percent(share)}" for name, share in mix.items())
        yield Conflict(
            "H4",
            "health.mix_tolerance",
            "fixed cut-offs or fixed shares",
            (f"tiers are cut at {green} and {yellow}", f"tiers hold {shown}"),
            f"the cut-offs rule; a share more than {health.mix_tolerance * 100:g} points off is said, never forced.",
        )
    use = policy.indicators
    if (use.adopted_users, use.adopted_days) != (1, 1):
        yield Conflict(
            "H6",
            "indicators.adopted_users",
            "when a feature is adopted",
            ("used once by anybody", "used by several people again and again"),
            f"used by {use.adopted_users} people or more on {use.adopted_days} days or more in 28 days.",
        )
    silence = health.silent_ticket_points
    if _share_of_score(policy, "engagement", "tickets_vs_segment_28d") and silence.healthy != silence.falling:
        yield Conflict(
            "H10",
            "health.silent_ticket_points",
            "ticket volume",
            ("low is good", "zero might be bad"),
            f"best at the segment's median per seat, worse both ways; no tickets give {silence.healthy:g} points, "
            f"{silence.falling:g} once logins are down {percent(-health.falling_usage)} or more.",
        )
    if points := _share_of_score(policy, "commercial", "arr_percentile"):
        yield Conflict(
            "H17",
            "health.inputs",
            "ARR in the score",
            ("higher ARR is higher investment", "the ranking counts ARR already"),
            f"its percentile within the segment gives at most {points:g} of 100 points; money ranks, and only there.",
        )
    if points := _share_of_score(policy, "commercial", "days_to_term_end"):
        yield Conflict(
            "H20",
            "health.inputs",
            "the renewal date in the score",
            ("an input of the score", "a date everybody knows, posing as prediction"),
            f"at most {points:g} of 100 points; every model report shows skill with and without the calendar.",
        )
    yield Conflict(
        "H21",
        "health.tier_coverage",
        "missing data",
        ("counts as 0", "is left out"),
        "left out and the rest renormalised; "
        + (
            f"below {percent(health.tier_coverage)} of the weight the tier is unrated, the number stays."
            if health.tier_coverage > 0
            else "a tier is given on any data at all."
        ),
    )


def signal_conflicts(policy: Policy) -> Found:
    """W1–W7 and E1."""
    s = policy.signals
    w1, w2, w3, w7 = s.login_drop, s.ticket_spike, s.key_people, s.feature_decline
    yield Conflict(
        "W1",
        "signals.login_drop",
        f"logins down {percent(w1.share)}",
        ("any fall between two periods", "a fall from the account's own normal"),
        f"{percent(w1.share)} or more against the mean of the three 28-day blocks before, from "
        f"{w1.least_user_days} user-days and {w1.least_tenure_days} days of tenure on; not where the segment fell "
        f"{percent(w1.segment_drop)} too.",
    )
    yield Conflict(
        "W2",
        "signals.ticket_spike",
        "a ticket spike",
        ("more tickets than usual (no number given)", "more than chance explains"),
        f"{w2.least} or more in {w2.days} days, {w2.times:g} times the {w2.baseline_weeks}-week expectation and "
        f"Poisson p < {w2.significance:g}; or any escalation.",
    )
    yield Conflict(
        "W3",
        "signals.key_people",
        "a key user leaving",
        ("leaves the company", "stops using the product"),
        f"both: gone, bounced, role lost, or a user active in each of {w3.weekly_user_weeks} weeks and then silent "
        f"for {w3.silent_days} days; key is champion, sponsor or the most active {percent(w3.top_share)}.",
    )
    yield Conflict(
        "W4",
        "signals.payment",
        "a failed payment",
        ("at once", "once it stays"),
        f"unresolved for {s.payment.failed_hours} hours, {s.payment.past_due_days} days past due, or in dispute.",
    )
    yield Conflict(
        "W5",
        "signals.voice",
        "negative NPS or sentiment",
        ("a net score below 0", "one detractor's answer"),
        f"an answer of {s.voice.nps_at_most:g} or less, or a mean mood below {s.voice.mood_below:g} on "
        f"{s.voice.least_messages} messages or more.",
    )
    stages = s.renewal.stages
    if len(stages) > 1:
        yield Conflict(
            "W6",
            "signals.renewal",
            "renewal 60–90 days out",
            ("literally: on at 90, off again at 59", "on until the renewal"),
            f"on from {stages[0]} days until the renewal, in stages {'/'.join(map(str, stages))}.",
        )
    yield Conflict(
        "W7",
        "signals.feature_decline",
        "feature usage decline",
        ("any decline (no number given)", "a decline or a loss that means something"),
        f"{percent(w7.share)} fewer people on core features, or one lost that was used in {w7.used_blocks} of the "
        f"{w7.blocks} blocks before.",
    )
    yield Conflict(
        "E1",
        "signals.adoption",
        "high product adoption",
        (f"over {percent(s.adoption.feature_share)} of the features", "most of the seats"),
        f"two separate facts: more than {percent(s.adoption.feature_share)} of the entitled features, and "
        f"{percent(s.adoption.seat_share)} of the seats active for {s.adoption.seat_days} days.",
    )


def task_conflicts(policy: Policy) -> Found:
    """I1–I8."""
    tasks = policy.tasks
    hours = tasks.business_hours
    yield Conflict(
        "I1",
        "tasks.business_hours",
        f"within {tasks.assess_hours} hours",
        ("hours of the clock", "business hours"),
        f"business hours, {hours.from_hour}–{hours.to_hour} h in the owner's time zone."
        if tasks.count == "business_hours"
        else "hours of the clock, weekends included.",
    )
    yield Conflict(
        "I7",
        "tasks.trigger_tiers",
        f"goes {' or '.join(tasks.trigger_tiers)}",
        ("while it is there", "when it falls there"),
        f"a fall into {' or '.join(tasks.trigger_tiers)}, red before yellow; the first load opens nothing.",
    )
    days = tasks.recovery.within_days
    slow = sum(
        policy.health.weights[component] * rule.share
        for component, rules in policy.health.inputs.items()
        for rule in rules
        if _window(policy, rule.indicator) > days
    )
    if slow:
        yield Conflict(
            "I8",
            "tasks.recovery",
            f"back to green within {days} days",
            ("a promise for every account", f"{slow:g} of 100 points look back further than {days} days"),
            f"the first of {tasks.recovery.runs} scores in a row from {policy.health.bands.green:g} up, within {days} "
            "days; whether the windows allow it at all is said beside it.",
        )


def _window(policy: Policy, indicator: str) -> int:
    """Days an input looks back: the number in its name, or the time its answers take to fade."""
    fades = {"nps": policy.health.nps_fade_days, "csat": policy.health.csat_fade_days}
    named = re.search(r"_(\d+)d$", indicator)
    return fades.get(indicator, int(named[1]) if named else 0)
