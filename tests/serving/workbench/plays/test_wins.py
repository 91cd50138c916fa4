"""The wins log and the success plan: dated sentences, parts present and missing, the review that is due (I13, P1, S7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from serving.workbench.journey.cadence import owed
from serving.workbench.plays.account import Account
from serving.workbench.plays.success_plan import SuccessPlan, plan_of
from serving.workbench.plays.wins import newest_reached, wins
from tests.serving.workbench.facts import AS_OF, POLICY, account, answer, milestone, touch


def test_what_was_reached_is_a_dated_sentence_of_its_kind() -> None:
    found = wins(
        [
            milestone("first_value", "first_value", "2026-05-01"),
            milestone("go_live", "goal", "2026-05-02"),
            milestone("first_report", "key_action", "2026-05-03"),
            milestone("sales_handoff", "handoff", "2026-05-03"),
            milestone("team_rollout", "goal"),
        ],
        [answer(9, "2026-05-04"), answer(8.9, "2026-05-05"), answer(10, "2026-05-05", kind="csat")],
        {"a": [date(2026, 5, 6)]},
        AS_OF,
        POLICY,
    )
    assert [(w.kind, w.sentence) for w in found] == [
        ("first_value", "First value reached on 1 May 2026."),
        ("goal", "Goal reached on 2 May 2026: go live."),
        ("milestone", "Milestone reached on 3 May 2026: first report."),
        ("promoter", "NPS answer of 9 on 4 May 2026."),
        ("recovery", "Back to green on 6 May 2026."),
    ]
    assert newest_reached(found) == {"a": "Your team reached the milestone first report on 3 May 2026."}


@pytest.mark.parametrize(("days", "kept"), [(0, False), (1, True), (91, True), (92, False)])
def test_the_log_reaches_back_91_days_and_holds_nothing_of_the_day_itself(days: int, kept: bool) -> None:
    assert bool(wins([], [], {"a": [AS_OF - timedelta(days=days)]}, AS_OF, POLICY)) == kept


def test_a_plan_names_what_is_there_and_what_is_missing() -> None:
    rows = [
        milestone("go_live", "goal", due="2026-05-01"),
        milestone("import", "key_action", "2026-04-01"),
        milestone("sales_handoff", "handoff"),
    ]
    found = plan_of(account(), rows, (), [], None, POLICY)
    assert found.present == ("goals", "success_criteria", "milestones", "owners")
    assert found.missing == ("sales_handoff",)
    assert plan_of(account(owner_id=None), [], (), [], None, POLICY).present == ()


def test_a_part_of_a_plan_that_nobody_can_see_yet_is_not_said_to_be_missing() -> None:
    ahead = [milestone("go_live", "goal", due="2026-09-01")]
    found = plan_of(account(), [], ahead, [], None, POLICY)
    assert (found.present, found.not_known) == (("goals", "success_criteria", "owners"), ())
    found = plan_of(account(), [], None, [], None, POLICY)
    assert (found.missing, found.not_known) == (("sales_handoff",), ("goals", "success_criteria", "milestones"))
    found = plan_of(account(owner_id=None), None, (), [], None, POLICY)
    assert (found.missing, found.not_known[-1]) == (("owners",), "sales_handoff")


def test_a_goal_without_a_date_is_no_success_criterion() -> None:
    assert (
        "success_criteria" in plan_of(account(), [milestone("g", "goal", "2026-05-01")], (), [], None, POLICY).missing
    )


@pytest.mark.parametrize(
    ("arr", "kind", "due"),
    [
        (150_000.0, "custom", date(2026, 7, 31)),  # 91 days after 1 May
        (30_000.0, "templated", date(2026, 10, 30)),  # 182 days
        (5_000.0, "automated", None),
        (None, None, None),
    ],
)
def test_the_segment_gives_the_kind_and_the_cadence_the_review(arr: float | None, kind: str, due: date | None) -> None:
    held = [touch("qbr", "2026-02-01"), touch("qbr", "2026-05-01")]
    found = reviewed(account(arr=arr), held)
    assert (found.kind, found.reviewed_on, found.review_due_on, found.overdue_days) == (kind, date(2026, 5, 1), due, 0)


def reviewed(one: Account, held: list[Any], listed: bool = False) -> SuccessPlan:
    review = {o.kind: o for o in owed(one, held, [], listed, AS_OF, POLICY)}.get("review")
    return plan_of(one, [], (), [row["occurred_at"].date() for row in held], review, POLICY)


def test_a_plan_on_the_list_of_reviews_is_reviewed_each_quarter() -> None:
    found = reviewed(account(arr=30_000.0), [touch("qbr", "2026-02-01")], listed=True)
    assert (found.review_due_on, found.overdue_days) == (date(2026, 5, 3), 29)


def test_without_a_review_the_start_counts_and_the_days_overdue_are_told() -> None:
    found = reviewed(account(started_on=date(2026, 3, 1)), [])
    assert (found.review_due_on, found.overdue_days) == (date(2026, 5, 31), 1)
