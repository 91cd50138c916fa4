"""How far an input can go: what similar accounts moved, and what the window still allows."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from serving.workbench.back_to_green import achieved, history_dates, times
from serving.workbench.back_to_green.levers import levels, moved, window_bound
from serving.workbench.back_to_green.reach import Reach
from serving.workbench.back_to_green.records import Offer
from tests.serving.back_to_green.accounts import DEFAULT, accounts, like

DAY = date(2026, 11, 30)
SEATS = "seat_utilisation_28d"


def offer(
    movements: pd.DataFrame, indicator: str = SEATS, value: float = 0.3, segment: str = "mid_market"
) -> Offer | str:
    return Reach(movements, DEFAULT, 28).offer("acc-1", segment, indicator, value)


def bound(movements: pd.DataFrame, indicator: str = SEATS, value: float = 0.3) -> float:
    found = offer(movements, indicator, value)
    assert isinstance(found, Offer), found
    return found.bound


def test_a_recovery_is_seen_by_the_last_weekly_run_of_its_thirty_days() -> None:
    assert times(DAY, DEFAULT) == (date(2026, 12, 30), date(2026, 12, 28))


def test_movements_are_measured_over_thirteen_periods_of_four_weeks_before_the_run() -> None:
    dates = history_dates(DAY, DEFAULT)
    assert (dates[0], dates[1], dates[-1], len(dates)) == (date(2025, 12, 1), date(2025, 12, 29), DAY, 14)


def test_no_input_goes_further_than_nine_in_ten_similar_accounts_did() -> None:
    # Of 20 movements the 18th is the last with at most nine tenths before it; between two of them nobody was.
    assert bound(like(SEATS, *[n / 100 for n in range(20)])) == pytest.approx(0.3 + 0.17)


def test_nine_similar_accounts_are_too_few_and_ten_enough() -> None:
    assert offer(like(SEATS, *[0.2] * 9)) == "too_few_similar"
    assert bound(like(SEATS, *[0.2] * 10)) == pytest.approx(0.5)


def test_ten_movements_of_one_account_are_one_similar_account() -> None:
    assert offer(like(SEATS, *[0.2] * 10).assign(account_id="other")) == "too_few_similar"


def test_similar_is_who_stood_within_ten_points_in_the_same_segment() -> None:
    assert bound(like(SEATS, *[0.2] * 10, points=50.0)) == pytest.approx(0.5)
    assert offer(like(SEATS, *[0.2] * 10, points=50.5)) == "too_few_similar"
    assert offer(like(SEATS, *[0.2] * 10), segment="smb") == "too_few_similar"


def test_an_account_is_not_similar_to_itself() -> None:
    own = like(SEATS, 0.5, 0.2).assign(account_id=["acc-1", "other"])
    assert offer(pd.concat([own, like(SEATS, *[0.2] * 9).assign(account_id=[f"more-{n}" for n in range(9)])])) == Offer(
        SEATS, 0.3, 0.5, 10
    )


def test_what_is_not_known_is_not_offered_nor_what_has_all_points_or_nobody_improved() -> None:
    enough = like(SEATS, *[0.2] * 10, points=100.0)
    assert offer(enough, value=float("nan")) == "not_known"
    assert offer(enough, value=0.9) == "nothing_to_gain"
    assert offer(like(SEATS, *[-0.1] * 10)) == "no_further"


def test_fewer_is_better_for_days_past_due_and_escalations() -> None:
    assert bound(like("past_due_days", *[20.0] * 10), "past_due_days", 20.0) == 0.0
    assert bound(like("open_escalations", *[1.0] * 10), "open_escalations", 2.0) == 1.0


def test_of_a_window_of_182_days_28_can_be_new() -> None:
    assert window_bound("meeting_attendance_182d", 0.5, 28, DEFAULT) == pytest.approx(0.5 + 0.5 * 28 / 182)
    assert window_bound("mail_open_rate_84d", 0.4, 28, DEFAULT) == pytest.approx(0.4 + 0.6 * 28 / 84)
    # Four weeks are all new in time; a count grows by what is added; a state is what it is.
    assert window_bound(SEATS, 0.3, 28, DEFAULT) is None
    assert window_bound("learning_91d", 0.0, 28, DEFAULT) is None
    assert window_bound("open_escalations", 1.0, 28, DEFAULT) is None


def test_the_window_holds_where_similar_accounts_got_further() -> None:
    far = like("seat_utilisation_28d", *[0.4] * 10, points=60.0).assign(indicator="meeting_attendance_182d")
    assert bound(far, "meeting_attendance_182d", 0.5) == pytest.approx(0.5769, abs=1e-4)


def test_the_way_stops_where_points_bend_and_at_the_bound() -> None:
    assert levels(SEATS, 0.3, 0.7, {}, DEFAULT) == [0.6, 0.7]
    assert levels(SEATS, 0.3, 0.3, {}, DEFAULT) == []
    # Fourteen days past due earn 70 points, fifteen 30.
    assert levels("past_due_days", 20.0, 0.0, {}, DEFAULT) == [14.0, 0.0]
    # Nobody joins half a training.
    assert levels("learning_91d", 0.0, 2.6, {}, DEFAULT) == [1.0, 2.0]
    # Every whole number on a sloping line is worth stopping at, and none behind its end but the bound.
    assert levels("learning_91d", 0.0, 9.0, {}, DEFAULT) == [1.0, 2.0, 3.0, 9.0]


def test_an_account_is_counted_once_and_without_itself_however_often_it_stood_near() -> None:
    rng = np.random.default_rng(7)
    moves = pd.DataFrame(
        {
            "account_id": [f"acc-{n}" for n in rng.integers(0, 40, 400)],
            "team_segment": "mid_market",
            "indicator": SEATS,
            "start_points": rng.uniform(0, 100, 400),
            "change": rng.normal(0.1, 0.2, 400),
        }
    )
    for account in ("acc-1", "acc-39", "nobody"):
        near = moves[((moves["start_points"] - 40.0).abs() <= 10) & (moves["account_id"] != account)]
        found = Reach(moves, DEFAULT, 28).offer(account, "mid_market", SEATS, 0.3)
        assert isinstance(found, Offer)
        assert found.similar_accounts == near["account_id"].nunique()
        assert found.bound == pytest.approx(0.3 + np.quantile(near["change"], 0.9, method="lower"))
        score = moves.assign(indicator="health_score")
        whole = score[((score["start_points"] - 40.0).abs() <= 10) & (score["account_id"] != account)]
        assert Reach(score, DEFAULT, 28).rose(account, "mid_market", 40.0, 0.15) == (
            whole["account_id"].nunique(),
            whole.loc[whole["change"] >= 0.15, "account_id"].nunique(),
        )


def test_more_logins_are_also_a_rise_against_what_will_then_be_the_twelve_weeks_before() -> None:
    # 300 user-days in the twelve weeks to today: 100 a block, 10 per seat. 12 per seat are 120 user-days, up 20 %.
    row = {"seats": 10.0, "active_user_days_28d": 80.0, "active_user_days_84d": 300.0, "login_change_28d": -0.27}
    assert moved("user_days_per_seat_28d", 12.0, row) == {
        "user_days_per_seat_28d": 12.0,
        "active_user_days_28d": 120.0,
        "login_change_28d": pytest.approx(0.2),
    }
    unknown = row | {"login_change_28d": float("nan")}
    assert "login_change_28d" not in moved("user_days_per_seat_28d", 12.0, unknown)


def test_movements_are_those_from_run_to_run_and_for_the_better_positive() -> None:
    day = [date(2026, 11, 2), DAY]
    was, became = {"past_due_days": 20.0, "nps": None}, {"past_due_days": 5.0, "nps": None}
    history = pd.concat(
        [
            accounts(was, {"account_id": "poor", "arr": None}, {"account_id": "left"}).assign(as_of=day[0]),
            accounts(became, {"account_id": "poor", "arr": None}, {"account_id": "came"}).assign(as_of=day[1]),
        ]
    )
    found = achieved(history, DEFAULT).set_index("indicator")
    # Who has no revenue has no segment, and who was not there at both ends made no movement.
    assert set(found["account_id"]) == {"acc-1"}
    assert found.loc["past_due_days", ["team_segment", "start_points", "change"]].tolist() == ["mid_market", 30.0, 15.0]
    assert found.loc["seat_utilisation_28d", "change"] == 0.0
    # Commercial from 30 to 70 of 100 points, at 15 of the 80 that are known without sentiment.
    assert found.loc["health_score", "change"] == pytest.approx(40 * 15 / 80)
