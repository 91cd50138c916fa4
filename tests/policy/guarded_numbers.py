"""Which tests guard which numbers of the policy, and how one number is changed so that the policy stays valid."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from policy.archive import leaves
from policy.planned import planned
from policy.policy import Policy, load_policy

RULES = "tests/models/test_health_rules.py"
SCORE = "tests/models/test_health_score.py"
USAGE = "tests/features/test_signals_of_usage.py"
PEOPLE = "tests/features/test_signals_of_people.py"
MONEY = "tests/features/test_signals_of_money.py"
EPISODES = "tests/features/test_signal_episodes.py"
PLAYS = "tests/serving/workbench/plays"
JOURNEY = "tests/serving/workbench/journey"
DUE = f"{PLAYS}/test_prevention.py::test_each_stage_is_due_by_its_hours_of_working_days"
STEPS = f"{PLAYS}/test_step.py::test_every_play_says_who_does_it_by_when_and_what_shows_that_it_worked"
TWELVE = "tests/serving/workbench/kpis/test_twelve.py"
# The beginning of a number's path → tests of which at least one fails when it is changed; the longest one counts.
# Paths are those of `churn policy lint` and docs/policy.md, places in a list counted from 0.
TESTED: Mapping[str, tuple[str, ...]] = {
    "health": (SCORE, RULES),
    "health.inputs": (
        f"{RULES}::test_a_value_earns_the_points_worked_by_hand",
        f"{RULES}::test_each_input_weighs_its_share_of_the_whole_score",
    ),
    "indicators": ("tests/features/test_indicator_numbers.py",),
    "signals.clear_runs": (
        f"{EPISODES}::test_a_payment_is_open_from_its_first_run_and_gone_two_clear_days_after_it_is_paid",
    ),
    "signals.login_drop": (
        f"{USAGE}::test_logins_are_down_from_30_percent_per_seat_on_enough_of_a_baseline",
        f"{USAGE}::test_a_fall_that_the_segment_shares_is_logged_and_not_raised",
    ),
    "signals.ticket_spike": (f"{PEOPLE}::test_tickets_spike_beyond_chance_or_one_is_escalated",),
    "signals.key_people": (f"{PEOPLE}::test_a_key_person_leaves_or_a_weekly_user_falls_silent",),
    "signals.payment": (f"{MONEY}::test_a_payment_has_failed_for_72_hours_or_is_7_days_past_due_or_disputed",),
    "signals.voice": (f"{PEOPLE}::test_a_detractor_answers_or_the_mood_is_low",),
    "signals.renewal": (f"{MONEY}::test_the_renewal_is_ahead_from_90_days_on_in_stages_and_never_switches_off",),
    "signals.feature_decline": (f"{USAGE}::test_core_features_decline_from_a_quarter_or_when_one_is_given_up",),
    "signals.adoption": (f"{USAGE}::test_more_than_80_percent_of_the_features_or_80_percent_of_the_seats",),
    "signals.growth": (f"{MONEY}::test_they_grow_promote_us_ask_for_more_or_spread",),
    "segments": ("tests/policy/test_segments.py", "tests/policy/test_lint.py"),
    "onboarding": ("tests/policy/test_journey.py",),
    "label.contraction_share": (
        "tests/features/test_labels.py::test_a_contraction_takes_a_fifth_of_the_revenue_or_more",
    ),
    "label.lapse_days": ("tests/policy/test_policy.py",),
    "proof": ("tests/policy/test_policy.py::test_the_default_policy_states_the_rules_of_the_domain",),
    "monitoring": ("tests/models/test_alerts.py",),
    "delivery": ("tests/serving/writeback/test_breakers.py",),
    "delivery.undo_runs": (
        "tests/serving/writeback/test_rollback.py::test_a_run_too_old_to_know_what_was_there_before_is_refused",
    ),
    "delivery.alone_tries": ("tests/serving/writeback/test_no_answer.py",),
    "acted_on": ("tests/models/test_acted_on.py", "tests/pipelines/test_alarms.py"),
    "backtest": ("tests/models/test_cadence.py",),
    "risk": ("tests/serving/test_score.py",),
    "ladder": ("tests/models/test_ladder.py",),
    "evidence": ("tests/serving/test_score.py", "tests/serving/test_reasons.py"),
    "evidence.widest_range": ("tests/pipelines/test_outlook.py::test_a_wide_range_is_told_as_little_evidence",),
    "money": ("tests/models/test_money.py",),
    "evidence.least_gap": ("tests/models/test_main_driver.py::test_a_lead_below_the_least_gap_names_nobody",),
    "tasks": ("tests/serving/test_tasks.py", "tests/serving/test_score.py"),
    **{
        f"plays.{play}.step_days": (STEPS,)
        for play in (
            *("usage", "onboarding", "support", "relationship", "sentiment", "payment", "contract", "people"),
            *("expansion", "default", "win_back"),
        )
    },
    "tasks.diagnose_hours": (DUE,),
    "tasks.plan_hours": (DUE,),
    "tasks.check_in_days": (
        f"{PLAYS}/test_prevention.py::test_check_ins_come_every_week_after_the_plan_and_each_missed_one_stays_overdue",
    ),
    "tasks.recovery": (
        f"{PLAYS}/test_success.py::test_the_day_is_the_first_of_two_green_scores_in_a_row_after_publication",
        f"{PLAYS}/test_success.py::test_thirty_days_after_publication_are_over_on_the_thirty_first",
    ),
    "tasks.expansion_pause_days": (f"{PLAYS}/test_expansion.py::test_the_gate_opens_for_a_green_calm_account_alone",),
    "tasks.executive_after_hours": (
        f"{PLAYS}/test_prevention.py::test_a_breach_makes_a_step_for_whom_it_is_passed_on_to_until_nothing_is_past_due",
    ),
    "tasks.snooze_most_days": (f"{PLAYS}/test_said.py::test_no_snooze_lasts_longer_than_thirty_days",),
    "tasks.reentry": (f"{PLAYS}/test_said.py",),
    "tasks.win_back_days": (
        f"{PLAYS}/test_win_back.py::test_a_return_within_180_days_of_the_end_is_a_win_back",
        f"{PLAYS}/test_win_back.py::test_a_lost_account_may_be_won_back_for_180_days_unless_it_was_bought",
        f"{TWELVE}::test_who_comes_back_within_180_days_and_who_later",
    ),
    "tasks.wins_days": (
        f"{PLAYS}/test_wins.py::test_the_log_reaches_back_91_days_and_holds_nothing_of_the_day_itself",
    ),
    "onboarding.tasks": (f"{PLAYS}/test_onboarding.py::test_each_task_is_due_on_its_day_after_the_start",),
    "onboarding.grace_days": (f"{PLAYS}/test_onboarding.py::test_what_was_left_undone_stands_for_thirty_days_more",),
    "expansion": (
        f"{PLAYS}/test_expansion.py::test_the_gate_opens_for_a_green_calm_account_alone",
        f"{PLAYS}/test_expansion.py::test_a_discount_outside_ten_to_twenty_percent_is_rejected_with_the_range",
    ),
    "renewals": (f"{PLAYS}/test_renewal.py::test_a_discount_above_the_policys_limit_goes_to_approval",),
    "renewals.least_term_days": (f"{PLAYS}/test_renewal.py::test_a_term_that_renews_all_the_time_has_no_renewal_play",),
    "surveys": (
        f"{JOURNEY}/test_cadence.py::test_satisfaction_is_asked_for_within_seven_days_of_a_closed_ticket",
        f"{JOURNEY}/test_cadence.py::test_a_person_who_answered_anything_within_thirty_days_is_left_alone",
    ),
    "feature_requests": (
        f"{JOURNEY}/test_feature_requests.py::test_a_request_is_answered_within_thirty_days_or_overdue",
    ),
    "advocacy": (
        f"{JOURNEY}/test_feature_requests.py::test_who_lacks_one_of_them_is_told_which",
        f"{PLAYS}/test_wins.py::test_what_was_reached_is_a_dated_sentence_of_its_kind",
    ),
    "alerts": ("tests/serving/alerts/test_routing.py",),
    "tasks.business_hours": ("tests/serving/test_due.py",),
    "scenario": ("tests/policy/test_lint.py",),
    "reviews": (
        "tests/serving/reviews/test_account.py::test_an_id_that_is_no_slug_or_could_leave_the_folder_is_refused",
        "tests/serving/reviews/test_account.py::test_a_slug_is_an_id",
    ),
    "segments.hours_per_week": ("tests/serving/workbench/test_capacity.py::test_hours_of_the_week_by_role",),
    "plays": (
        "tests/serving/workbench/worklist/test_worklist.py::test_each_play_takes_the_hours_of_the_policy_and_no_play_those_of_the_default",
    ),
    "capacity": ("tests/serving/workbench/test_capacity.py",),
    "capacity.backlog_weeks": (
        "tests/serving/workbench/test_capacity.py::test_owed_hours_are_summed_by_owner_and_a_quarter_of_what_is_overdue_is_owed_each_week",
    ),
    "save_effects": ("tests/serving/workbench/worklist/test_effects.py",),
    "desk": ("tests/serving/workbench/worklist/test_desk.py",),
    "qbr": ("tests/serving/qbr/test_brief.py",),
    "qbr.benchmark_least": ("tests/serving/qbr/test_benchmark.py",),
    "back_to_green": ("tests/serving/back_to_green/test_reach.py",),
    "back_to_green.inputs": ("tests/serving/back_to_green/test_inputs.py::test_what_each_change_costs",),
    "metrics": (f"{TWELVE}::test_a_metric_equals_what_a_hand_works_out",),
    **{
        f"metrics.{name}": (f"{TWELVE}::test_targets_are_met_from_their_value_on_and_what_is_missing_is_said",)
        for name in ("grr_target", "nrr_target", "churn_target", "nps_target", "csat_target")
    },
    "metrics.renewal_least_days": (
        "tests/serving/workbench/kpis/test_renewals.py::test_terms_of_less_than_180_days_are_counted_apart",
    ),
    "onboarding.activation": (
        f"{TWELVE}::test_targets_are_met_from_their_value_on_and_what_is_missing_is_said",
        "tests/policy/test_journey.py::test_the_activation_rate_is_judged_by_the_plan",
    ),
    "tasks.churn_goal": (
        "tests/serving/workbench/kpis/test_goal.py::test_churn_is_held_against_the_line_from_15_to_10_percent_in_twelve_months",
    ),
}
# Groups of numbers that must keep their sum: what one gains another gives.
SUMS = (
    "health.weights",
    "health.onboarding_weights",
    "health.expected_mix",
    "qbr.minutes",
    "qbr.short_minutes",
)
# What others add up to: a part grows with it.
TOTALS: Mapping[str, str] = {
    "qbr.total_minutes": "qbr.minutes.recap",
    "qbr.short_total_minutes": "qbr.short_minutes.recap",
}
# One number written in two places.
TWINS: Mapping[str, str] = {
    f"indicators.{name}": f"signals.{signal}.{name}"
    for signal, names in {
        "key_people": ("silent_days", "weekly_user_weeks", "top_share"),
        "feature_decline": ("blocks", "used_blocks"),
    }.items()
    for name in names
}


@cache
def _default() -> str:
    return json.dumps(load_policy().model_dump(mode="json", by_alias=True))


def default() -> dict[str, Any]:
    """The default policy as plain tables and lists, to be changed at will."""
    given: dict[str, Any] = json.loads(_default())
    return given


@cache
def numbers() -> Mapping[str, float]:
    """Path → number, for every number of the default policy."""
    return {p: v for p, v in leaves(default()) if isinstance(v, int | float) and not isinstance(v, bool)}


def longest_prefix(path: str, prefixes: Mapping[str, Any]) -> str | None:
    """The longest of the prefixes that the path begins with, whole parts only."""
    fitting = [p for p in prefixes if path == p or path.startswith(f"{p}.")]
    return max(fitting, key=len, default=None)


def guard(path: str) -> tuple[str, ...] | None:
    """The tests that guard a number; null where its rule is planned. Raises KeyError where it is neither."""
    tested, later = longest_prefix(path, TESTED), longest_prefix(path, planned())
    if tested is None and later is None:
        raise KeyError(
            f"`{path}`: name the test that guards it in tests/policy/guarded_numbers.py, or the rule to come."
        )
    if later is not None and len(later) > len(tested or ""):
        return None
    return TESTED[str(tested)]


def changed(path: str) -> dict[str, Any]:
    """The default policy with this number changed, and still valid. Raises ValueError where no change is."""
    value = numbers()[path]
    # What is counted in whole weeks moves by a week.
    steps = (1, -1, 7, -7) if isinstance(value, int) else (0.1 * value, -0.1 * value, 0.01, -0.01, 1.0, -1.0)
    for step in steps:
        for partner in partners(path):
            given = default()
            put(given, path, value + step)
            if partner is not None:
                put(given, partner, _beside(path, partner, value, step))
            if step and _valid(given):
                return given
    raise ValueError(f"`{path}` cannot be changed without making the policy invalid")


def _beside(path: str, partner: str, value: float, step: float) -> float:
    """What the partner becomes where the number at the path becomes value + step."""
    if partner in (TWINS.get(path), twin_of(path)):
        return value + step
    return numbers()[partner] + (step if partner == TOTALS.get(path) else -step)


def twin_of(path: str) -> str | None:
    """The other place of a number that stands in two."""
    return next((ours for ours, theirs in TWINS.items() if theirs == path), None)


def partners(path: str) -> Iterator[str | None]:
    """Numbers that may have to move with this one; none first."""
    yield None
    yield from filter(None, (TWINS.get(path), twin_of(path), TOTALS.get(path)))
    parent, _, last = path.rpartition(".")
    if parent in SUMS:
        yield from (p for p in numbers() if p.startswith(f"{parent}.") and p != path)
    if last == "share" and path.startswith("health.inputs."):
        component = ".".join(path.split(".")[:3])
        yield from (p for p in numbers() if p.startswith(f"{component}.") and p.endswith(".share") and p != path)


def put(given: dict[str, Any], path: str, value: float) -> None:
    """Write a number at its path."""
    place: Any = given
    *parts, last = path.split(".")
    for part in parts:
        place = place[int(part)] if isinstance(place, list) else place[part]
    place[int(last) if isinstance(place, list) else last] = value


def _valid(given: dict[str, Any]) -> bool:
    try:
        Policy.model_validate(given)
    except ValueError:
        return False
    return True
