"""Loading the policy: what is wrong, where, and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from policy.errors import SettingsError
from policy.policy import COMPONENTS, Policy, load_policy


def override(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_policy(override(folder, text))
    assert caught.value.exit_code == 3
    assert caught.value.where == "policy.yaml"
    assert caught.value.cure
    return caught.value


NAMED = 'version: "2"\nauthor: me\nreason: a test\n'


def test_the_default_policy_states_the_rules_of_the_domain() -> None:
    policy = load_policy()
    assert policy.health.weights == {"usage": 40, "engagement": 25, "sentiment": 20, "commercial": 15}
    assert (policy.health.bands.green, policy.health.bands.yellow) == (75, 50)
    assert policy.health.tier_coverage == 0.60
    assert (policy.ladder.refuse_below, policy.ladder.logistic_from, policy.ladder.ensemble_from) == (30, 50, 55)
    assert (policy.tasks.assess_hours, policy.tasks.reach_out_hours) == (24, 48)
    assert policy.evidence.reasons == 3
    assert policy.label.lapse_days == 30
    assert policy.proof.model_dump() == {
        "dates": 2, "seeds": 2, "accounts": 200, "opinion_accounts": 25, "panel_accounts": 2000, "tolerance": 1e-9,
        "shuffles": 5, "error_rate": 0.001, "single_indicator": {"limit": 0.80, "observable": 0.70},
        "pooled": {"limit": 0.90, "observable": 0.80}, "annual_term_days": 300, "longest_horizon_days": 90,
    }  # fmt: skip
    assert policy.health.onboarding_weights == {"usage": 50, "engagement": 30, "sentiment": 12, "commercial": 8}


def test_every_health_input_is_an_indicator_of_the_catalogue() -> None:
    from features.catalogue import catalogue

    health = load_policy().health
    used = {i.indicator for c in COMPONENTS for i in health.inputs[c]} | {c.while_ for c in health.caps}
    assert used <= set(catalogue())


def test_every_driver_group_has_a_play_and_there_is_a_default() -> None:
    from features.catalogue import catalogue

    plays = load_policy().plays
    assert {i.group for i in catalogue().values()} | {"default"} <= set(plays)
    assert all(len(p.steps) == 3 for p in plays.values())


def test_weights_that_do_not_sum_to_100_are_refused_with_a_cure(tmp_path: Path) -> None:
    found = refused(tmp_path, NAMED + "health: {weights: {usage: 41}}\n")
    assert "weights must sum to 100, they sum to 101" in str(found)
    assert "Mend `health`" in found.cure


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ("{usage: 140, commercial: -85}", "must not be negative"),
        ("{usage: .nan}", "must not be negative"),
        ("{usage: forty}", "valid number"),
    ],
)
def test_weights_that_are_no_weights_are_refused(tmp_path: Path, weights: str, says: str) -> None:
    assert says in str(refused(tmp_path, NAMED + f"health: {{weights: {weights}}}\n"))


@pytest.mark.parametrize(
    ("text", "key", "nearest"),
    [
        ("helth: {}", "helth", "health"),
        ("health: {wieghts: {}}", "health.wieghts", "weights"),
        ("health: {weights: {usge: 40}}", "health.weights.usge", "usage"),
        ("ladder: {logistic_form: 60}", "ladder.logistic_form", "logistic_from"),
    ],
)
def test_an_unknown_key_is_an_error_with_the_nearest_spelling(
    tmp_path: Path, text: str, key: str, nearest: str
) -> None:
    found = refused(tmp_path, NAMED + text + "\n")
    assert f"unknown key `{key}`" in found.message
    assert found.cure == f"Did you mean `{nearest}`?"


def test_a_key_that_is_a_number_is_an_unknown_key_and_no_crash(tmp_path: Path) -> None:
    assert "unknown key `2026`" in str(refused(tmp_path, NAMED + "2026: x\n"))


def test_an_override_without_a_version_is_refused(tmp_path: Path) -> None:
    found = refused(tmp_path, "ladder: {refuse_below: 40}\n")
    assert "without a version" in found.message
    assert found.cure == "Add version, author and reason."


@pytest.mark.parametrize("key", ["author", "reason"])
def test_an_override_without_an_author_or_a_reason_is_refused(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in NAMED.splitlines() if not line.startswith(key))
    assert f"{key}." in refused(tmp_path, text + "\nladder: {refuse_below: 40}\n").message


def test_an_override_changes_only_what_it_names(tmp_path: Path) -> None:
    found = load_policy(override(tmp_path, NAMED + "ladder: {refuse_below: 40}\nhealth: {bands: {green: 80}}\n"))
    default = load_policy()
    assert (found.version, found.author, found.reason) == ("2", "me", "a test")
    assert found.ladder == default.ladder.model_copy(update={"refuse_below": 40})
    assert (found.health.bands.green, found.health.bands.yellow) == (80, 50)
    assert found.health.weights == default.health.weights


def test_a_project_may_add_a_play_of_its_own(tmp_path: Path) -> None:
    found = load_policy(override(tmp_path, NAMED + "plays: {champions: {play: call, steps: [Call]}}\n"))
    assert found.plays["champions"].steps == ("Call",)
    assert "usage" in found.plays


@pytest.mark.parametrize("text", ["", "# nothing\n"])
def test_an_empty_or_absent_override_is_the_default(tmp_path: Path, text: str) -> None:
    assert load_policy(override(tmp_path, text)) == load_policy()
    assert load_policy(tmp_path / "none.yaml") == load_policy()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("health: {bands: {green: 50}}", "0 < yellow < green"),
        ("health: {caps: [{component: sentimnt, at_most: 40, while: open_escalations}]}", "Did you mean `sentiment`"),
        (
            "health: {caps: [{component: sentiment, at_most: 140, while: open_escalations}]}",
            "less than or equal to 100",
        ),
        ("health: {inputs: {usage: [{indicator: a, share: 0.5, points: [[0, 0]]}]}}", "usage must sum to 1"),
        ("health: {inputs: {usage: [{indicator: a, share: 1, points: [[1, 0], [0, 9]]}]}}", "values must ascend"),
        ("health: {inputs: {usage: [{indicator: a, share: 1, points: [[0, 101]]}]}}", "between 0 and 100"),
        ("health: {inputs: {usage: [{indicator: a, share: 1}]}}", "either points or steps"),
        ("plays: {usage: {step: []}}", "plays.usage.step"),
        ("health: {onboarding_weights: {usage: 51}}", "onboarding_weights must sum to 100, they sum to 101"),
        ("health: {expected_mix: {green: 0.8}}", "sums to 1, it sums to 1.1"),
        ("indicators: {silent_days: 22}", "write the same in both"),
        ("signals: {feature_decline: {blocks: 5}}", "signals.feature_decline.blocks is 5: they are one number"),
        ("signals: {login_drop: {least_user_days: 7}}", "cannot lie below indicators.least_baseline_user_days"),
        ("signals: {voice: {least_messages: 2}}", "cannot lie below indicators.least_messages"),
        ("signals: {feature_decline: {used_blocks: 5}}", "used_blocks cannot exceed blocks"),
        ("signals: {login_drop: {share: 30}}", "signals.login_drop.share"),
        ("signals: {ticket_spike: {significance: 0}}", "signals.ticket_spike.significance"),
        ("signals: {renewal: {stages: [30, 60]}}", "stages must descend, they are 30, 60"),
        ("signals: {renewal: {stages: []}}", "stages need at least one number"),
        ("signals: {weekly: [login_drop]}", "each signal is either weekly or daily, once"),
        ("signals: {daily: [ticket_spike, key_people, payment, voice, renewal]}", "look at renewal"),
        ("signals: {confirmatory: [paymnt]}", "Did you mean `payment`?"),
        ("signals: {plays: {voice: sentimnt}}", "signals.plays.voice names no play `sentimnt`: Did you mean"),
        ("segments: {touch_model: {mid: 60000}}", "touch_model bands must ascend, they are 60000, 50000"),
        ("segments: {team_segment: {enterprise: 1}}", "team_segment bands must ascend"),
        ("segments: {touch_readings: {mid: {accounts_per_csm: [100, 50]}}}", "gives the fewest first"),
        ("segments: {owner_types: [csm]}", "no owner type `cs_operations`"),
        ("segments: {hours_per_week: {cms: 30}}", "Did you mean `csm`?"),
        ("renewals: {owner_type: renewal_manager}", "Did you mean `renewals_manager`?"),
        ("onboarding: {mail_days: [3, 1]}", "mail_days must ascend, they are 3, 1"),
        ("onboarding: {journey: {stuck_missed: 0}}", "stuck_missed"),
        ("onboarding: {completeness: [goals, goals]}", "names each part once"),
        ("ladder: {logistic_from: 20}", "must not fall"),
        ("tasks: {reach_out_hours: 12}", "first assess, then write"),
        ("tasks: {actions: {price: talk}}", "actions name price, which root_causes lacks"),
        ("tasks: {business_hours: {to_hour: 9}}", "from_hour and to_hour must ascend"),
        ("tasks: {count: hours}", "tasks.count"),
        ("metrics: {nps_target: [50, 30]}", "nps_target must ascend"),
        ("metrics: {csat_target: 6}", "csat_target cannot exceed csat_scale"),
        ("expansion: {discount: [0.2, 0.1]}", "discount must ascend"),
        ("qbr: {minutes: {recap: 6}}", "minutes add up to 61, not 60"),
        ("reviews: {id_pattern: '['}", "id_pattern is no regular expression"),
        ("scenario: {churn: 0}", "scenario.churn"),
        ("version: 3.1", 'write the version in quotes: version: "3.1"'),
        ("version: ../../x", "a version is letters, digits"),
    ],
)
def test_values_that_make_no_sense_are_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    assert says in str(refused(tmp_path, NAMED + text + "\n"))


@pytest.mark.parametrize("text", ["a: [", "- a\n- b\n", "just words\n"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    refused(tmp_path, text)


def test_the_policy_is_frozen() -> None:
    with pytest.raises(ValidationError):
        load_policy().version = "3"


def test_a_policy_survives_json_unchanged() -> None:
    policy = load_policy()
    assert Policy.model_validate_json(policy.model_dump_json(by_alias=True)) == policy


@pytest.mark.parametrize(
    ("score", "coverage", "tier"),
    [
        (49.99, 1, "red"),
        (50, 1, "yellow"),
        (74.99, 1, "yellow"),
        (75, 1, "green"),
        (75, 0.6, "green"),
        (75, 0.59, "unrated"),
        (10, 0.59, "unrated"),
        (None, 1, "unrated"),
        (float("nan"), 1, "unrated"),
    ],
)
def test_the_tier_of_a_score(score: float | None, coverage: float, tier: str) -> None:
    assert load_policy().tier(score, coverage) == tier
