"""Whether a loss is decided in the window: hand-written terms, and random books against the oracle."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from features.cohort import CohortRule, cohort
from features.labels import LabelRule, contractions, data_until, labels, losses_of_kind
from features.snapshots import Snapshots
from policy.errors import NotEnoughData
from policy.policy import load_policy
from proof.oracle.cohort import label
from proof.oracle.table import cohort as oracle_cohort
from tests.features.building import Compiled, at, facts_from, frames_of
from tests.features.worlds import world

AS_OF = date(2025, 6, 2)
LATER = date(2026, 12, 1)
A = {"account_id": "a", "created_on": date(2024, 1, 1)}
TERM = {
    "subscription_id": "s1",
    "account_id": "a",
    "starts_on": date(2025, 1, 1),
    "ends_on": date(2026, 1, 1),
    "arr": 1200.0,
}
RULE = LabelRule(horizon_days=90, gap_days=14)


def book_of(*terms: dict[str, Any], **tables: Any) -> dict[str, Any]:
    named = [{**TERM, "subscription_id": f"s{i}", **term} for i, term in enumerate(terms)]
    return {"accounts": [A], "subscriptions": named, **tables}


@cache
def compiled(rule: LabelRule, until: date, snapshots: Snapshots, tables: frozenset[str]) -> Compiled:
    """Labels of one rule; `tables` are those the book has."""
    return Compiled(lambda facts: labels(facts, cohort(facts, snapshots, CohortRule()), rule, data_until=until))


def judged(
    *terms: dict[str, Any], rule: LabelRule = RULE, until: date = LATER, as_of: date = AS_OF, **tables: Any
) -> dict[str, Any]:
    """The label of the one account at as_of."""
    book = book_of(*terms, **tables)
    found = compiled(rule, until, Snapshots.of([as_of]), frozenset(book))(frames_of(book)).to_pylist()
    assert len(found) == 1
    return dict(found[0])


def leaving(decided: str, kind: str | None = "voluntary", **term: Any) -> dict[str, Any]:
    return {"decision_at": at(decided), "decision_kind": kind, **term}


@pytest.mark.parametrize(
    ("decided", "churned", "in_gap"),
    [
        ("2025-06-02 00:00:00", None, True),  # as_of itself, in the gap
        ("2025-06-15 23:59:59", None, True),  # the gap's last moment
        ("2025-06-16 00:00:00", 1, False),  # as_of + 14: the window is closed on the left
        ("2025-09-13 23:59:59", 1, False),  # the window's last moment
        ("2025-09-14 00:00:00", 0, False),  # as_of + 14 + 90: open on the right
    ],
)
def test_a_decision_counts_from_the_gap_up_to_the_horizon(decided: str, churned: int | None, in_gap: bool) -> None:
    found = judged(leaving(decided))
    assert (found["churned"], found["decided_in_gap"], found["mature"]) == (churned, in_gap, True)


def test_with_gap_0_a_decision_dated_as_of_is_positive() -> None:
    found = judged(leaving("2025-06-02"), rule=LabelRule(gap_days=0))
    assert (found["churned"], found["decided_in_gap"]) == (1, False)


def test_a_loss_decided_before_as_of_is_no_label_of_the_future() -> None:
    found = judged(leaving("2025-06-01 23:59:59"))
    assert (found["churned"], found["decided_in_gap"]) == (0, False)


def test_an_undecided_term_is_a_zero() -> None:
    assert judged({})["churned"] == 0


@pytest.mark.parametrize(
    ("kind", "churned"), [("voluntary", 1), ("non_payment", 1), ("acquired", 1), (None, 1), ("contraction", 0)]
)
def test_a_contraction_is_no_churn(kind: str | None, churned: int) -> None:
    assert judged(leaving("2025-07-01", kind, effective_on=date(2025, 12, 1)))["churned"] == churned


@pytest.mark.parametrize(("arr_after", "share"), [(960.0, 0.2), (960.01, None), (600.0, 0.5)])
def test_a_contraction_takes_a_fifth_of_the_revenue_or_more(arr_after: float, share: float | None) -> None:
    smaller = {"starts_on": date(2025, 8, 1), "ends_on": date(2026, 8, 1), "arr": arr_after}
    decided = leaving("2025-06-20 12:00:00", "contraction", effective_on=date(2025, 8, 1), ends_on=date(2025, 8, 1))
    facts = facts_from(**book_of(decided, smaller))
    least = load_policy().label.contraction_share
    found = contractions(facts, RULE, least_share=least).to_pyarrow().to_pylist()
    day = (date(2025, 6, 20) - date(1970, 1, 1)).days
    assert found == (
        [] if share is None else [{"account_id": "a", "contracted_day": day, "share": pytest.approx(share)}]
    )


@pytest.mark.parametrize("kind", ["voluntary", "non_payment", None])
def test_a_loss_is_unpaid_where_the_decision_that_lost_the_account_was(kind: str | None) -> None:
    # The first term lapses unpaid and is followed by another, whose end loses the account.
    lapsed = leaving("2025-03-01", "non_payment", ends_on=date(2025, 5, 1))
    last = leaving("2025-07-01", kind, starts_on=date(2025, 5, 10), ends_on=date(2026, 5, 10))
    found = losses_of_kind(facts_from(**book_of(lapsed, last)), RULE, "non_payment").to_pyarrow().to_pylist()
    day = (date(2025, 7, 1) - date(1970, 1, 1)).days
    assert found == ([{"account_id": "a", "lost_day": day}] if kind == "non_payment" else [])


@pytest.mark.parametrize(("until", "churned"), [(date(2025, 9, 13), None), (date(2025, 9, 14), 1)])
def test_a_label_is_null_until_the_window_lies_behind(until: date, churned: int | None) -> None:
    found = judged(leaving("2025-07-01"), until=until)
    assert (found["churned"], found["mature"]) == (churned, churned is not None)


@pytest.mark.parametrize(("days", "churned"), [(0, 0), (29, 0), (30, 0), (31, 1)])
def test_a_new_term_within_thirty_days_of_the_end_is_no_churn(days: int, churned: int) -> None:
    lapsed = leaving("2025-07-01", ends_on=date(2025, 8, 1))
    again = {"starts_on": date(2025, 8, 1) + timedelta(days=days), "ends_on": date(2026, 8, 1)}
    assert judged(lapsed, again)["churned"] == churned


def test_the_lapse_counts_from_the_day_the_decision_takes_effect() -> None:
    early = leaving("2025-07-01", ends_on=date(2026, 1, 1), effective_on=date(2025, 7, 15))
    again = {"starts_on": date(2025, 9, 1), "ends_on": date(2026, 9, 1)}
    assert judged(early, again)["churned"] == 1
    assert judged(early, {**again, "starts_on": date(2025, 8, 14)})["churned"] == 0


def test_the_last_of_a_chain_of_lapses_is_the_loss() -> None:
    first = leaving("2025-02-01", ends_on=date(2025, 3, 1))
    second = leaving("2025-07-01", starts_on=date(2025, 3, 20), ends_on=date(2025, 8, 1))
    assert judged(first, second)["churned"] == 1


def test_another_product_that_goes_on_keeps_the_account() -> None:
    assert judged(leaving("2025-07-01"), {"ends_on": date(2026, 3, 1)})["churned"] == 0


def test_another_product_that_ends_before_does_not_keep_it() -> None:
    assert judged(leaving("2025-07-01"), {"ends_on": date(2025, 9, 1)})["churned"] == 1


@pytest.mark.parametrize("ends", [date(2026, 1, 1), date(2026, 3, 1), date(2025, 11, 1)])
def test_several_products_are_lost_when_the_last_of_them_is_decided(ends: date) -> None:
    """Whichever ends first: while one still runs undecided, the account is scored and the loss lies ahead."""
    known, ahead = leaving("2025-05-01", ends_on=ends), leaving("2025-07-01")
    found = judged(known, ahead)
    assert (found["churned"], found["decided_in_gap"]) == (1, False)
    # Before either decision, with a window that holds the first alone, nothing is lost yet.
    assert judged(known, ahead, as_of=date(2025, 4, 7), rule=LabelRule(gap_days=0, horizon_days=60))["churned"] == 0


@pytest.mark.parametrize(
    ("term", "in_window"),
    [
        ({"ends_on": date(2025, 6, 15)}, False),
        ({"ends_on": date(2025, 6, 16)}, True),
        ({"ends_on": date(2025, 9, 13)}, True),
        ({"ends_on": date(2025, 9, 14)}, False),
        ({"ends_on": date(2025, 10, 13), "notice_days": 30}, True),  # notice is due inside the window
        ({"ends_on": date(2025, 9, 13), "notice_days": 90}, False),  # notice was due before it
    ],
)
def test_in_window_goes_by_the_notice_deadline_where_one_is_known(term: dict[str, Any], in_window: bool) -> None:
    assert judged(term)["in_window"] is in_window


def event(moment: str) -> dict[str, Any]:
    return {"account_id": "a", "occurred_at": at(moment)}


INACTIVE = LabelRule(kind="inactivity", horizon_days=90, gap_days=0)


@pytest.mark.parametrize(
    ("moment", "churned"),
    [("2025-06-01 23:59:59", 1), ("2025-06-02", 0), ("2025-08-30 23:59:59", 0), ("2025-08-31", 1)],
)
def test_an_account_that_does_nothing_in_the_window_is_inactive(moment: str, churned: int) -> None:
    found = judged({}, rule=INACTIVE, usage_events=[event(moment)])
    assert (found["churned"], found["decided_in_gap"]) == (churned, False)


def test_our_own_mails_do_not_keep_an_account_active() -> None:
    ours = {"touch_id": "t", **event("2025-07-01"), "kind": "email", "direction": "ours"}
    assert judged({}, rule=INACTIVE, touchpoints=[ours])["churned"] == 1
    assert judged({}, rule=INACTIVE, touchpoints=[{**ours, "direction": "theirs"}])["churned"] == 0
    assert judged({}, rule=INACTIVE, touchpoints=[{**ours, "kind": "meeting", "attended": True}])["churned"] == 0


def test_the_data_reach_to_the_day_after_the_newest_fact_under_contract() -> None:
    stray = event("2026-05-01")  # after the account's last term
    assert data_until(facts_from(**book_of({}, usage_events=[event("2025-07-01 13:00:00"), stray]))) == date(2025, 7, 2)
    assert data_until(facts_from(**book_of(leaving("2025-09-01"), usage_events=[event("2025-07-01")]))) == date(
        2025, 9, 2
    )
    with pytest.raises(NotEnoughData):
        data_until(facts_from(**book_of({}, usage_events=[stray])))


@pytest.mark.parametrize("seed", [11, 12, 13])
@pytest.mark.parametrize("rule", [RULE, LabelRule(gap_days=0, horizon_days=30), LabelRule(lapse_days=0)])
def test_random_books_agree_with_the_oracle(seed: int, rule: LabelRule) -> None:
    book = world(seed)
    frames = frames_of({name: book[name] for name in ("accounts", "subscriptions")})
    snapshots = Snapshots.every(2, date(2024, 6, 3), date(2025, 11, 24))
    until = date(2025, 12, 1)
    table = compiled(rule, until, snapshots, frozenset(frames))(frames)
    found = {(r["as_of"], r["account_id"]): r for r in table.to_pylist()}
    expected = {
        (as_of, account): label(
            book, view.line, horizon_days=rule.horizon_days, gap_days=rule.gap_days, lapse_days=rule.lapse_days,
            data_until=until,
        )
        for as_of in snapshots.dates
        for account, view in oracle_cohort(book, as_of).items()
    }  # fmt: skip
    assert {k: {c: r[c] for c in expected[k]} for k, r in found.items()} == expected
    assert {r["churned"] for r in found.values()} == {0, 1, None}
