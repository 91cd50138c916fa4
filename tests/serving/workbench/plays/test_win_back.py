"""Lost accounts: when they were lost, the exit interview, who may be won back, and how many were (I12)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest

from serving.workbench.kpis.retention import won_back
from serving.workbench.plays.terms import Loss, Term, arr_on, losses, terms_of
from serving.workbench.plays.win_back import WinBackRate, departures, win_back_rate, win_back_steps
from tests.serving.workbench.facts import AS_OF, POLICY, account, term
from tests.serving.workbench.kpis.twelve import DAY, TERMS, twelve

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


def lives() -> dict[str, list[Term]]:
    """A back in time, B away, C away for a little while, D already back, E lost long ago, F lost on the year's first day."""
    days = {"a": 400, "b": 300, "c": 20, "d": 100, "e": 546, "f": 545}
    held = {name: [gone(ago)[0]._replace(account_id=name)] for name, ago in days.items()}
    held["b"] = [held["b"][0]._replace(arr=1_500.0)]
    for name, back in (("a", 300), ("d", 60)):
        held[name].append(term((AS_OF - timedelta(days=back)).isoformat(), "2027-01-01")._replace(account_id=name))
    return held


def test_the_rate_counts_accounts_and_arr_of_a_year_of_losses_that_are_old_enough() -> None:
    found = departures(lives(), AS_OF, POLICY)
    assert {d.account_id: d.won_back for d in found} == {
        "a": True, "b": False, "c": None, "d": None, "e": False, "f": False,
    }  # fmt: skip
    assert win_back_rate(found, AS_OF, POLICY) == WinBackRate(3, 1, 1 / 3, 2_500.0, 500.0, 0.2)
    assert win_back_rate([], AS_OF, POLICY).rate is None


def test_the_rate_of_the_book_of_twelve_is_that_of_its_metric() -> None:
    dated = [
        row | {"starts_on": pd.Timestamp(row["starts_on"]), "ends_on": pd.Timestamp(row["ends_on"])} for row in TERMS
    ]
    rows = [r | {d: pd.Timestamp(r[d]) for d in ("decision_at", "effective_on") if d in r} for r in dated]
    # j merged into a, and was not lost.
    terms = {name: held for name, held in terms_of(rows).items() if name != "j"}
    ours = win_back_rate(departures(terms, DAY.date(), POLICY), DAY.date(), POLICY)
    for by_arr, rate in ((False, ours.rate), (True, ours.arr_rate)):
        told = won_back(twelve().at(DAY), by_arr=by_arr)
        assert told["numerator"].sum() / told["denominator"].sum() == pytest.approx(rate)


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
