"""What `churn policy lint` finds: conflicts read off the policy's values, anti-patterns, and the scenario's sums."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policy.lint import Findings, lint
from policy.policy import load_policy
from policy.scenario import audit, implied

NAMED = 'version: "2"\nauthor: me\nreason: a test\n'


def found(folder: Path, text: str) -> Findings:
    path = folder / "policy.yaml"
    path.write_text(NAMED + text + "\n", encoding="utf-8")
    return lint(load_policy(path))


def decision(findings: Findings, rule: str, about: str = "") -> str | None:
    return next((c.decision for c in findings.conflicts if rule in c.rule.split() and about in c.about), None)


def test_every_open_rule_of_the_texts_has_two_readings_and_a_decision() -> None:
    findings = lint(load_policy())
    rules = {rule for c in findings.conflicts for rule in c.rule.split()}
    health = {"H2", "H4", "H6", "H10", "H17", "H20", "H21"}
    signals = {"W1", "W2", "W3", "W4", "W5", "W6", "W7", "E1"}
    rest = {"I1", "I7", "I8", "S1", "S2", "S3", "S4", "S6", "O3", "O4", "O5", "M1", "M2", "M4", "M6", "M13", "M14"}
    assert rules == health | signals | rest
    for c in findings.conflicts:
        assert all(c.readings)
        assert c.readings[0] != c.readings[1]
        assert c.decision.endswith("."), c


def test_the_default_policy_has_no_anti_pattern() -> None:
    assert lint(load_policy()).anti_patterns == ()


def test_the_two_axes_disagree_in_three_of_five_ranges_of_arr() -> None:
    rows = [c for c in lint(load_policy()).conflicts if c.about.startswith("ARR $")]
    assert [c.about for c in rows] == ["ARR $10K–$20K", "ARR $20K–$50K", "ARR $50K–$100K"]
    assert rows[0].readings == (
        "mid-touch: pooled, 50–100 accounts per CSM",
        "smb: digital, 100–200 accounts per CSM",
    )
    assert rows[0].decision == "digital (cs_operations, csm), 100 accounts per CSM, no calls without a cause."
    assert rows[1].decision == "pooled (csm), 50 accounts per CSM, check-in every 60 days."
    assert rows[2].decision == "named (csm), 50 accounts per CSM, check-in every 30 days."


@pytest.mark.parametrize(
    ("text", "rule", "about"),
    [
        ("onboarding: {activation: {outcome_rate: 0.70}}", "O4", ""),
        ("metrics: {nrr_target: 1.15}", "M2", "NRR to reach"),
        ("indicators: {adopted_users: 1, adopted_days: 1}", "H6", ""),
        ("health: {mix_tolerance: 1}", "H4", ""),
        ("health: {silent_ticket_points: {healthy: 50, falling: 50}}", "H10", ""),
        ("signals: {renewal: {stages: [90]}}", "W6", ""),
        ("segments: {qbr: {top_by_arr: 0}}", "S6", ""),
        ("segments: {qbr: {touch_models: []}}", "S6", ""),
        ("segments: {cadences: {bi_monthly: {check_in_days: null}}}", "S3", ""),
        ("tasks: {recovery: {within_days: 364}}", "I8", ""),
        ("segments: {touch_readings: {mid: {accounts_per_csm: [30, 50]}}}", "S4", ""),
    ],
)
def test_a_policy_without_the_conflict_has_no_line_for_it(tmp_path: Path, text: str, rule: str, about: str) -> None:
    assert decision(lint(load_policy()), rule, about) is not None
    assert decision(found(tmp_path, text), rule, about) is None


def test_a_policy_whose_axes_agree_has_no_segment_conflict(tmp_path: Path) -> None:
    text = """
segments:
  touch_model: {mid: 20000, high: 100000}
  touch_readings: {mid: {service: pooled, accounts_per_csm: [30, 50]}}
