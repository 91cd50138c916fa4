"""What the policy decides about segments, onboarding and metrics, where the source texts do not.

Each conflict is read off the policy's values: a policy that no longer contains it has no line, and one that decides
otherwise has another.
"""

from __future__ import annotations

from policy.conflict import Conflict, Found
from policy.policy import Policy
from policy.scenario import money, percent
from policy.segments import row_of, team_segment, touch_model


def segment_conflicts(policy: Policy) -> Found:
    """S1–S6, range of ARR by range of ARR."""
    segments = policy.segments
    lower_ends = segments.boundaries()
    for low, high in zip(lower_ends, [*lower_ends[1:], None], strict=True):
        row = row_of(low, segments)
        touch = segments.touch_readings[touch_model(low, segments)]
        team = segments.team_readings[team_segment(low, segments)]
        ratios = {touch.accounts_per_csm, team.accounts_per_csm} - {None}
        if touch.service == team.service and len(ratios) < 2:
            continue
        span = f"ARR {money(low)}–{money(high)}" if high else f"ARR from {money(low)}"
        contact = segments.cadences[row.cadence].check_in_days
        rhythm = f"check-in every {contact} days" if contact else "no calls without a cause"
        yield Conflict(
            "S1 S2" if touch.service != team.service else "S4",
            "segments.rows",
            span,
            (
                f"{row.touch_model}-touch: {_reading(touch.service, touch.accounts_per_csm)}",
                f"{row.team_segment.replace('_', '-')}: {_reading(team.service, team.accounts_per_csm)}",
            ),
            f"{row.service} ({', '.join(row.owner_types)}), {row.accounts_per_csm} accounts per CSM, {rhythm}.",
        )
    cadence = segments.cadences[row_of(segments.team_segment.mid_market, segments).cadence]
    if cadence.check_in_days:
        yield Conflict(
            "S3",
            "segments.cadences",
            "bi-monthly check-ins",
            ("twice a month", "every two months"),
            f"every {cadence.check_in_days} days.",
        )
    if segments.qbr.touch_models and segments.qbr.top_by_arr:
        named = " and ".join(segments.qbr.touch_models)
        yield Conflict(
            "S6",
            "segments.qbr",
            "who is owed a QBR",
            (f"every {named}-touch account", f"the top {segments.qbr.top_by_arr} by ARR"),
            f"either: {named}-touch, or among the top {segments.qbr.top_by_arr}.",
        )


def _reading(service: str, ratio: tuple[int, int] | None) -> str:
    return f"{service}, {ratio[0]}–{ratio[1]} accounts per CSM" if ratio else service


def onboarding_conflicts(policy: Policy) -> Found:
    """O3–O5."""
    onboarding, use = policy.onboarding, policy.indicators
    rates = onboarding.activation
    yield Conflict(
        "O3",
        "indicators.activation_key_actions",
        "activation",
        (f"{use.activation_key_actions} key actions", "first value reached"),
        f"{use.activation_key_actions} key actions by day {use.activation_by_day}; first value is a date of its own.",
    )
    if rates.plan_rate != rates.outcome_rate:
        yield Conflict(
            "O4",
            "onboarding.activation",
            "the activation rate to reach",
            (f"{percent(rates.plan_rate)} in the plan", f"{percent(rates.outcome_rate)} in the outcomes"),
            f"judged by the {rates.judged_by}: {percent(rates.target)}, from {percent(rates.from_rate)}.",
        )
    start = "the start of the contract" if onboarding.value_from == "contract_start" else "signup"
    yield Conflict(
        "O5",
        "onboarding.value_from",
        "time to value",
        ("from signup", "from the start of the contract"),
        f"from {start}; the other is kept too. The median counts those still waiting (Kaplan–Meier).",
    )


def metric_conflicts(policy: Policy) -> Found:
    """M1–M14."""
    metrics, scenario = policy.metrics, policy.scenario
    with_contraction = "contraction is subtracted too"
    yield Conflict(
        "M1",
        "metrics.grr",
        "GRR",
        ("only churn is subtracted", with_contraction),
        f"{with_contraction}; the other is published beside it."
        if metrics.grr == "with_contraction"
        else "only churn is subtracted; GRR with contraction is published beside it.",
    )
    yield Conflict(
        "M2",
        "metrics.nrr",
        "NRR",
        ("start − churn + expansion", "start − churn − contraction + expansion"),
        f"{with_contraction}; new and won-back logos never count."
        if metrics.nrr == "with_contraction"
        else "contraction is not subtracted; new and won-back logos never count.",
    )
    if metrics.nrr_target != scenario.target_nrr:
        yield Conflict(
            "M2",
            "metrics.nrr_target",
            "the NRR to reach",
            (f"{percent(metrics.nrr_target)} among the metrics", f"{percent(scenario.target_nrr)} in the scenario"),
            f"{percent(metrics.nrr_target)} is the target; the scenario's figure is only audited.",
        )
    yield Conflict(
        "M4",
        "metrics.time_to_churn",
        "time to churn",
        ("mean months of those who left", "median over all, survivors included"),
        "the Kaplan–Meier median leads, the mean stands beside it."
        if metrics.time_to_churn == "kaplan_meier"
        else "the mean leads, the Kaplan–Meier median stands beside it.",
    )
    yield Conflict(
        "M6",
        "metrics.ltv",
        "lifetime value",
        ("revenue over the lifetime", "ARPA × gross margin ÷ churn"),
        f"ARPA × {percent(metrics.gross_margin)} margin ÷ churn leads; both are published."
        if metrics.ltv == "margin"
        else "revenue over the lifetime leads; both are published.",
    )
    yield Conflict(
        "M13",
        "metrics.qbr_counts",
        "QBR completion",
        ("of all customers", "of those owed one"),
        f"of {'those owed one' if metrics.qbr_counts == 'eligible' else 'all customers'}, held up to "
        f"{metrics.qbr_on_time_days} days after it was due.",
    )
    yield Conflict(
        "M14",
        "metrics.response_hours",
        "response time",
        ("hours of the clock", "business hours"),
        f"{'business hours' if metrics.response_hours == 'business' else 'hours of the clock'} to the first human "
        f"answer, median and p{metrics.response_percentile * 100:g}.",
    )
