"""Wishes and advocates: ranked by accounts and ARR at risk, answered in time or not; who may speak for us (V1, V2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from serving.workbench.journey.advocates import Advocate, Past, advocate, snapshots_back
from serving.workbench.journey.feature_requests import requests, wishes
from tests.serving.workbench.facts import AS_OF, POLICY, account, answer, at, person, touch, with_rules


def wish(what: str | None, on: str = "2026-05-20", name: str = "a", answered: str | None = None) -> dict[str, Any]:
    row = touch("feature_request", on, direction="theirs", reason=what, responded_at=at(answered))
    return row | {"account_id": name, "touch_id": f"{name} {what} {on}"}


BOOK = {
    "a": account("a", arr=10_000.0, tier="green"),
    "b": account("b", arr=20_000.0, tier="yellow"),
    "c": account("c", arr=50_000.0, tier="green", risk="high"),
    "d": account("d", arr=None, tier="red"),
}


@pytest.mark.parametrize(
    ("asked", "answered", "status"),
    [
        ("2026-05-02", None, "open"),  # thirty days are over on 1 June
        ("2026-05-01", None, "overdue"),
        ("2026-04-01", "2026-05-01", "answered"),
        ("2026-04-01", "2026-05-02", "answered late"),
    ],
)
def test_a_request_is_answered_within_thirty_days_or_overdue(asked: str, answered: str | None, status: str) -> None:
    (found,) = requests([wish("dark mode", asked, answered=answered)], AS_OF, POLICY)
    assert found.status == status


def test_requests_of_the_day_itself_and_other_contacts_do_not_count() -> None:
    assert requests([wish("dark mode", "2026-06-01"), touch("call", "2026-05-01")], AS_OF, POLICY) == []


def test_wishes_are_ranked_by_accounts_then_by_arr_at_risk_and_routed_to_product() -> None:
    rows = [
        wish("Dark_Mode", name="a"), wish("dark mode", "2026-05-21", name="a"), wish("dark mode", name="c"),
        wish("export", name="b"), wish("export", name="a"), wish("api", name="d"), wish(None, name="gone"),
    ]  # fmt: skip
    found = wishes(requests(rows, AS_OF, POLICY), BOOK, POLICY)
    assert [(w.rank, w.wish, w.accounts, w.arr, w.arr_at_risk, w.requests) for w in found] == [
        (1, "dark mode", 2, 60_000.0, 50_000.0, 3),
        (2, "export", 2, 30_000.0, 20_000.0, 2),
        (3, "api", 1, 0.0, 0.0, 1),
    ]
    assert {w.routed_to for w in found} == {"product"}


def test_a_wish_ranks_by_who_waits_for_an_answer_and_not_by_who_ever_asked() -> None:
    rows = [wish("old", name=name, on="2025-01-01", answered="2025-01-02") for name in "abc"]
    rows += [wish("new", name="a"), wish("old", name="c"), wish("done", name="b", answered="2026-05-21")]
    found = wishes(requests(rows, AS_OF, POLICY), BOOK, POLICY)
    assert [(w.wish, w.accounts, w.arr_at_risk, w.asked_by) for w in found] == [
        ("old", 1, 50_000.0, 3),
        ("new", 1, 0.0, 1),
        ("done", 0, 0.0, 1),
    ]


def test_a_policy_may_rank_by_arr_at_risk_first() -> None:
    rows = [wish("many", name="a"), wish("many", name="b"), wish("worth more", name="c")]
    other = with_rules(feature_requests={"ranked_by": ("arr_at_risk", "accounts")})
    assert [w.wish for w in wishes(requests(rows, AS_OF, other), BOOK, other)] == ["worth more", "many"]


def test_the_answered_loop_is_counted() -> None:
    rows = [
        wish("x", "2026-04-01", answered="2026-04-02"),
        wish("x", "2026-04-02", answered="2026-05-30"),
        wish("x", "2026-04-03"),
    ]
    (found,) = wishes(requests(rows, AS_OF, POLICY), BOOK, POLICY)
    assert (found.requests, found.answered, found.in_time, found.overdue) == (3, 2, 1, 1)


def past(*tiers: str) -> list[Past]:
    """Every four weeks back from as_of, the newest first."""
    return [Past(AS_OF - timedelta(weeks=4 * place), tier) for place, tier in enumerate(tiers)]


def judged(tiers: list[Past], score: float | None = 9.0, at_risk: bool = False, **more: Any) -> Advocate:
    answers = [] if score is None else [answer(2, "2026-01-01"), answer(score, "2026-05-01")]
    given = {"people": [], "touches": [], "answers": answers, "warnings": ()} | more
    return advocate(account(), tiers, at_risk=at_risk, as_of=AS_OF, policy=POLICY, **given)


GREEN = past(*["green"] * 8)


def test_green_for_two_quarters_a_promoter_and_no_episode_may_be_asked_to_speak_for_us() -> None:
    found = judged(GREEN)
    assert found.candidate
    assert found.asks == ("advocacy", "advisory_board", "referral")
    assert (found.green_since, found.or_earlier) == (date(2025, 11, 17), True)  # 28 weeks, as far as one looks


@pytest.mark.parametrize(
    ("tiers", "score", "at_risk", "lacks"),
    [
        (past(*["green"] * 7), 9.0, False, "green since 2025-12-15, 2 quarters are needed"),
        (past(*["green"] * 4, "yellow", *["green"] * 4), 9.0, False, "green since 2026-03-09, 2 quarters are needed"),
        (past("yellow", *["green"] * 8), 9.0, False, "not green, 2 quarters are needed"),
        (GREEN, 8.9, False, "the newest NPS answer is 8.9"),
        (GREEN, None, False, "no NPS answer within 182 days"),
        ([*GREEN[:3], *GREEN[4:]], 9.0, False, "green since 2026-04-06, 2 quarters are needed"),
        (GREEN, 9.0, True, "a risk episode goes on"),
    ],
)
def test_who_lacks_one_of_them_is_told_which(tiers: list[Past], score: float | None, at_risk: bool, lacks: str) -> None:
    found = judged(tiers, score, at_risk)
    assert (found.candidate, found.lacks, found.asks) == (False, (lacks,), ())


def test_an_account_that_decided_to_leave_is_not_asked() -> None:
    found = advocate(account(tier=None), GREEN, [answer(9, "2026-05-01")], [], [], False, (), AS_OF, POLICY)
    assert found.lacks == ("not scored: too young, or its loss is known",)


def test_where_green_began_is_told_apart_from_where_one_stopped_looking() -> None:
    assert not judged(past(*["green"] * 7, "yellow")).or_earlier
    assert not judged(past("yellow")).or_earlier


@pytest.mark.parametrize(
    ("arr", "on", "nps"),
    [
        (60_000.0, "2025-12-01", 9.0),  # 182 days
        (60_000.0, "2025-11-30", None),
        (5_000.0, "2025-06-01", 9.0),  # 365 days
        (5_000.0, "2025-05-31", None),
        (None, "2025-06-01", 9.0),
    ],
)
def test_an_answer_counts_until_the_account_is_asked_again(arr: float | None, on: str, nps: float | None) -> None:
    given = [answer(9, on)]
    found = advocate(account(arr=arr), GREEN, given, [], [], False, (), AS_OF, POLICY)
    assert (found.nps, found.candidate) == (nps, nps is not None)


def test_who_has_a_warning_or_of_whom_something_is_not_known_is_no_candidate() -> None:
    assert judged(GREEN, warnings=["login drop"]).lacks == ("a warning stands: login drop",)
    assert judged(GREEN, warnings=None).lacks == ("nobody has looked for warnings",)
    found = judged(GREEN, answers=None, people=None, touches=None)
    assert (found.lacks, found.champions, found.referrals) == (("its NPS answers are not known",), None, None)


def test_champions_with_access_and_recorded_referrals_are_counted() -> None:
    people = [person("1", "champion"), person("2", "champion", bounced_at=at("2026-05-01")), person("3", "sponsor")]
    found = judged(
        GREEN, people=people, touches=[touch("email", "2026-05-01", reason="Referral"), touch("call", "2026-05-01")]
    )
    assert (found.champions, found.referrals) == (1, 1)


def test_the_tiers_are_looked_at_every_four_weeks_as_far_as_the_quarters_reach() -> None:
    days = snapshots_back(AS_OF, POLICY)
    assert (len(days), days[0], days[-1]) == (8, date(2025, 11, 17), AS_OF)
