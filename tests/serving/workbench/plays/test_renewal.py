"""The renewal play: stages 90, 60 and 30, led by the renewals manager, its outcome recorded, discounts approved (R1)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from policy.policy import Policy
from serving.workbench.plays.renewal import Renewal, renewal_steps, renewals
from serving.workbench.plays.terms import Term
from tests.serving.workbench.facts import AS_OF, POLICY, account, at, term


def ending(days: int, **more: Any) -> Term:
    end = AS_OF + timedelta(days=days)
    return term((end - timedelta(days=365)).isoformat(), end.isoformat(), 1_000.0, **more)


def renewal(terms: list[Term], deals: list[dict[str, Any]], as_of: date, policy: Policy) -> Renewal | None:
    """The renewal of the term that ends in so many days, the first of those given."""
    of = terms[0]
    return next((r for r in renewals(terms, deals, as_of, policy) if r.term_ends_on == of.ends_on), None)


def deal(amount: float, **more: Any) -> dict[str, Any]:
    return {"kind": "renewal", "amount": amount, "created_at": at("2026-05-20"), "closed_at": None} | more


@pytest.mark.parametrize(
    ("days", "stage"), [(91, None), (90, 90), (61, 90), (60, 60), (31, 60), (30, 30), (0, 30), (-90, 30), (-91, None)]
)
def test_the_stages_are_entered_90_60_and_30_days_before_the_end(days: int, stage: int | None) -> None:
    found = renewal([ending(days)], [], AS_OF, POLICY)
    assert (found and found.stage) == stage


def test_each_stage_that_was_entered_has_its_step_due_days_after_it_began() -> None:
    found = renewal([ending(45)], [], AS_OF, POLICY)
    assert found is not None
    steps = renewal_steps([found], account(), [], AS_OF, POLICY)
    # The stages began 45 and 15 days ago; their steps are due 2 and 7 days later.
    assert [(s.step, s.due_at.date(), s.owner_type, s.state, s.level) for s in steps] == [
        ("stage_90", date(2026, 4, 20), "renewals_manager", "overdue", "executive"),  # the 19th was a Sunday
        ("stage_60", date(2026, 5, 25), "renewals_manager", "overdue", "executive"),  # and so was the 24th
    ]
    assert steps[0].key == "a|renewal:stage_90|2026-07-16"
    (_, open_) = renewal_steps([found], account(), [steps[0].key], AS_OF, POLICY)
    assert renewal_steps([found], account(), [steps[0].key], AS_OF, POLICY)[0].state == "done"
    assert open_.state == "overdue"


@pytest.mark.parametrize(("length", "renewed"), [(31, False), (89, False), (90, True)])
def test_a_term_that_renews_all_the_time_has_no_renewal_play(length: int, renewed: bool) -> None:
    end = AS_OF + timedelta(days=20)
    assert (
        bool(renewals([term((end - timedelta(days=length)).isoformat(), end.isoformat())], [], AS_OF, POLICY))
        == renewed
    )


def test_two_products_of_one_account_are_both_told_and_settled_ones_first() -> None:
    end = AS_OF + timedelta(days=20)
    again = term(end.isoformat(), (end + timedelta(days=365)).isoformat(), product="suite")
    found = renewals([ending(10, product="add-on"), ending(20, product="suite"), again], [], AS_OF, POLICY)
    assert [(r.product, r.days, r.outcome) for r in found] == [("suite", 20, "renewed"), ("add-on", 10, None)]
    assert {s.period for s in renewal_steps(found, account(), [], AS_OF, POLICY)} == {"2026-06-11"}


def test_products_whose_terms_end_on_one_day_are_renewed_in_one_go_and_approved_each() -> None:
    both = [ending(44, product=p, list_arr=2_000.0, notice_days=n) for p, n in (("suite", None), ("add-on", 30))]
    found = renewals(both, [deal(1_500.0)], AS_OF, POLICY)
    assert len(found) == 2
    steps = [s.step for s in renewal_steps(found, account(), [], AS_OF, POLICY)]
    assert sorted(steps) == ["approval_add-on", "approval_suite", "stage_30", "stage_60", "stage_90"]


def test_the_steps_of_a_term_that_has_ended_stand_until_its_lapse_is_a_loss() -> None:
    for days, stands in ((-1, True), (-30, True), (-31, False)):
        found = renewals([ending(days)], [], AS_OF, POLICY)
        assert bool(renewal_steps(found, account(), [], AS_OF, POLICY)) == stands


@pytest.mark.parametrize(
    ("notice", "due"),
    [
        (
            None,
            ["2026-06-03", "2026-07-08", "2026-08-14"],
        ),  # 2, 7 and 14 days after stages that begin 90, 60, 30 before
        (60, ["2026-06-03", "2026-07-01", "2026-07-01"]),
        (61, ["2026-06-03", "2026-06-30", "2026-06-30"]),
        (120, ["2026-05-01", "2026-05-01", "2026-05-01"]),  # the second of May is a Saturday
    ],
)
def test_no_step_is_due_after_the_last_day_for_notice(notice: int | None, due: list[str]) -> None:
    one = term("2025-08-30", "2026-08-30", notice_days=notice)
    told = {}
    for day in (date(2026, 4, 1) + timedelta(days=n) for n in range(150)):
        for step in renewal_steps(renewals([one], [], day, POLICY), account(), [], day, POLICY):
            # A step has its days before it is due: it is never told too late.
            told.setdefault(step.step, (day, step.due_at.date().isoformat()))
    assert [when for _, when in told.values()] == due
    assert all(first < date.fromisoformat(when) for first, when in told.values())


def test_an_approval_is_due_before_the_term_is_over() -> None:
    # The term ends on Monday the 13th of July: its last day is a Sunday, and the Friday before the last working one.
    found = renewals([ending(42, list_arr=2_000.0)], [deal(1_000.0)], AS_OF, POLICY)
    (approval,) = [s for s in renewal_steps(found, account(), [], AS_OF, POLICY) if s.step == "approval"]
    assert approval.due_at.date() == date(2026, 7, 10)


@pytest.mark.parametrize(("arr", "outcome"), [(1_000.0, "renewed"), (1_200.0, "expanded"), (800.0, "contracted")])
def test_a_following_term_records_the_outcome_and_ends_the_steps(arr: float, outcome: str) -> None:
    end = AS_OF + timedelta(days=45)
    following = term(end.isoformat(), (end + timedelta(days=365)).isoformat(), arr)
    found = renewal([ending(45), following], [], AS_OF, POLICY)
    assert found is not None
    assert (found.outcome, found.new_arr) == (outcome, arr)
    assert renewal_steps([found], account(), [], AS_OF, POLICY) == []


def test_terms_that_end_on_one_day_are_renewed_as_one() -> None:
    end = AS_OF + timedelta(days=45)
    more = term("2026-01-01", end.isoformat(), 500.0, list_arr=1_000.0)
    one = term(end.isoformat(), (end + timedelta(days=365)).isoformat(), 1_500.0)
    found = renewal([ending(45, list_arr=1_000.0), more, one], [], AS_OF, POLICY)
    assert found is not None
    assert (found.arr, found.outcome, found.new_arr) == (1_500.0, "renewed", 1_500.0)
    open_ = renewal([ending(45, list_arr=1_000.0), more], [deal(1_800.0)], AS_OF, POLICY)
    assert open_ is not None
    assert open_.discount == pytest.approx(0.10)


def test_a_term_of_another_product_renews_nothing() -> None:
    beside = term("2026-05-01", "2028-05-01", 500.0, product="add-on")
    found = renewal([ending(45, product="platform"), beside], [], AS_OF, POLICY)
    assert found is not None
    assert found.outcome is None


def test_a_decision_to_leave_and_a_lapse_beyond_thirty_days_are_lost() -> None:
    lost = renewal([ending(45, decided_on=date(2026, 5, 1), decision_kind="voluntary")], [], AS_OF, POLICY)
    lapsed = renewal([ending(-31)], [], AS_OF, POLICY)
    waiting = renewal([ending(-30)], [], AS_OF, POLICY)
    assert [r and r.outcome for r in (lost, lapsed, waiting)] == ["lost", "lost", None]


@pytest.mark.parametrize(
    ("amount", "approval"), [(1_600.0, False), (1_599.0, True), (2_500.0, False)]
)  # of a list price of 2,000: 20 %, a little more, none
def test_a_discount_above_the_policys_limit_goes_to_approval(amount: float, approval: bool) -> None:
    found = renewal([ending(45, list_arr=2_000.0)], [deal(amount)], AS_OF, POLICY)
    assert found is not None
    assert found.needs_approval == approval
    steps = {s.step for s in renewal_steps([found], account(), [], AS_OF, POLICY)}
    assert ("approval" in steps) == approval


def test_a_deal_that_is_closed_or_no_renewal_or_without_a_list_price_says_nothing_of_a_discount() -> None:
    for deals, list_arr in (
        ([deal(1.0, closed_at=at("2026-05-25"))], 2_000.0),
        ([deal(1.0, kind="expansion")], 2_000.0),
        ([deal(1.0)], None),
        ([], 2_000.0),
    ):
        found = renewal([ending(45, list_arr=list_arr)], deals, AS_OF, POLICY)
        assert found is not None
        assert found.discount is None
