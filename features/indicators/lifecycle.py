"""Where the account stands on its way: onboarding, milestones, tenure, signs of life (O3–O7)."""

from __future__ import annotations

from features.expression import Setting
from features.indicator import indicator
from features.measure import Context, Measure, Span
from features.reductions import journey as facts

tenure = Context("tenure_days")
in_time = Span(facts.key_actions, "count", by_day="activation_by_day")
ENOUGH_ACTIONS = Setting("activation_key_actions")
due = Measure(facts.missed, "due")
reached = Measure(facts.reached, "reached")
late = Measure(facts.reached, "late")
reached_so_far = Span(facts.reached, "count")

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
account_age_days = indicator(
    Context("account_age_days"),
    component="lifecycle",
    group="onboarding",
    unit="days",
    low=0,
    doc="Days since the account was created; null while its own row is not known.",
    says="the account was created {after} ago; on {since} it was {before}",
    clock=True,
)
key_actions_in_time = indicator(
    in_time,
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    doc="Key onboarding actions reached by day {activation_by_day}, inclusive, after the first term began (O3).",
    says="key actions reached in time {moved} from {before} to {after}",
)
activated = indicator(
    (in_time >= ENOUGH_ACTIONS).where((tenure > Setting("activation_by_day")) + (in_time >= ENOUGH_ACTIONS) >= 1),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    high=1,
    doc="1 where {activation_key_actions} key actions were reached by day {activation_by_day}, 0 where the day has passed "
    "without; null until then (O3).",
    says="activation {moved} from {before} to {after}",
)
days_to_first_value = indicator(
    (tenure - Span(facts.first_value, "age_max")).capped(low=0),
    component="lifecycle",
    group="onboarding",
    unit="days",
    risk="higher",
    low=0,
    doc="Days from the start of the first term to the first value reached; 0 where it came before, null until it is (O5).",
    says="the first value took {after}; on {since} it stood at {before}",
    clock=True,
)
signup_to_first_value_days = indicator(
    (Context("account_age_days") - Span(facts.first_value, "age_max")).capped(low=0),
    component="lifecycle",
    group="onboarding",
    unit="days",
    risk="higher",
    low=0,
    doc="Days from the account's creation to the first value reached; null until it is (O5).",
    says="from sign-up to the first value it took {after}; on {since} it stood at {before}",
    clock=True,
)
milestone_completion = indicator(
    reached_so_far / (reached_so_far + Span(facts.missed, "count")),
    component="lifecycle",
    group="onboarding",
    unit="share",
    risk="lower",
    low=0,
    high=1,
    doc="Steps reached, as a share of those reached or past due; null without any (O7).",
    says="the share of steps reached {moved} from {before} to {after}",
)
days_since_last_milestone = indicator(
    Span(facts.reached, "age_min"),
    component="lifecycle",
    group="onboarding",
    unit="days",
    risk="higher",
    low=1,
    doc="Days since a step was last reached; null if never.",
    says="the last step was reached {after} ago; on {since} it was {before}",
)
goals_reached = indicator(
    Span(facts.goals, "count"),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    doc="Goals of the success plan reached so far (P1).",
    says="goals reached {moved} from {before} to {after}",
)
goals_set = indicator(
    Span(facts.goals_set, "count"),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    doc="Goals of the success plan that were due or reached so far (O7).",
    says="goals due {moved} from {before} to {after}",
)
handed_over = indicator(
    Span(facts.handoffs, "count").capped(high=1),
    component="lifecycle",
    group="onboarding",
    unit="count",
    risk="lower",
    low=0,
    high=1,
    doc="1 once the handoff from sales is done (O7).",
    says="handoffs done {moved} from {before} to {after}",
)
