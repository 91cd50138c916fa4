"""The default company is the example scenario: 500 accounts, $10M, 15 % churn, NRR 105 %, 40 % not activated."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import pytest

from simulation import Company, World, simulate
from simulation.milestones import KEY_ACTIONS
from tests.simulation.conftest import as_it_stands

CHURN = ["voluntary", "non_payment", "acquired"]


def arr_in_force(company: Company, day: pd.Timestamp) -> pd.Series:
    terms = as_it_stands(company)
    on = terms[(terms["starts_on"] <= day) & (terms["ends_on"] > day)]
    assert on["account_id"].is_unique
    return on.set_index("account_id")["arr"]


def logo_churn(company: Company, begin: pd.Timestamp) -> float:
    then = arr_in_force(company, begin).index
    later = arr_in_force(company, begin + timedelta(days=365)).index
    return 1 - float(then.isin(later).mean())


@pytest.fixture(scope="module")
def end(default_world: World) -> pd.Timestamp:
    return pd.Timestamp(default_world.data_until)


def test_the_book_holds_about_500_accounts_throughout(default_company: Company, end: pd.Timestamp) -> None:
    for years in (0, 1, 2, 3):
        assert 485 <= len(arr_in_force(default_company, end - timedelta(days=364 * years))) <= 515


def test_the_book_is_worth_ten_million(default_company: Company, end: pd.Timestamp) -> None:
    assert arr_in_force(default_company, end).sum() == pytest.approx(10_000_000, rel=0.10)


def test_fifteen_per_cent_of_accounts_leave_a_year(default_company: Company, end: pd.Timestamp) -> None:
    yearly = [logo_churn(default_company, end - timedelta(days=365 * years)) for years in (1, 2)]
    assert 0.13 <= sum(yearly) / 2 <= 0.17


def test_net_retention_is_about_105_per_cent(default_company: Company, end: pd.Timestamp) -> None:
    then, now = arr_in_force(default_company, end - timedelta(days=365)), arr_in_force(default_company, end)
    assert 1.00 <= now.reindex(then.index).fillna(0).sum() / then.sum() <= 1.10


def test_forty_per_cent_do_not_activate(default_company: Company) -> None:
    first = as_it_stands(default_company).groupby("account_id")["starts_on"].min()
    actions = default_company.tables["milestones"].query("kind == 'key_action'")
    assert set(actions["milestone"]) == set(KEY_ACTIONS)
    in_time = (actions["reached_at"] - actions["account_id"].map(first)) < pd.Timedelta(days=31)
    assert in_time.groupby(actions["account_id"]).all().mean() == pytest.approx(0.60, abs=0.03)


def test_between_a_fifth_and_two_fifths_of_churn_is_involuntary(default_company: Company) -> None:
    kinds = as_it_stands(default_company)["decision_kind"].dropna()
    churn = kinds[kinds.isin(CHURN)]
    assert 0.20 <= (churn == "non_payment").mean() <= 0.40
    assert set(churn) == set(CHURN)
    assert (kinds == "contraction").sum() > 20


def test_monthly_annual_and_longer_terms_all_occur(default_company: Company, end: pd.Timestamp) -> None:
    terms = as_it_stands(default_company)
    on = terms[(terms["starts_on"] <= end) & (terms["ends_on"] > end)]
    days = (on["ends_on"] - on["starts_on"]).dt.days
    assert 0.2 < (days < 40).mean() < 0.5
    assert 0.4 < days.between(360, 370).mean() < 0.75
    assert (days > 700).sum() >= 5
    assert set(on["notice_days"]) == {0, 30, 60, 90}


def test_the_events_stay_below_900_thousand_rows(default_company: Company) -> None:
    assert 400_000 < len(default_company.tables["usage_events"]) < 900_000


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_another_seed_is_the_same_scenario(seed: int) -> None:
    world = World(seed=seed, accounts=200, arr_total=4_000_000.0, weeks=60, burn_in_weeks=60)
    company = simulate(world)
    end = pd.Timestamp(world.data_until)
    now = arr_in_force(company, end)
    then = arr_in_force(company, end - timedelta(days=365))
    assert len(now) == pytest.approx(200, rel=0.04)
    assert now.sum() == pytest.approx(4_000_000, rel=0.02)
    assert now.reindex(then.index).fillna(0).sum() / then.sum() == pytest.approx(1.05, abs=0.02)
