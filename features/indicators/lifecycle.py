"""Where the account stands on its way: onboarding, milestones, tenure, signs of life (O3–O6)."""

from __future__ import annotations

from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import people as facts

due = Measure(facts.missed, "due")
reached = Measure(facts.reached, "reached")
late = Measure(facts.reached, "late")

tenure_days = indicator(
    Context("tenure_days"),
    component="lifecycle",
    group="onboarding",
    unit="days",
    low=0,
    doc="Days since the account's first term began.",
    says="the account is {after} old; on {since} it was {before}",
    clock=True,
)
days_since_last_activity = indicator(
    Span(facts.any_activity, "age_min"),
    component="lifecycle",
    group="usage",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since the last sign of life of any kind: use, ticket, answer, contact from their side, step reached; null "
    "if never.",
    says="the last sign of life lies {after} back; on {since} it was {before}",
)
milestones_missed = indicator(
    Span(facts.missed, "count"),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="higher",
    low=0,
    doc="Steps past due and not reached at as_of.",
    says="steps past due {moved} from {before} to {after}",
)
milestones_missed_28d = indicator(
    Span(facts.missed, "count", within=28),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="higher",
    low=0,
    doc="Steps that fell due in the last 28 days and are not reached at as_of.",
    says="steps newly past due {moved} from {before} to {after}",
)
oldest_missed_days = indicator(
    Span(facts.missed, "age_max"),
    component="lifecycle",
    group="onboarding",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since the oldest unreached step fell due; null when none is past due.",
    says="the oldest missed step is {after} past due; on {since} it was {before}",
)
milestones_reached_28d = indicator(
    reached(28),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    doc="Steps reached in the last 28 days.",
    says="steps reached in four weeks {moved} from {before} to {after}",
)
milestones_reached_84d = indicator(
    reached(84),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    doc="Steps reached in the last 84 days.",
    says="steps reached in twelve weeks {moved} from {before} to {after}",
)
milestone_rate_84d = indicator(
    Span(facts.missed, "count", within=84) / due(84),
    component="lifecycle",
    group="onboarding",
    unit="share",
    risk="higher",
    low=0,
    high=1,
    doc="Share of the steps due in the last 84 days that are not reached; null when none was due.",
    says="the share of steps missed {moved} from {before} to {after}",
)
late_milestones_84d = indicator(
    late(84),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="higher",
    low=0,
    doc="Steps reached after their due date in the last 84 days.",
    says="steps reached late in twelve weeks {moved} from {before} to {after}",
)
key_actions_reached = indicator(
    Span(facts.key_actions, "count"),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    doc="Key onboarding actions reached so far (O3).",
    says="key onboarding actions {moved} from {before} to {after}",
)
first_value_reached = indicator(
    Span(facts.first_value, "count").capped(high=1),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    high=1,
    doc="1 once the first value is reached (O5).",
    says="first value reached {moved} from {before} to {after}",
)
