"""Back to green: the cheapest set within reach by hand, what is out of reach, and how it is told."""

from __future__ import annotations

import pandas as pd
import pytest

from models.health_score import health_scores
from policy.policy import policy_from
from serving.workbench.back_to_green import ways_back
from tests.serving.back_to_green.accounts import ACCOUNT, ALL, DAY, DEFAULT, accounts, all_got, any_coverage, one


def test_the_cheapest_set_by_hand() -> None:
    # To 75 it takes 29.5 points. Settling the invoice brings 0.15 × 70 = 10.5 in 1 hour, closing the escalation
    # 0.2 × 60 = 12 in 6, two trainings 0.25 × 32.5 = 8.125 in 3 (one alone 6.25, a little too few). Seats are dearer.
    found = one(all_got(**ALL))
    assert (found.status, found.score, found.score_after) == ("reachable", pytest.approx(45.5), pytest.approx(76.125))
    assert {c.indicator: (c.before, c.after, c.hours) for c in found.changes} == {
        "learning_91d": (0.0, 2.0, 3.0),
        "open_escalations": (1.0, 0.0, 6.0),
        "past_due_days": (20.0, 0.0, 1.0),
    }
    assert found.hours == 10.0


def test_where_it_is_out_of_reach_the_best_score_and_its_day_are_told() -> None:
    # Without the trainings: 45.5 + 12 + 10.5 = 68, and no more.
    found = one(all_got(open_escalations=1, past_due_days=20))
    assert (found.status, found.score_after) == ("not_reachable", pytest.approx(68.0))
    assert found.sentence.startswith(
        "Not reachable by 30 December 2026: best = 68 on 28 December 2026, from 45 today, and 75 is needed."
    )


def test_what_too_few_similar_accounts_are_known_for_is_said_and_not_taken_as_out_of_reach() -> None:
    # Of this account five inputs are known, and movements of two: the other three cannot be judged.
    found = one(all_got(open_escalations=1, past_due_days=20))
    assert [n for n, why in found.not_offered.items() if why == "too_few_similar"] == [
        "user_days_per_seat_28d",
        "seat_utilisation_28d",
        "learning_91d",
    ]
    assert "3 inputs are not offered, as too few similar accounts are known." in found.sentence


def test_closing_the_escalation_lifts_the_cap_and_what_it_held_down() -> None:
    paid = {"past_due_days": 0.0}
    found = one(all_got(open_escalations=1), **paid)
    assert found.score_after == pytest.approx(56 + 0.2 * 60)
    # Two open, and others closed one at a time: the cap stays, and nothing is gained.
    both = one(all_got(open_escalations=1), open_escalations=2.0, **paid)
    assert (both.score_after, both.changes) == (pytest.approx(56), ())


def test_under_a_cap_two_inputs_are_worth_more_together_than_each_alone() -> None:
    # Where an escalation holds engagement at 62: trainings alone bring 2 of their points, closing it alone nothing.
    # 57.5 to begin with (sentiment counts in full), 10.5 for the invoice, and 8.125 for it with two trainings: 76.125.
    caps = [{"component": "engagement", "at_most": 62, "while": "open_escalations"}]
    policy = policy_from({"health": {"tier_coverage": 0.0, "caps": caps}}, where="test")
    found = one(all_got(open_escalations=1, past_due_days=20, learning_91d=3), policy)
    assert (found.status, found.score, found.score_after) == ("reachable", pytest.approx(57.5), pytest.approx(76.125))
    assert {c.indicator for c in found.changes} == {"open_escalations", "past_due_days", "learning_91d"}
    assert found.hours == 10.0


def test_a_green_account_needs_nothing_and_one_without_a_tier_gets_no_way() -> None:
    green = one(all_got(**ALL), open_escalations=0.0, past_due_days=0.0, learning_91d=3.0, seat_utilisation_28d=0.9)
    assert (green.status, green.changes, green.goals) == ("green", (), ())
    unrated = one(all_got(**ALL), DEFAULT)
    assert (unrated.status, unrated.health_tier, unrated.score_after) == ("unrated", "unrated", None)


def test_a_missing_input_stays_missing() -> None:
    found = one(all_got(**ALL), past_due_days=None)
    assert "past_due_days" not in {c.indicator for c in found.changes}
    assert found.not_offered["past_due_days"] == "not_known"


def test_a_young_account_is_judged_by_the_weights_of_onboarding() -> None:
    # 0.5 × 45 + 0.3 × 60 + 0.12 × 40 + 0.08 × 30 = 47.7; the escalation is worth 0.12 × 60 there.
    # The invoice earns nothing any more by then: 0.08 × 30 less.
    found = one(all_got(open_escalations=1), tenure_days=30.0)
    assert (found.score, found.score_after) == (pytest.approx(47.7), pytest.approx(47.7 - 2.4 + 7.2))


