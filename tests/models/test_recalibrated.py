"""The health score as a probability, and its division over what went into it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.calendar import Calendar
from models.prepare import prepared
from models.recalibrated import HealthRecalibrated, fit_health_recalibrated
from models.scorer import logit, sigmoid
from policy.policy import Policy

NONE = Calendar({}, {})
ONE = Calendar({"calendar_open_28": 0.7}, {})


def frame(policy: Policy, **columns: Any) -> pd.DataFrame:
    rows = max(len(v) for v in columns.values())
    given = {
        "days_to_term_end": [200.0] * rows,
        "days_to_notice": [200.0] * rows,
        "term_length_days": [365.0] * rows,
        "renewal_signed": [0.0] * rows,
        **columns,
    }
    return prepared(pd.DataFrame(given).astype(float), policy)


def test_a_score_by_hand(policy: Policy) -> None:
    scorer = HealthRecalibrated("health_recalibrated", -2.0, -0.05, 60.0, ONE, policy)
    rows = frame(
        policy, past_due_days=[0, 31, None], days_to_term_end=[30.0, 200, 200], days_to_notice=[28.0, 200, 200]
    )
    # days_to_term_end and term_length score too: (.40 × 100 + .15 × 40 + .15 × 85) / .70 and so on.
    health = rows["health_score"].to_numpy()
    assert health == pytest.approx([(40 + 6 + 12.75) / 0.7, (0 + 15 + 12.75) / 0.7, (15 + 12.75) / 0.3], abs=1e-9)
    expected = -2 - 0.05 * (health - 60) + np.array([0.7, 0, 0])
    assert scorer.score(rows) == pytest.approx(sigmoid(expected))


def test_a_null_health_score_counts_as_the_mean(policy: Policy) -> None:
    scorer = HealthRecalibrated("health_recalibrated", -2.0, -0.05, 60.0, NONE, policy)
    rows = frame(policy, days_to_term_end=[None], term_length_days=[None])
    assert rows["health_score"].isna().all()
    assert scorer.score(rows) == pytest.approx(sigmoid(np.array([-2.0])))
    assert scorer.margins(rows)[1].to_numpy().sum() == 0


def test_a_cap_is_charged_to_the_indicator_that_caps(policy: Policy) -> None:
    scorer = HealthRecalibrated("health_recalibrated", -2.0, -0.05, 60.0, NONE, policy)
    rows = frame(policy, csat=[5, 5], open_escalations=[0, 1])
    _, parts = scorer.margins(rows)
    # Sentiment 100 → 40 at weight 20 of 35: the score loses 34.3 points, the log-odds gain 0.05 each.
    assert parts["open_escalations"].tolist() == pytest.approx([0.0, 0.05 * 60 * 20 / 35])
    assert parts["csat"].tolist() == pytest.approx([-0.05 * 40 * 20 / 35] * 2)


def test_parts_add_up_when_one_indicator_is_both_an_input_and_two_caps(policy: Policy) -> None:
    given = policy.model_dump(by_alias=True)
    given["health"]["caps"] = [
        {"component": "commercial", "at_most": 50, "while": "past_due_days"},
        {"component": "commercial", "at_most": 30, "while": "open_disputes"},
        {"component": "sentiment", "at_most": 40, "while": "open_disputes"},
    ]
    strict = Policy.model_validate(given)
    scorer = HealthRecalibrated("health_recalibrated", -2.0, -0.05, 60.0, NONE, strict)
    rows = frame(strict, past_due_days=[0, 1, 1, None], open_disputes=[0, 0, 1, 1], csat=[5, 5, 5, 5])
    assert rows["commercial_score"].tolist()[1:3] == [50, 30]
    base, parts = scorer.margins(rows)
    np.testing.assert_allclose(base + parts.sum(axis=1), logit(scorer.score(rows)), atol=1e-9)


def test_lower_health_means_higher_risk_after_fitting(policy: Policy, train: pd.DataFrame) -> None:
    found = fit_health_recalibrated(train, train["churned"].to_numpy(), policy)
    assert found.slope < 0
    assert found.mean == pytest.approx(train["health_score"].mean())
    assert found.score(train).mean() == pytest.approx(train["churned"].mean(), abs=0.005)
