"""The onboarding board: day, status, activation, first value, completeness, next step (O3–O7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from serving.workbench.journey.board import Onboarding, board_row
from serving.workbench.plays.step import Step
from tests.serving.workbench.facts import AS_OF, POLICY, account, at, milestone, with_rules

Rows = Sequence[dict[str, Any]] | None
ACTIONS = ("a", "b", "c", "d", "e")


def line(day: int, rows: Rows, steps: tuple[Step, ...] = (), planned: Rows = (), **more: Any) -> Onboarding | None:
    young = account(started_on=AS_OF - timedelta(days=day), **more)
    return board_row(young, rows, planned, steps, AS_OF - timedelta(days=day + 10), AS_OF, POLICY)


def shown(day: int, rows: Rows, **more: Any) -> Onboarding:
    found = line(day, rows, **more)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("due", "status"),
    [
        (["2026-06-02"], "on track"),
        (["2026-05-31"], "behind"),
        (["2026-05-11"], "stuck"),  # 21 days past due
        (["2026-05-12"], "behind"),
        (["2026-05-31", "2026-05-31"], "behind"),
        (["2026-05-31", "2026-05-30", "2026-05-29"], "stuck"),
    ],
)
def test_an_account_is_on_track_behind_or_stuck_by_the_steps_it_missed(due: list[str], status: str) -> None:
    found = shown(40, [milestone(f"step_{i}", "task", due=d) for i, d in enumerate(due)])
    assert found.status == status
    assert len(found.missed) == sum(d < "2026-06-01" for d in due)


def test_a_step_that_was_reached_late_is_not_missed_and_the_oldest_comes_first() -> None:
    rows = [
        milestone("reached", "task", "2026-05-30", "2026-05-01"),
        milestone("second", "task", due="2026-05-28"),
        milestone("first_one", "task", due="2026-05-25"),
    ]
    found = shown(40, rows)
    assert (found.missed, found.oldest_missed_days) == (("first one", "second"), 7)


@pytest.mark.parametrize(
    ("day", "last", "activated"),
    [(40, 30, True), (40, 31, False), (30, None, None), (31, None, False), (20, 12, True)],
)
def test_five_key_actions_by_day_thirty_make_an_account_active_and_before_it_nothing_is_decided(
    day: int, last: int | None, activated: bool | None
) -> None:
    start = AS_OF - timedelta(days=day)
    days = [1, 2, 3, 4] + ([] if last is None else [last])
    rows = [
        milestone(name, "key_action", (start + timedelta(days=d)).isoformat())
        for name, d in zip(ACTIONS, days, strict=False)
    ]
    found = shown(day, rows)
    assert found.activated == activated
    assert found.key_actions == sum(d <= 30 for d in days)


def test_time_to_value_counts_from_the_start_or_from_sign_up() -> None:
    rows = [milestone("first_value", "first_value", (AS_OF - timedelta(days=15)).isoformat())]
    assert (shown(40, rows).days_to_value, shown(40, []).days_to_value) == (25, None)
    signup = with_rules(onboarding={"value_from": "signup"})
    young = account(started_on=AS_OF - timedelta(days=40))
    found = board_row(young, rows, (), (), AS_OF - timedelta(days=50), AS_OF, signup)
    assert found is not None
    assert found.days_to_value == 35


def test_completeness_is_the_share_of_five_parts_and_the_rest_is_named() -> None:
    found = shown(40, [milestone("go_live", "goal", "2026-05-20"), milestone("sales_handoff", "handoff", "2026-05-02")])
    assert (found.completeness, found.lacking) == (0.6, ("success_criteria", "checklist"))


def test_a_goal_for_later_counts_where_it_is_known_and_is_never_said_to_be_missing_where_it_is_not() -> None:
    done = [milestone("sales_handoff", "handoff", "2026-05-02"), milestone("kickoff", "task", "2026-05-02")]
    ahead = [milestone("go_live", "goal", due="2026-07-01")]
    found = shown(40, done, planned=ahead)
    assert (found.completeness, found.lacking, found.not_known) == (1.0, (), ())
    found = shown(40, done, planned=[])
    assert (found.completeness, found.lacking, found.not_known) == (0.6, ("goals", "success_criteria"), ())
    found = shown(40, done, planned=None)
    assert (found.completeness, found.lacking, found.not_known) == (None, (), ("goals", "success_criteria"))
    found = shown(40, done[1:], planned=None, owner_id=None)
    assert found.lacking == ("owner", "sales_handoff")


def test_where_milestones_say_nothing_of_an_account_nothing_of_it_is_missing_but_its_owner() -> None:
    found = shown(40, None, owner_id=None)
    assert (found.completeness, found.lacking) == (None, ("owner",))
    assert found.not_known == ("goals", "success_criteria", "checklist", "sales_handoff")


def test_the_next_step_is_the_earliest_that_is_not_done_and_an_overdue_one_is_marked() -> None:
    late = Step("a", "onboarding", "onboarding", "x", "p", "Late", "", "csm", at("2026-05-01"), "overdue")
    later = replace(late, subject="Later", due_at=at("2026-06-09"), state="open")
    soon = replace(late, subject="Soon", due_at=at("2026-06-03"), state="open")
    found = line(40, [], (later, late, soon))
    assert found is not None
    assert (found.next_step, found.next_on, found.next_overdue) == ("Late", date(2026, 5, 1), True)
    ahead = line(40, [], (later, replace(late, state="done"), soon))
    assert ahead is not None
    assert (ahead.next_step, ahead.next_on, ahead.next_overdue) == ("Soon", date(2026, 6, 3), False)


def test_without_milestones_nothing_is_known_of_status_and_activation() -> None:
    found = shown(40, None)
    assert (found.status, found.activated, found.first_value_on) == (None, None, None)


def test_after_ninety_days_an_account_leaves_the_board() -> None:
    assert line(89, []) is not None
    assert line(90, []) is None
