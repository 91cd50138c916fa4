"""Alerts: on one side of each limit of the policy there is one, on the other there is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from models.alerts import Alert, drift_alerts, enough, outcome_alerts
from models.drift import Drift
from policy.policy import load_policy

RULES = load_policy().monitoring
STILL = Drift("logins", 0.01, 0.10, 0.05, 0.30, 0.30, 0.08, 0.02)
BLOCK: dict[str, Any] = {
    "from": "2026-01-05", "until": "2026-03-30", "n_churned_accounts": 30, "expected_per_snapshot": 25.0,
    "ratio": 1.0, "ci": (0.8, 1.2),
}  # fmt: skip
FIGURES: dict[str, Any] = {
    "n_churned_accounts": 30, "roc_auc": 0.75, "roc_auc_ci": (0.70, 0.80), "log_loss": 0.15,
    "log_loss_constant": 0.17, "log_loss_gain_ci": (0.01, 0.03),
}  # fmt: skip
JUDGED = {"roc_auc": 0.80}


def drifted(**changed: float) -> list[Alert]:
    return list(drift_alerts([replace(STILL, **changed)], RULES))


def came(block: dict[str, Any] | None = None, figures: dict[str, Any] | None = None, **judged: Any) -> list[str]:
    given = BLOCK | (block or {}), FIGURES | (figures or {}), JUDGED | judged
    return [a.what for a in outcome_alerts(*given, RULES)]


def test_what_stands_still_raises_nothing() -> None:
    assert drifted() == []
    assert came() == []


@pytest.mark.parametrize(("psi", "told"), [(0.25, False), (0.26, True)])
def test_a_psi_must_exceed_a_quarter(psi: float, told: bool) -> None:
    assert bool(drifted(psi=psi)) is told


@pytest.mark.parametrize("beyond", ["psi_noise", "psi_usual"])
def test_and_chance_and_what_is_usual(beyond: str) -> None:
    assert drifted(psi=0.5, **{beyond: 0.5}) == []
    (alert,) = drifted(psi=0.51, **{beyond: 0.5})
    assert (alert.what, alert.where, alert.value, alert.limit) == ("drift", "logins", 0.51, 0.5)
    assert "PSI 0.51" in alert.sentence


@pytest.mark.parametrize(("now", "told"), [(0.5, False), (0.51, True), (0.1, False), (0.09, True)])
def test_a_share_missing_may_move_by_a_fifth_either_way(now: float, told: bool) -> None:
    assert [a.what for a in drifted(missing_now=now)] == (["missing"] if told else [])


@pytest.mark.parametrize("beyond", ["missing_noise", "missing_usual"])
def test_and_by_as_much_as_chance_and_habit_allow(beyond: str) -> None:
    assert drifted(missing_now=0.6, **{beyond: 0.31}) == []
    (alert,) = drifted(missing_now=0.6, **{beyond: 0.29})
    assert alert.limit == 0.29
    assert "60%" in alert.sentence
    assert "30%" in alert.sentence


@pytest.mark.parametrize(
    ("ratio", "ci", "told"),
    [
        (1.50, (1.1, 2.0), False), (1.51, (1.1, 2.0), True), (1.51, (0.99, 2.0), False),
        (0.67, (0.4, 0.9), False), (0.66, (0.4, 0.9), True), (0.66, (0.4, 1.01), False), (3.0, None, False),
    ],
)  # fmt: skip
def test_observed_leaves_the_bounds_and_its_interval_leaves_1(ratio: float, ci: Any, told: bool) -> None:
    assert came({"ratio": ratio, "ci": ci}) == (["observed_expected"] if told else [])


def test_more_and_less_churn_than_promised_are_told_apart_with_their_period() -> None:
    more, less = (
        next(outcome_alerts(BLOCK | {"ratio": r, "ci": ci}, FIGURES, JUDGED, RULES))
        for r, ci in ((2.0, (1.5, 2.5)), (0.0, (0.0, 0.2)))
    )
    assert more.sentence.startswith("More churn than promised: 2.00 times the expected")
    assert less.sentence.startswith("Less churn than promised: 0.00 times the expected")
    assert (more.limit, less.limit, more.where) == (1.5, 0.67, "2026-01-05 to 2026-03-30")


@pytest.mark.parametrize(("seen", "expected", "told"), [(19, 19.0, False), (20, 0.0, True), (0, 20.0, True)])
def test_twenty_accounts_must_have_churned_or_been_expected_to(seen: int, expected: float, told: bool) -> None:
    block = {"n_churned_accounts": seen, "expected_per_snapshot": expected, "ratio": 2.0, "ci": (1.5, 2.5)}
    assert enough(BLOCK | block, RULES) is told
    assert came(block) == (["observed_expected"] if told else [])


@pytest.mark.parametrize(("high", "told"), [(0.75, False), (0.749, True)])
def test_a_ranking_is_worse_once_its_interval_lies_5_points_below_the_training(high: float, told: bool) -> None:
    assert came(figures={"roc_auc": 0.70, "roc_auc_ci": (0.65, high)}) == (["roc_auc"] if told else [])


def test_probabilities_that_say_less_than_a_constant_are_told_once_that_is_sure() -> None:
    assert came(figures={"log_loss_gain_ci": (-0.03, 0.001)}) == []
    assert came(figures={"log_loss": 0.2, "log_loss_gain_ci": (-0.04, -0.001)}) == ["log_loss"]


def test_nothing_is_concluded_from_fewer_churned_accounts_or_undefined_figures() -> None:
    bad = {"roc_auc": 0.5, "roc_auc_ci": (0.4, 0.6), "log_loss_gain_ci": (-0.04, -0.01)}
    assert came(figures=bad | {"n_churned_accounts": 20}) == ["roc_auc", "log_loss"]
    assert came(figures=bad | {"n_churned_accounts": 19}) == []
    assert came(figures={"roc_auc": None, "roc_auc_ci": None, "log_loss_gain_ci": None}) == []
    assert came(figures=bad, roc_auc=None) == ["log_loss"]
    assert list(outcome_alerts(None, FIGURES, JUDGED, RULES)) == []


def test_the_remaining_numbers_are_the_documented_ones() -> None:
    assert (RULES.usual_share, RULES.error_rate) == (0.90, 0.05)
    assert (RULES.block_days, RULES.history_days) == (91, 364)
    assert RULES.risk_words == ("risk", "churn", "retention")
