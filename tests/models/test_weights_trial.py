"""The weights on trial: a book that asks for others is heard, one that does not is left alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.metrics import roc_auc
from models.weights_trial import ALL_FOUR, WeightsTrial, _middle, asks_for_others, weights_on_trial
from policy.errors import NotEnoughData
from policy.policy import Policy
from tests.models.weighted_books import weighted_book

WINDOW = 104
DRAWS = 200


@pytest.fixture(scope="module")
def moody(policy: Policy) -> pd.DataFrame:
    """Only sentiment tells who leaves."""
    return weighted_book(policy, {"sentiment": 1.0})


@pytest.fixture(scope="module")
def heard(moody: pd.DataFrame, policy: Policy) -> WeightsTrial:
    return weights_on_trial(moody, policy, WINDOW, draws=DRAWS)


def test_a_book_in_which_only_sentiment_tells_asks_for_more_of_it(heard: WeightsTrial) -> None:
    assert heard.verdict == "change"
    assert heard.suggested_weights["sentiment"] > 50
    assert sum(heard.suggested_weights.values()) == pytest.approx(100)
    low, high = heard.intervals["sentiment"]["ci_all_four"]
    assert 20 < low < heard.intervals["sentiment"]["ci"][0] < heard.suggested_weights["sentiment"] < high
    assert heard.gain["log_loss_ci"][0] > 0
    assert heard.gain["roc_auc"] > 0.1
    assert heard.sentence.startswith("Other weights tell churn better")
    assert "sentiment 20 → " in heard.sentence


def test_each_component_alone_stands_beside_the_whole_score(heard: WeightsTrial, moody: pd.DataFrame) -> None:
    alone = heard.components
    assert alone["sentiment"]["roc_auc"] > heard.policy_score["roc_auc"] > alone["usage"]["roc_auc"]
    assert alone["usage"]["ci"][0] < 0.5 < alone["usage"]["ci"][1]
    # NPS is 0, 7 or 10 where sentiment is 0, 60 or 100 points: the same ranking by hand.
    assert alone["sentiment"]["roc_auc"] == roc_auc(moody["churned"].to_numpy(), -moody["nps"].to_numpy())
    assert alone["sentiment"]["roc_auc_in_window"] == alone["sentiment"]["roc_auc"]
    assert alone["sentiment"]["share_null"] == 0.0


def test_the_policy_is_replayed_at_every_snapshot(heard: WeightsTrial, moody: pd.DataFrame) -> None:
    assert heard.n_snapshots == len(heard.by_snapshot) == 14
    assert [s["n_rows"] for s in heard.by_snapshot] == [150] * 14
    first = moody[moody["as_of"] == moody["as_of"].min()]
    assert heard.by_snapshot[0]["n_churned"] == first["churned"].sum()
    assert heard.by_snapshot[0]["as_of"] == "2024-01-01"


@pytest.mark.parametrize("weights", ["the policy's", "none"])
def test_a_book_that_follows_the_policy_or_nothing_is_left_alone(policy: Policy, weights: str) -> None:
    given = policy.health.weights if weights == "the policy's" else {}
    found = weights_on_trial(weighted_book(policy, given, seed=1), policy, WINDOW, draws=DRAWS)
    assert found.verdict == "no_change"
    assert found.sentence.startswith("Your data cannot tell these weights apart")


def test_a_pattern_that_did_not_last_is_no_reason(policy: Policy) -> None:
    past = weighted_book(policy, {"sentiment": 1.0}, accounts=100)
    dates = sorted(past["as_of"].unique())
    later = past["as_of"].isin(dates[5:])
    past.loc[later, "churned"] = weighted_book(policy, {"usage": 1.0}, accounts=100).loc[later, "churned"]
    found = weights_on_trial(past[past["as_of"].isin(dates[:10])], policy, WINDOW, draws=DRAWS)
    assert found.gain["log_loss"] < 0
    assert found.verdict == "no_change"
    assert "told later ones no better" in found.sentence


def test_accounts_still_onboarding_have_weights_of_their_own_and_no_say(policy: Policy, moody: pd.DataFrame) -> None:
    young = weighted_book(policy, {"usage": 1.0}, seed=5).assign(tenure_days=policy.onboarding.tenure_days - 1.0)
    both = pd.concat([moody, young.assign(account_id="y" + young["account_id"])], ignore_index=True)
    alone, mixed = (weights_on_trial(rows, policy, WINDOW, draws=50) for rows in (moody, both))
    assert mixed.suggested_weights == pytest.approx(dict(alone.suggested_weights))
    assert mixed.gain["log_loss"] == pytest.approx(alone.gain["log_loss"])
    assert mixed.n_accounts == 2 * alone.n_accounts


def test_a_history_without_later_rows_says_so(policy: Policy, moody: pd.DataFrame) -> None:
    short = moody[moody["as_of"] <= sorted(moody["as_of"].unique())[3]]
    found = weights_on_trial(short, policy, WINDOW, draws=50)
    assert found.verdict == "no_change"
    assert found.refused is not None
    assert found.gain["log_loss"] is None
    assert "too short" in found.sentence


def test_too_few_departures_are_refused(policy: Policy, moody: pd.DataFrame) -> None:
    lost = moody.loc[moody["churned"] == 1, "account_id"].unique()
    kept = ~moody["account_id"].isin(lost[29:])
    with pytest.raises(NotEnoughData, match="29 churned accounts"):
        weights_on_trial(moody[kept], policy, WINDOW)


def case(saved: Any, window: Any, bounds: tuple[float, float]) -> bool:
    gain = {"log_loss_ci": saved, "roc_auc_in_window_ci": window}
    return asks_for_others({"usage": 40.0}, {"usage": {"ci": bounds, "ci_all_four": bounds}}, gain)


def test_all_three_conditions_must_hold() -> None:
    assert case((0.001, 0.003), None, (10, 30))
    assert case((0.001, 0.003), (-0.02, 0.01), (50, 70))
    assert not case((-0.001, 0.003), None, (10, 30))
    assert not case(None, None, (10, 30))
    assert not case((0.001, 0.003), (-0.02, -0.01), (10, 30))
    assert not case((0.001, 0.003), None, (10, 40))


def test_four_questions_at_once_are_held_to_more() -> None:
    draws = np.linspace(0, 1, 1001)
    assert _middle(draws, 0.05) == pytest.approx((2.5, 97.5))
    assert _middle(draws, ALL_FOUR) == pytest.approx((0.625, 99.375))