def test_fewer_logins_than_before_turn_silence_from_bad_to_neutral_once_they_are_back() -> None:
    # 100 user-days a block before, 60 now: down 40 %, so silence earns 30 of 100. At 80 it is down 20 %: silence earns 70.
    quiet = {
        "user_days_per_seat_28d": 6.0,
        "active_user_days_28d": 60.0,
        "active_user_days_84d": 300.0,
        "login_change_28d": -0.4,
        "tickets_28d": 0.0,
        "tickets_vs_segment_28d": 0.0,
        "past_due_days": 0.0,
    }
    back = all_got(user_days_per_seat_28d=2.0).assign(start_points=85.0)
    found = one(back, **quiet)
    by_hand = health_scores(accounts(quiet | {"user_days_per_seat_28d": 8.0, "login_change_28d": -0.2}), any_coverage())
    assert found.score_after == pytest.approx(by_hand.loc[0, "health_score"])
    # Engagement alone: tickets weigh 0.2 and trainings 0.1, of 30 and 60 points before, 70 and 60 after.
    assert by_hand.loc[0, "engagement_score"] == pytest.approx((0.2 * 70 + 0.1 * 60) / 0.3)


def test_an_input_goes_only_as_far_as_is_needed() -> None:
    # 45.5, and 12 without the escalation, 10.5 without the invoice, 6.25 for the training: 74.25. A point of seats in use
    # is worth 0.2, so 3.75 more of them are enough: of the way from 30 % to the bend at 60 % 3.75 of 35.
    well = {"open_escalations": 0.0, "past_due_days": 0.0, "learning_91d": 1.0}
    found = one(all_got(seat_utilisation_28d=0.55), **well)
    assert (found.score, found.score_after) == (pytest.approx(74.25), pytest.approx(75))
    assert found.changes[0].after == pytest.approx(0.3 + 0.3 * 3.75 / 35)
    assert found.hours == pytest.approx(2 + 2 * 3 * 3.75 / 35, abs=1e-6)


def test_of_an_account_that_is_gone_nothing_is_looked_for() -> None:
    found = ways_back(accounts(), all_got(**ALL), any_coverage(), DAY, currency="USD", gone=["acc-1"])[0]
    assert (found.status, found.goals, found.score) == ("gone", (), pytest.approx(45.5))
    assert found.sentence == (
        "Scored on 30 November 2026, but by today's sources and settings no account of that day any more."
    )


def test_without_a_model_nothing_is_said_of_probabilities() -> None:
    found = one(all_got(**ALL))
    assert (found.probability, found.probability_after, found.probability_cut, found.below_cut) == (None,) * 4
    assert "churn" not in found.sentence


def test_it_is_told_as_what_similar_accounts_reached_and_never_as_a_promise() -> None:
    whole = pd.DataFrame(
        {
            "account_id": ["a", "b", "c"],
            "team_segment": "mid_market",
            "indicator": "health_score",
            "start_points": [45.0, 50.0, 60.0],
            "change": [30.7, 30.6, 40.0],
        }
    )
    found = one(pd.concat([all_got(**ALL), whole], ignore_index=True))
    # c stood too far above to be similar, b rose by a little less than the 30.625 that all changes are worth.
    assert (found.similar_accounts, found.rose_as_much) == (2, 1)
    assert found.sentence == (
        "Can be green by 30 December 2026 for about 10 hours of work. Some accounts like this one reached each of these "
        "within 28 days: trainings and webinars joined in a quarter from 0 to 2, open escalations from 1 to 0 and days "
        "past due from 20 days to 0 days. Together these would put the score at 76 on 28 December 2026, from 45 on "
        "30 November 2026, and 41 if nothing is done. As a whole, the score of 1 of 2 accounts that stood as near rose "
        "as much in as many days. This is what went together in past accounts, not a promise."
    )


def test_each_row_of_a_frame_gets_its_own_answer_in_its_order() -> None:
    frame = accounts({}, {"account_id": "poor", "arr": None}, {"past_due_days": 0.0}, ACCOUNT | {"nps": 0.0})
    found = ways_back(frame, all_got(**ALL), any_coverage(), DAY, currency="USD")
    assert [w.account_id for w in found] == ["acc-1", "poor", "acc-3", "acc-1"]
    assert found[1].not_offered["learning_91d"] == "no_segment"
    assert found[2].score == pytest.approx(45.5 + 10.5)
    assert found[3].score == pytest.approx(45.5 - 8.0)
