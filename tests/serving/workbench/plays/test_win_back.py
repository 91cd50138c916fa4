"""Lost accounts: when they were lost, the exit interview, who may be won back, and how many were (I12)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from serving.workbench.plays.terms import Loss, Term, arr_on, losses, terms_of
from serving.workbench.plays.win_back import WinBackRate, departures, win_back_rate, win_back_steps
from tests.serving.workbench.facts import AS_OF, POLICY, account, term

LEFT: dict[str, Any] = {"decided_on": date(2026, 4, 1), "decision_kind": "voluntary", "reason": "price"}


def gone(days: int, **more: Any) -> list[Term]:
    """An account whose term ended so many days ago, by a decision."""
    end = AS_OF - timedelta(days=days)
    return [term("2024-01-01", end.isoformat(), 500.0, **(LEFT | more))]


def test_a_decision_loses_the_account_on_the_day_it_is_known_and_ends_it_when_it_takes_effect() -> None:
    (loss,) = losses([term("2025-01-01", "2026-12-31", effective_on=date(2026, 7, 1), **LEFT)], AS_OF, POLICY.label)
    assert loss == Loss("a", date(2026, 4, 1), date(2026, 7, 1), 1_000.0, "voluntary", "price")


@pytest.mark.parametrize(
    ("days", "lost"), [(30, False), (31, True)]
)  # thirty days after the end a new term may still begin
def test_a_term_that_nothing_follows_is_lost_after_thirty_days(days: int, lost: bool) -> None:
    ended = [term("2024-01-01", (AS_OF - timedelta(days=days)).isoformat())]
    assert bool(losses(ended, AS_OF, POLICY.label)) == lost


def test_a_contraction_and_a_term_that_is_followed_in_time_lose_nothing() -> None:
    cut = term("2025-01-01", "2026-12-31", decided_on=date(2026, 4, 1), decision_kind="contraction")
    assert losses([cut], AS_OF, POLICY.label) == []
    back = [term("2024-01-01", "2026-01-01", **LEFT), term("2026-01-31", "2027-01-31")]
    assert losses(back, AS_OF, POLICY.label) == []


def test_terms_that_end_together_are_one_loss() -> None:
    both = [term("2024-01-01", "2026-03-01", 300.0, **LEFT), term("2025-01-01", "2026-03-01", 200.0, **LEFT)]
    (loss,) = losses(both, AS_OF, POLICY.label)
    assert loss.arr == 500.0


def test_arr_is_that_of_the_terms_in_force_and_unknown_where_there_is_none() -> None:
    terms = [term("2026-01-01", "2026-06-01", 100.0), term("2026-06-01", "2027-01-01", 30.0)]
    assert [arr_on(terms, day) for day in (date(2026, 5, 31), AS_OF, date(2027, 1, 1))] == [100.0, 30.0, None]


def test_rows_become_terms_by_their_first_day() -> None:
    rows = [
        {"account_id": "a", "starts_on": date(2026, 1, 1), "ends_on": date(2027, 1, 1), "arr": 2},
        {"account_id": "a", "starts_on": date(2025, 1, 1), "ends_on": date(2026, 1, 1), "arr": 1},
    ]
    assert [t.arr for t in terms_of(rows)["a"]] == [1.0, 2.0]


@pytest.mark.parametrize(
    ("days", "kind", "candidate"),
    [(0, "voluntary", True), (180, "voluntary", True), (181, "voluntary", False), (10, "acquired", False)],
)
def test_a_lost_account_may_be_won_back_for_180_days_unless_it_was_bought(
    days: int, kind: str, candidate: bool
) -> None:
    (found,) = departures({"a": gone(days, decision_kind=kind)}, AS_OF, POLICY)
    assert found.candidate == candidate


@pytest.mark.parametrize(("days", "won"), [(180, True), (181, False)])
def test_a_return_within_180_days_of_the_end_is_a_win_back(days: int, won: bool) -> None:
    ended = gone(400)
    again = term((ended[0].ends_on + timedelta(days=days)).isoformat(), "2027-01-01")
    (found,) = [d for d in departures({"a": [*ended, again]}, AS_OF, POLICY) if d.ends_on == ended[0].ends_on]
    assert found.won_back == won


def test_the_rate_counts_accounts_and_arr_of_losses_that_are_old_enough() -> None:
    back = [*gone(400), term((AS_OF - timedelta(days=300)).isoformat(), "2027-01-01")]
    away = [gone(400)[0]._replace(account_id="b", arr=1_500.0)]
    young = [gone(20)[0]._replace(account_id="c")]
    found = departures({"a": back, "b": away, "c": young}, AS_OF, POLICY)
    assert win_back_rate(found) == WinBackRate(2, 1, 0.5, 2_000.0, 500.0, 0.25)
    assert win_back_rate([]).rate is None


@pytest.mark.parametrize(
    ("reason", "code"),
    [("price", "budget"), (" Low Usage ", "adoption"), ("competitor", "competition"), ("weather", None), (None, None)],
)
def test_a_recorded_reason_is_coded_by_the_policys_words(reason: str | None, code: str | None) -> None:
    (found,) = departures({"a": gone(10, reason=reason)}, AS_OF, POLICY)
    assert found.reason_code == code


def test_every_lost_account_has_an_exit_interview_and_a_candidate_the_way_back() -> None:
    (found,) = departures({"a": gone(10, decided_on=date(2026, 5, 18))}, AS_OF, POLICY)
    steps = win_back_steps(found, account(), [], AS_OF, POLICY)
    # 14 days after the loss was known; 60 and 120 after the account was gone on 22 May (the 19th of September is a
    # Saturday).
    assert [(s.step, s.due_at.date()) for s in steps] == [
        ("exit_interview", date(2026, 6, 1)),
        ("step_2", date(2026, 7, 21)),
        ("step_3", date(2026, 9, 21)),
    ]
    (bought,) = departures({"a": gone(10, decision_kind="acquired")}, AS_OF, POLICY)
    assert [s.step for s in win_back_steps(bought, account(), [], AS_OF, POLICY)] == ["exit_interview"]
    (long_ago,) = departures({"a": gone(181)}, AS_OF, POLICY)
    assert win_back_steps(long_ago, account(), [], AS_OF, POLICY) == []


def test_an_uncoded_reason_is_noted_on_the_exit_interview() -> None:
    (found,) = departures({"a": gone(10, reason="weather")}, AS_OF, POLICY)
    assert win_back_steps(found, account(), [], AS_OF, POLICY)[0].note == "uncoded reason: weather"
