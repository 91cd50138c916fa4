"""The money figures, worked out by hand from the published formulas and from the default policy's numbers."""

from __future__ import annotations

from math import comb

import numpy as np
import pandas as pd
import pytest

from models.bootstrap import Resampler
from models.money import empb, empc, net_benefit, net_benefit_curve, pays_from, profit_draws
from policy.errors import SettingsError
from policy.money import Money, Taken
from policy.policy import load_policy, policy_from

MONEY = load_policy().money


def test_a_perfect_ranking_earns_what_contacting_every_leaver_and_no_one_else_earns() -> None:
    # Half the rows leave. Each contact costs 1; the share that takes the offer, on average 6/20, brings 200 − 10.
    found = empc(np.array([1.0, 0.0]), np.array([0.9, 0.1]), MONEY)
    assert found == pytest.approx(0.5 * (0.3 * 190 - 1))


def at_least(successes: int, trials: int, chance: float) -> float:
    """Chance of at least so many successes: the Beta distribution's values at whole numbers."""
    return sum(comb(trials, k) * chance**k * (1 - chance) ** (trials - k) for k in range(successes, trials + 1))


def test_a_ranking_that_knows_nothing_earns_what_contacting_all_earns_where_that_pays() -> None:
    # One in five leaves, all are ranked alike: contact all for .2 (190 γ − 1) − .8 × 11 = 38 γ − 9, or no one for 0.
    churned = np.array([1.0, 0, 0, 0, 0])
    pays = 9 / 38
    share_above = 1 - at_least(6, 19, pays)  # P(γ > 9/38), γ ~ Beta(6, 14)
    mean_above = 0.3 * (1 - at_least(7, 20, pays))  # E[γ; γ > 9/38] = .3 P(Beta(7, 14) > 9/38)
    assert empc(churned, np.zeros(5), MONEY) == pytest.approx(38 * mean_above - 9 * share_above, rel=1e-6)


def test_each_account_is_worth_its_own_revenue_at_the_same_shares() -> None:
    # An offer costs 10/200 of the revenue, a contact 1/200 of the mean of 1000 and 500.
    churned, score = np.array([1.0, 0.0]), np.array([0.9, 0.1])
    found = empb(churned, score, np.array([1000.0, 500.0]), MONEY)
    assert found == pytest.approx(0.5 * (0.3 * 1000 * 0.95 - 3.75), rel=1e-6)
    unknown = empb(np.array([1.0, 0, 0]), np.array([0.9, 0.1, 0.5]), np.array([1000.0, 500.0, np.nan]), MONEY)
    assert unknown == pytest.approx(found)


def test_profit_is_null_without_both_kinds_of_rows_or_without_revenue() -> None:
    assert empc(np.zeros(3), np.arange(3.0), MONEY) is None
    assert empb(np.array([1.0, 0.0]), np.array([0.5, 0.1]), np.array([np.nan, np.nan]), MONEY) is None


def test_an_offer_pays_from_the_probability_at_which_its_gain_meets_its_cost() -> None:
    # p (57 − 1) = (1 − p) 11: 57 is what the mean taker brings, 11 what one costs who would have stayed.
    assert pays_from(MONEY) == pytest.approx(11 / 67)
    assert pytest.approx((1 - 11 / 67) * 11) == 11 / 67 * 56


def test_net_benefit_weighs_false_alarms_by_the_odds_of_the_threshold() -> None:
    churned, probability = np.array([1.0, 1, 0, 0, 0]), np.array([0.5, 0.1, 0.3, 0.2, 0.1])
    # From 20 % on: one leaver and two who stay, at odds of a quarter.
    assert net_benefit(churned, probability, threshold=0.2) == pytest.approx((1 - 2 * 0.25) / 5)
    assert net_benefit_curve(churned, probability, thresholds=(0.4, 0.6)) == [
        (0.4, pytest.approx(0.2)),
        (0.6, 0.0),
    ]


def test_every_draw_seeks_the_best_share_anew() -> None:
    accounts = pd.Series(["a", "b", "c", "d"])
    churned, score, arr = np.array([1.0, 0, 0, 1]), np.array([0.9, 0.2, 0.4, 0.3]), np.array([10.0, 20, 30, 40])
    resampler = Resampler.of(accounts, draws=6)
    profit, business = profit_draws(resampler, churned, score, arr, MONEY, draws=6)
    for draw in range(6):
        rows = np.repeat(np.arange(4), resampler.multiplicity[:, draw].astype(int))
        wanted = empc(churned[rows], score[rows], MONEY), empb(churned[rows], score[rows], arr[rows], MONEY)
        for found, value in zip((profit[draw], business[draw]), wanted, strict=True):
            assert found == pytest.approx(np.nan if value is None else value, nan_ok=True)


def test_an_offer_that_costs_what_the_customer_is_worth_is_refused() -> None:
    with pytest.raises(SettingsError, match="cannot cost what the customer is worth"):
        policy_from({"money": {"incentive": 199}}, where="policy.yaml")
    assert Money(customer_value=2, incentive=0, contact=1, taken=Taken(alpha=1, beta=1)).contact == 1