"""
    assert [c for c in found(tmp_path, text).conflicts if c.about.startswith("ARR $")] == []


@pytest.mark.parametrize(
    ("text", "rule", "says"),
    [
        ("health: {bands: {green: 80}}", "H2", "green [80, 100], yellow [50, 80)"),
        ("health: {tier_coverage: 0}", "H21", "a tier is given on any data at all"),
        ("signals: {login_drop: {share: 0.4}}", "W1", "40 % or more"),
        ("tasks: {count: clock_hours}", "I1", "hours of the clock, weekends included"),
        ("onboarding: {activation: {judged_by: outcome}}", "O4", "judged by the outcome: 75 %, from 60 %."),
        ("onboarding: {value_from: signup}", "O5", "from signup"),
        ("metrics: {grr: churn_only}", "M1", "only churn is subtracted"),
        ("metrics: {nrr: churn_only}", "M2", "contraction is not subtracted"),
        ("metrics: {time_to_churn: mean}", "M4", "the mean leads"),
        ("metrics: {ltv: revenue}", "M6", "revenue over the lifetime leads"),
        ("metrics: {qbr_counts: all}", "M13", "of all customers"),
        ("metrics: {response_hours: clock}", "M14", "hours of the clock to the first human answer, median and p90"),
        ("segments: {cadences: {bi_monthly: {check_in_days: 15}}}", "S3", "every 15 days."),
    ],
)
def test_a_policy_that_decides_otherwise_says_so(tmp_path: Path, text: str, rule: str, says: str) -> None:
    assert says in str(decision(found(tmp_path, text), rule))
    assert says not in str(decision(lint(load_policy()), rule))


def test_points_that_look_back_too_far_are_counted_by_hand() -> None:
    # Engagement 25 × (.20 opens 84 d + .20 meetings 182 d + .10 + .05 + .05 in 91 d) = 15;
    # sentiment 20 × (.35 NPS + .20 CSAT, which fade over 180 d) = 11; commercial 15 × .20 ARR in 364 d = 3.
    slow = next(c for c in lint(load_policy()).conflicts if c.rule == "I8")
    assert slow.readings[1] == "29 of 100 points look back further than 30 days"


@pytest.mark.parametrize(
    ("text", "name", "where"),
    [
        ("signals: {plays: {renewal: null}}", "alert without a playbook", "signals.plays.renewal"),
        (
            "plays: {mine: {play: call, steps: [Call], step_days: [1], owner_type: csm}}",
            "playbook without a success metric",
            "plays.mine.success_metric",
        ),
        (
            "plays: {mine: {play: call, steps: [Call], step_days: [1], success_metric: they answer}}",
            "playbook without an owner",
            "plays.mine.owner_type",
        ),
        (
            "plays: {mine: {play: call, steps: [Call], owner_type: csm, success_metric: they answer}}",
            "playbook without due times",
            "plays.mine.step_days",
        ),
        (
            "signals: {confirmatory: [login_drop, ticket_spike, key_people, payment, voice, renewal, feature_decline]}",
            "reactive only",
            "signals.confirmatory",
        ),
        ("feature_requests: {routed_to: null}", "feedback not routed to product", "feature_requests.routed_to"),
        ("feature_requests: {routed_to: ' '}", "feedback not routed to product", "feature_requests.routed_to"),
        (
            "back_to_green: {inputs: {renewal_talk: {what: talk, cost_hours: 1, hours_per_step: null, step: null}}}",
            "a change that the health score does not read",
            "back_to_green.inputs.renewal_talk",
        ),
    ],
)
def test_an_anti_pattern_is_named_with_its_place_and_cure(tmp_path: Path, text: str, name: str, where: str) -> None:
    (only,) = found(tmp_path, text).anti_patterns
    assert (only.name, only.where) == (name, where)
    assert only.cure
    # What is alarmed about and answered by nothing is the one that must not go out.
    assert (only.severity == "error") == (name == "alert without a playbook")


def test_one_policy_for_all_segments_is_an_anti_pattern(tmp_path: Path) -> None:
    row = (
        "{{touch_model: {}, team_segment: {}, service: pooled, owner_types: [csm], cadence: bi_monthly, "
        "accounts_per_csm: 50, human: always, executive_review_days: null}}"
    )
    pairs = [
        ("tech", "smb"),
        ("mid", "smb"),
        ("mid", "mid_market"),
        ("high", "mid_market"),
        ("high", "enterprise"),
    ]
    rows = ", ".join(row.format(*pair) for pair in pairs)
    (only,) = found(tmp_path, f"segments: {{rows: [{rows}]}}").anti_patterns
    assert (only.name, only.where) == ("one policy for all segments", "segments.rows")


def test_the_sums_of_the_scenario_by_hand() -> None:
    sums = implied(load_policy().scenario)
    assert sums.grr == 0.85  # 100 − 15
    assert sums.expansion == 0.20  # 105 − 85
    assert sums.target_grr == 0.90
    assert sums.target_expansion == 0.25  # 115 − 90
    assert sums.arr_from_nrr == 11_500_000  # 10M × 1.15
    assert sums.new_logos == 2_500_000  # 14M − 11.5M
    assert sums.lifetime_gain == 0.50  # (1 ÷ .10) ÷ (1 ÷ .15) − 1
    assert sums.ltv_churn == pytest.approx(0.15 / 1.4)  # 10.7 %
    assert sums.average_arr == 20_000  # 10M ÷ 500
    assert sums.activated == 0.60


def test_the_audit_sets_promises_beside_their_own_arithmetic() -> None:
    said = {a.about: a.says for a in lint(load_policy()).scenario}
    assert "GRR 85 % with NRR 105 % implies 20 % expansion in 12 months, $2M on $10M." in said["expansion now"]
    assert "GRR 90 % with NRR 115 % needs 25 % expansion, +5 points on now." in said["expansion promised"]
    assert "NRR 115 % alone gives $11.5M; $14M needs $2.5M of new logos." in said["ARR promised"]
    assert "+50 %; +40 % LTV would match a churn of 10.7 %." in said["lifetime value promised"]
    assert "$20K each, exactly on a boundary" in said["average account"]
    assert {a.about: a.agrees for a in lint(load_policy()).scenario} == {
        "expansion now": True,
        "expansion promised": False,
        "ARR promised": False,
        "lifetime value promised": False,
        "activation now": True,
        "average account": False,
    }


@pytest.mark.parametrize(
    ("change", "about", "agrees", "says"),
    [
        ({"target_arr": 11_500_000}, "ARR promised", True, "that reaches the $11.5M promised without new logos"),
        ({"target_arr": 12_000_000}, "ARR promised", False, "$12M needs $500K of new logos"),
        ({"target_ltv_gain": 0.5}, "lifetime value promised", True, "+50 % LTV would match a churn of 10 %"),
        ({"target_nrr": 1.10}, "expansion promised", True, "needs 20 % expansion, +0 points"),
        ({"never_activate": 0.3}, "activation now", False, "30 % never activate, so 70 % do"),
        ({"customers": 400}, "average account", True, "over 400 customers is $25K each."),
        ({"churn": 0.10}, "expansion now", True, "GRR 90 % with NRR 105 % implies 15 % expansion in 12 months, $1.5M"),
    ],
)
def test_every_figure_of_the_audit_follows_the_scenario(
    change: dict[str, Any], about: str, agrees: bool, says: str
) -> None:
    policy = load_policy()
    scenario = policy.scenario.model_copy(update=change)
    audited = audit(scenario, policy.segments, activation_from=policy.onboarding.activation.from_rate)
    line = next(a for a in audited if a.about == about)
    assert line.agrees == agrees
    assert says in line.says
