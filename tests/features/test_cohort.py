"""Who is scored on which as_of: hand-written terms."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache
from typing import Any

import pytest

from features.cohort import CohortRule, cohort
from features.snapshots import Snapshots
from tests.features.building import Compiled, at, facts_from, frames_of

AS_OF = date(2025, 6, 2)
A = {"account_id": "a", "created_on": date(2024, 1, 1), "segment": "smb"}
TERM = {
    "subscription_id": "s1",
    "account_id": "a",
    "starts_on": date(2025, 1, 1),
    "ends_on": date(2026, 1, 1),
    "arr": 1200.0,
}


@cache
def compiled(as_of: date, rule: CohortRule) -> Compiled:
    return Compiled(lambda facts: cohort(facts, Snapshots.of([as_of]), rule))


def rows(
    *terms: dict[str, Any], account: dict[str, Any] = A, as_of: date = AS_OF, rule: CohortRule | None = None
) -> list[dict[str, Any]]:
    """The cohort at as_of of one account with these terms."""
    named = [{**TERM, "subscription_id": f"s{i}", **term} for i, term in enumerate(terms)]
    return list(
        compiled(as_of, rule or CohortRule())(frames_of({"accounts": [account], "subscriptions": named})).to_pylist()
    )


def line(*terms: dict[str, Any], **options: Any) -> dict[str, Any]:
    found = rows(*terms, **options)
    assert len(found) == 1
    return found[0]


def test_one_line_says_what_the_term_in_force_says() -> None:
    found = line({"seats": 5, "notice_days": 60})
    expected = {
        "account_id": "a", "as_of": AS_OF, "known_loss": False, "arr": 1200.0, "seats": 5, "tenure_days": 152,
        "days_to_term_end": 213, "term_days": 365, "segment": "smb",
    }  # fmt: skip
    assert {k: found[k] for k in expected} == expected
    assert found["term_end_day"] - found["deadline_day"] == 60
    assert found["as_of_day"] + 213 == found["term_end_day"]


@pytest.mark.parametrize(
    ("starts", "ends", "scored"),
    [
        (AS_OF, date(2026, 1, 1), True),  # the first morning counts
        (date(2025, 6, 3), date(2026, 1, 1), False),
        (date(2025, 1, 1), AS_OF, False),  # the end is exclusive
        (date(2025, 1, 1), date(2025, 6, 3), True),
    ],
)
def test_a_term_is_in_force_from_its_first_morning_up_to_its_end(starts: date, ends: date, scored: bool) -> None:
    found = rows({"starts_on": starts, "ends_on": ends, "signed_at": at("2024-12-01")}, rule=CohortRule(0))
    assert bool(found) is scored


@pytest.mark.parametrize(
    ("signed", "known", "scored"),
    [
        ("2025-06-01 23:59:59", None, True),
        ("2025-06-02 00:00:00", None, False),
        ("2025-01-01", "2025-06-01 23:59:59", True),
        ("2025-01-01", "2025-06-02", False),
        ("2025-06-02", "2025-01-01", False),  # known before it was signed: it had not happened
    ],
)
def test_a_term_counts_once_it_is_signed_and_known(signed: str, known: str | None, scored: bool) -> None:
    term: dict[str, Any] = {"signed_at": at(signed)}
    assert bool(rows({**term, "known_at": at(known)} if known else term)) is scored


@pytest.mark.parametrize(("starts", "scored"), [(date(2025, 5, 26), True), (date(2025, 5, 27), False)])
def test_below_seven_days_of_tenure_an_account_is_too_young(starts: date, scored: bool) -> None:
    assert bool(rows({"starts_on": starts})) is scored


def test_tenure_counts_from_the_first_term_however_long_ago_it_ended() -> None:
    first = {"starts_on": date(2023, 6, 2), "ends_on": date(2024, 6, 2)}
    assert line(first, {"starts_on": date(2025, 5, 30)})["tenure_days"] == 731


def test_in_a_gap_between_terms_an_account_is_not_scored() -> None:
    before = {"ends_on": date(2025, 5, 20)}
    after = {"starts_on": date(2025, 6, 10), "signed_at": at("2025-05-01")}
    assert not rows(before, after)
    assert len(rows(before, after, as_of=date(2025, 5, 19))) == 1
    assert len(rows(before, after, as_of=date(2025, 6, 16))) == 1


def test_month_to_month_terms_count_one_by_one() -> None:
    months = [{"starts_on": date(2025, m, 1), "ends_on": date(2025, m + 1, 1), "signed_at": None} for m in range(1, 8)]
    found = line(*months)
    assert (found["tenure_days"], found["term_days"], found["days_to_term_end"]) == (152, 30, 29)


@pytest.mark.parametrize(
    ("decided", "known_loss"), [("2025-06-01 23:59:59", True), ("2025-06-02", False), ("2025-09-01", False)]
)
def test_a_loss_is_known_from_the_moment_after_its_decision(decided: str, known_loss: bool) -> None:
    assert line({"decision_at": at(decided), "decision_kind": "voluntary"})["known_loss"] is known_loss


@pytest.mark.parametrize(
    ("kind", "known_loss"),
    [("voluntary", True), ("non_payment", True), ("acquired", True), (None, True), ("contraction", False)],
)
def test_a_contraction_is_no_loss(kind: str | None, known_loss: bool) -> None:
    decided = {"decision_at": at("2025-05-01"), "decision_kind": kind, "effective_on": date(2026, 1, 1)}
    assert line(decided)["known_loss"] is known_loss


def test_several_products_add_up_and_are_lost_only_together() -> None:
    decided = {"decision_at": at("2025-05-01"), "decision_kind": "voluntary"}
    other = {"arr": 300.5, "seats": 4, "ends_on": date(2025, 7, 2), "notice_days": 30}
    found = line({**decided, "seats": 6}, other)
    assert (found["known_loss"], found["arr"], found["seats"]) == (False, 1500.5, 10)
    assert (found["days_to_term_end"], found["term_days"]) == (30, 365)
    assert line({**decided}, {**other, **decided})["known_loss"] is True


def test_seats_are_null_where_no_term_is_sold_by_seat() -> None:
    assert line({"seats": None})["seats"] is None
    assert line({"seats": None}, {"seats": 0})["seats"] == 0


@pytest.mark.parametrize(("decided", "scored"), [("2025-06-01 23:59:59", False), ("2025-06-02", True)])
def test_a_merged_account_is_gone_once_its_merger_is_known(decided: str, scored: bool) -> None:
    merged = {**A, "merged_into": "b"}
    term = {"decision_at": at(decided), "decision_kind": "acquired"}
    assert bool(rows(term, account=merged)) is scored


def test_a_merger_on_a_term_that_is_learned_late_is_learned_with_it() -> None:
    late = {"decision_at": at("2025-03-01"), "decision_kind": "acquired", "known_at": at("2025-06-02")}
    merged = {**A, "merged_into": "b"}
    assert rows({}, late, account=merged)
    assert not rows({}, {**late, "known_at": at("2025-06-01")}, account=merged)


def test_a_merged_account_without_a_dated_merger_is_in_no_snapshot() -> None:
    assert not rows({}, account={**A, "merged_into": "b"})


@pytest.mark.parametrize(("known", "segment"), [("2025-06-01 23:59:59", "smb"), ("2025-06-02", None)])
def test_the_segment_is_null_while_the_accounts_own_row_is_not_known(known: str, segment: str | None) -> None:
    assert line({}, account={**A, "known_at": at(known)})["segment"] == segment


def test_every_snapshot_has_its_own_lines() -> None:
    decided: datetime = at("2025-06-05")
    facts = facts_from(accounts=[A], subscriptions=[{**TERM, "decision_at": decided, "decision_kind": "voluntary"}])
    dates = [date(2025, 1, 6), date(2025, 1, 13), AS_OF, date(2025, 6, 9), date(2026, 1, 5)]
    found = cohort(facts, Snapshots.of(dates), CohortRule()).order_by("as_of").to_pyarrow().to_pylist()
    assert [(r["as_of"], r["known_loss"]) for r in found] == [
        (date(2025, 1, 13), False), (AS_OF, False), (date(2025, 6, 9), True)
    ]  # fmt: skip
