"""The planted causes and traps: main effects, one threshold, one interaction, and what misleads."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulation import Company, World
from simulation.book import draw_book
from simulation.drawn import WITH_SIGNAL
from simulation.families import CAUSES, Standing
from simulation.odds import cause_effects
from simulation.people import draw_people
from simulation.revenue import draw_revenue
from simulation.schema import keys
from simulation.states import payment_delay, pays_late
from simulation.support import draw_tickets
from tests.simulation.conftest import as_it_stands


def standing(**states: float) -> Standing:
    """One decision where everything is ordinary but for what is given."""
    given = dict.fromkeys(("engagement", "late_payment", "pain", "sentiment", "price"), 0.0) | states
    flags = {name: np.array([given.pop(name, 0.0) > 0]) for name in ("pays_late", "champion_gone")}
    return Standing(**{name: np.array([value]) for name, value in given.items()}, **flags)


def effect(cause: str, family: str = "mixed", **states: float) -> float:
    return float(cause_effects(World(family=family), standing(**states))[0, CAUSES.index(cause)])


def test_each_cause_pushes_in_its_direction() -> None:
    assert effect("usage", engagement=-1.0) == pytest.approx(0.65)
    assert effect("support", pain=1.0) == pytest.approx(0.45)
    assert effect("sentiment", sentiment=-1.0) == pytest.approx(0.30)
    assert effect("champion", champion_gone=1.0) == pytest.approx(0.70)
    assert effect("price", price=1.0) == pytest.approx(0.50)


@pytest.mark.parametrize("family", WITH_SIGNAL)
def test_in_every_family_what_is_worse_makes_leaving_likelier(family: str) -> None:
    bad = standing(
        engagement=-1.5, late_payment=2.0, pays_late=1.0, pain=1.5, sentiment=-1.5, champion_gone=1.0, price=1.5
    )
    good = standing(engagement=1.5, late_payment=-1.0, pain=-1.5, sentiment=1.5, price=-1.0)
    worse = cause_effects(World(family=family), bad)[0] - cause_effects(World(family=family), good)[0]
    without = {"usage"} if family == "usage_uninformative" else set()
    for cause, added in zip(CAUSES, worse, strict=True):
        assert added == 0 if cause in without else added > 0.2, (cause, added)


def test_the_break_changes_the_weight_of_usage_and_price_alone() -> None:
    world = World()
    at = standing(engagement=-1.0, pain=1.0, price=1.0)
    before, after = (cause_effects(world, at, np.array([world.break_day + shift]))[0] for shift in (-1, 0))
    changed = dict(zip(CAUSES, after / np.where(before == 0, 1, before), strict=True))
    assert changed["usage"] == pytest.approx(0.8)
    assert changed["price"] == pytest.approx(1.4)
    assert changed["support"] == pytest.approx(1.0)


def test_payment_counts_only_beyond_21_days_or_in_a_crisis() -> None:
    below, above = 1.30, 1.33
    assert payment_delay(np.array([below]))[0] < 21 < payment_delay(np.array([above]))[0]
    late = pays_late(World(), np.array([below, above, below, below]), np.array([0, 0, 3, 4]))
    assert late.tolist() == [False, True, False, True]
    assert effect("payment", late_payment=3.0) == 0.0
    assert effect("payment", pays_late=1.0) > 1.0


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


def test_closed_for_unpaid_invoices_means_that_invoices_are_unpaid(default_company: Company) -> None:
    invoices = default_company.tables["invoices"]
    terms = as_it_stands(default_company)
    quits = terms[terms["decision_kind"] == "non_payment"].groupby("account_id")["decision_at"].max()
    due = (invoices["account_id"].map(quits) - invoices["due_on"]).dt.days
    open_for = invoices["paid_at"].isna() & due.gt(0)
    assert due[open_for].max() > 30
    assert invoices.loc[open_for, "account_id"].nunique() > 0.7 * len(quits)


def test_most_late_invoices_are_paid_in_the_end(default_company: Company, default_world: World) -> None:
    invoices = default_company.tables["invoices"]
    old = invoices[invoices["due_on"] < pd.Timestamp(default_world.data_until) - pd.Timedelta(days=120)]
    late = old[(old["paid_at"] - old["due_on"]).dt.days.gt(21) | old["paid_at"].isna()]
    assert late["paid_at"].notna().mean() > 0.8


def test_truth_stands_apart_and_names_a_cause(default_company: Company) -> None:
    assert "truth" not in default_company.tables
    columns = {column for frame in default_company.tables.values() for column in frame.columns}
    hazards = ["hazard_30d", "hazard_60d", "hazard_90d", "hazard_180d"]
    assert not columns & {*hazards, "top_cause", "treatment_effect", "as_of"}
    assert list(default_company.truth.columns) == ["account_id", "as_of", *hazards, "top_cause", "treatment_effect"]
    assert not default_company.truth.duplicated(["account_id", "as_of"]).any()
    assert (default_company.truth["as_of"].dt.day_of_week == 0).all()
    assert set(default_company.truth["top_cause"]) == {*CAUSES, "none"}
