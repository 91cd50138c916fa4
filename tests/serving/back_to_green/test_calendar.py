"""The row on the day of a recovery: what the calendar alone does to it, and a term that ends before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from features.catalogue import catalogue
from models.health_score import health_scores
from serving.workbench.back_to_green import WayBack, ways_back
from serving.workbench.back_to_green.calendar import AGES, AHEAD, STANDING, advanced, term_ends_first
from tests.serving.back_to_green.accounts import accounts, all_got, any_coverage

DAY = date(2026, 11, 30)


def moved(**account: Any) -> dict[str, Any]:
    return dict(advanced(accounts(account), 28).loc[0])


def one(**account: Any) -> WayBack:
    return ways_back(accounts(account), all_got(learning_91d=3), any_coverage(), DAY, currency="USD")[0]


def test_every_indicator_of_the_clock_is_known_to_move_or_to_stand() -> None:
    clocks = {name for name, indicator in catalogue().items() if indicator.clock}
    assert clocks == {*AGES, *AHEAD, *STANDING}


def test_ages_grow_and_the_term_runs_down() -> None:
    found = moved(tenure_days=70.0, days_to_term_end=100.0, days_to_notice=10.0, nps_age_days=20.0, csat_age_days=None)
    assert (found["tenure_days"], found["days_to_term_end"], found["days_to_notice"]) == (98.0, 72.0, -18.0)
    assert found["nps_age_days"] == 48.0
    assert np.isnan(found["csat_age_days"])


def test_what_is_unpaid_stays_unpaid_and_nothing_new_falls_due() -> None:
    assert moved(past_due_days=13.0)["past_due_days"] == 41.0
    assert moved(past_due_days=0.0)["past_due_days"] == 0.0


def test_an_answer_that_grows_too_old_is_no_longer_looked_at() -> None:
    assert moved(nps=10.0, nps_age_days=154.0)["nps"] == 10.0
    assert np.isnan(moved(nps=10.0, nps_age_days=155.0)["nps"])


def test_logins_as_they_are_count_against_the_weeks_that_then_lie_before() -> None:
    # 300 user-days in the twelve weeks to today are 100 a block, ten per seat: eight per seat are 20 % fewer.
    quiet = {"user_days_per_seat_28d": 8.0, "active_user_days_84d": 300.0, "login_change_28d": -0.4}
    assert moved(**quiet)["login_change_28d"] == pytest.approx(-0.2)
    assert np.isnan(moved(**quiet | {"login_change_28d": None})["login_change_28d"])
    assert moved(**quiet | {"active_user_days_84d": None})["login_change_28d"] == -0.4


def test_a_term_that_goes_on_is_taken_as_renewed_for_as_long() -> None:
    found = moved(days_to_term_end=3.0, days_to_notice=-27.0, term_length_days=30.0)
    assert (found["days_to_term_end"], found["days_to_notice"]) == (5.0, -25.0)
    assert np.isnan(moved(days_to_term_end=3.0)["days_to_term_end"])


@pytest.mark.parametrize(
    ("account", "first"),
    [
        ({"days_to_term_end": 27.0}, True),
        ({"days_to_term_end": 28.0}, False),
        ({"days_to_term_end": 27.0, "renewal_signed": 1.0}, False),
        ({"days_to_term_end": 27.0, "auto_renews": 1.0, "days_to_notice": 0.0}, True),
        ({"days_to_term_end": 27.0, "auto_renews": 1.0, "days_to_notice": -1.0}, False),
        ({"days_to_term_end": 27.0, "auto_renews": 0.0, "days_to_notice": -1.0}, True),
        ({}, False),
    ],
)
def test_a_term_ends_first_unless_it_is_settled_that_another_follows(account: dict[str, float], first: bool) -> None:
    assert term_ends_first(accounts(account), 28).tolist() == [first]


def test_the_score_on_the_day_is_that_of_the_row_moved_to_it() -> None:
    # The invoice earns 70 of 100 points today, at 0.15 of the score, and none once it is 41 days past due.
    found = one(past_due_days=13.0)
    assert found.score_at_rest == pytest.approx(float(found.score or 0) - 0.15 * 70)
    assert found.score_after == pytest.approx(found.score_at_rest + 0.25 * 40)
    by_hand = health_scores(accounts({"past_due_days": 41.0, "learning_91d": 3.0}), any_coverage())
    assert found.score_after == pytest.approx(by_hand.loc[0, "health_score"])


def test_onboarding_ends_on_its_day() -> None:
    young, grown = (health_scores(accounts({"tenure_days": days}), any_coverage()).loc[0] for days in (70.0, 98.0))
    found = one(tenure_days=70.0, past_due_days=0.0)
    assert young["health_score"] != grown["health_score"]
    assert found.score_at_rest == pytest.approx(
        health_scores(accounts({"tenure_days": 98.0, "past_due_days": 0.0}), any_coverage()).loc[0, "health_score"]
    )


def test_where_the_term_ends_first_that_is_said_and_nothing_is_promised_beyond_it() -> None:
    found = one(days_to_term_end=3.0, term_length_days=30.0)
    assert (found.status, found.term_ends_on) == ("term_ends_first", DAY + timedelta(days=3))
    assert found.headline == "The term ends first, on 3 December 2026: what counts is the renewal."
    assert found.sentence.startswith(
        f"{found.headline} Supposing that another term as long follows: not reachable by 30 December 2026: best = "
    )


def test_an_account_that_will_have_no_tier_on_the_day_has_no_way_back() -> None:
    # Sentiment falls away with its only answer: of what applies less than half is then known.
    known = {"nps_age_days": 170.0, "open_escalations": 0.0}
    strict = any_coverage()
    coverage = health_scores(accounts(known), strict).loc[0, "coverage"]
    policy = strict.model_copy(update={"health": strict.health.model_copy(update={"tier_coverage": coverage})})
    found = ways_back(accounts(known), all_got(learning_91d=3), policy, DAY, currency="USD")[0]
    assert (found.health_tier, found.status, found.goals) == ("red", "unrated", ())
    assert found.headline.startswith("Health will not be rated on 28 December 2026")
