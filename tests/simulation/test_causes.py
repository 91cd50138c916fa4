"""The planted causes and traps: main effects, one threshold, one interaction, and what misleads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulation import Company, World
from simulation.book import draw_book
from simulation.odds import CAUSES, cause_effects
from simulation.people import draw_people
from simulation.revenue import draw_revenue
from simulation.schema import keys
from simulation.states import payment_delay
from simulation.support import draw_tickets


def effect(cause: str, **states: float) -> float:
    quiet = {"engagement": 0.0, "payment": 0.0, "pain": 0.0, "sentiment": 0.0, "champion_gone": 0.0, "price": 0.0}
    given = {name: np.array([value]) for name, value in {**quiet, **states}.items()}
    gone = given.pop("champion_gone") > 0
    return float(cause_effects(World(), champion_gone=gone, **given)[0, CAUSES.index(cause)])


def test_each_cause_pushes_in_its_direction() -> None:
    assert effect("usage", engagement=-1.0) == pytest.approx(0.65)
    assert effect("support", pain=1.0) == pytest.approx(0.45)
    assert effect("sentiment", sentiment=-1.0) == pytest.approx(0.30)
    assert effect("champion", champion_gone=1.0) == pytest.approx(0.70)
    assert effect("price", price=1.0) == pytest.approx(0.50)


def test_payment_counts_only_beyond_21_days() -> None:
    below, above = 1.30, 1.33
    assert payment_delay(np.array([below]))[0] < 21 < payment_delay(np.array([above]))[0]
    assert effect("payment", payment=below) == 0.0
    assert effect("payment", payment=above) == effect("payment", payment=3.0) > 1.0


def test_an_uplift_weighs_more_when_the_champion_is_gone() -> None:
    assert effect("price", price=1.0, champion_gone=1.0) == pytest.approx(1.10)


def test_engaged_accounts_file_more_tickets(small_world: World) -> None:
    book = draw_book(small_world)
    revenue = draw_revenue(small_world, book)
    people = draw_people(small_world, book, revenue)
    tickets, _ = draw_tickets(small_world, book, people, revenue, keys("acc", book.size, width=5))
    week = book.week_of(small_world, tickets.opened)
    assert book.states.engagement[tickets.account, week].mean() > 0.15
    assert book.states.pain[tickets.account, week].mean() > 0.15


def test_two_holiday_dips_a_year_hit_everybody(default_company: Company) -> None:
    usage = default_company.tables["usage_events"]
    weekly = usage[usage["channel"] == "ui"].groupby(usage["occurred_at"].dt.to_period("W").dt.start_time).size()
    for year in (2023, 2024, 2025):
        winter = weekly[f"{year}-12-20" : f"{year}-12-28"].mean()
        autumn = weekly[f"{year}-10-15" : f"{year}-12-05"].mean()
        summer = weekly[f"{year}-08-05" : f"{year}-08-17"].mean()
        spring = weekly[f"{year}-06-05" : f"{year}-07-25"].mean()
        assert winter < 0.5 * autumn
        assert summer < 0.75 * spring


def test_some_champions_are_replaced_and_some_at_once(default_company: Company) -> None:
    champions = default_company.tables["users"].query("role == 'champion'").sort_values(["account_id", "created_at"])
    left = champions[["deactivated_at", "bounced_at"]].min(axis=1)
    successor = champions.groupby("account_id")["created_at"].shift(-1)
    wait = (successor - left).dt.days.dropna()
    assert (wait < 7).sum() > 10
    assert (wait > 50).sum() > 20
    assert champions.groupby("account_id")["created_at"].size().max() >= 2


def test_nobody_answers_at_random(default_company: Company) -> None:
    surveys = default_company.tables["survey_responses"]
    nps = surveys[(surveys["kind"] == "nps") & (surveys["score"] <= 10)]
    assert 7.0 < nps["score"].mean() < 8.5
    assert nps["score"].std() > 1.2


def test_leavers_paid_later_than_others(default_company: Company) -> None:
    invoices = default_company.tables["invoices"]
    terms = default_company.tables["subscriptions"]
    quits = terms[terms["decision_kind"] == "non_payment"].set_index("account_id")["decision_at"]
    open_for = invoices["paid_at"].isna() & invoices["account_id"].isin(quits.index)
    due = (invoices["account_id"].map(quits) - invoices["due_on"]).dt.days
    assert due[open_for].between(-60, 80).all()
    assert invoices.loc[open_for, "account_id"].nunique() > 0.8 * len(quits)


def test_truth_is_calibrated_and_ranks_leavers_higher(default_company: Company, default_world: World) -> None:
    truth = default_company.truth
    terms = default_company.tables["subscriptions"]
    churn = terms[terms["decision_kind"].isin(["voluntary", "non_payment", "acquired"])]
    decided = truth["account_id"].map(churn.set_index("account_id")["decision_at"])
    ahead = (decided - truth["as_of"]).dt.total_seconds() / 86_400
    mature = truth["as_of"] + pd.Timedelta(days=104) <= pd.Timestamp(default_world.data_until)
    leaves = ahead.between(14, 104, inclusive="left")[mature]
    hazard = truth["hazard_90d"][mature]
    assert hazard.between(0, 1).all()
    assert hazard.sum() == pytest.approx(leaves.sum(), rel=0.25)
    assert hazard[leaves].mean() > 3 * hazard[~leaves].mean()
    assert not (ahead < 0).any()


def test_truth_stands_apart_and_names_a_cause(default_company: Company) -> None:
    assert "truth" not in default_company.tables
    columns = {column for frame in default_company.tables.values() for column in frame.columns}
    assert not columns & {"hazard_90d", "top_cause", "as_of"}
    assert list(default_company.truth.columns) == ["account_id", "as_of", "hazard_90d", "top_cause"]
    assert not default_company.truth.duplicated(["account_id", "as_of"]).any()
    assert (default_company.truth["as_of"].dt.day_of_week == 0).all()
    assert set(default_company.truth["top_cause"]) == {*CAUSES, "none"}
