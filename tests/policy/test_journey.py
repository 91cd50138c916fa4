"""The first days of an account (O1–O7)."""

from __future__ import annotations

import pytest

from policy.journey import completeness, is_active, journey_status, mails_due
from policy.policy import load_policy

POLICY = load_policy()
ONBOARDING = POLICY.onboarding
NAN = float("nan")


def test_tasks_are_due_when_the_texts_say() -> None:
    due: dict[int, int] = {}
    for task in ONBOARDING.tasks:
        due[task.due_day] = due.get(task.due_day, 0) + 1
    assert due == {1: 3, 7: 3, 28: 3, 30: 3, 60: 3, 90: 3}


def test_mails_go_to_all_and_check_ins_not_to_tech_touch() -> None:
    assert mails_due("high", ONBOARDING) == {"mail": (1, 3, 7, 14, 30), "check_in": (7, 30)}
    assert mails_due("tech", ONBOARDING) == {"mail": (1, 3, 7, 14, 30), "check_in": ()}


@pytest.mark.parametrize(
    ("days", "active"),
    [([1, 2, 3, 4, 30], True), ([1, 2, 3, 4, 31], False), ([1, 2, 3, 4], False), ([1, 2, 3, 4, 5, 60], True)],
)
def test_five_key_actions_by_day_thirty_inclusive_make_an_account_active(days: list[int], active: bool) -> None:
    use = POLICY.indicators
    found = is_active(days, key_actions=use.activation_key_actions, by_day=use.activation_by_day)
    assert found == active


def test_the_activation_rate_is_judged_by_the_plan() -> None:
    rates = ONBOARDING.activation
    assert (rates.from_rate, rates.plan_rate, rates.outcome_rate, rates.target) == (0.60, 0.70, 0.75, 0.70)
    assert rates.model_copy(update={"judged_by": "outcome"}).target == 0.75


@pytest.mark.parametrize(
    ("tenure", "missed", "oldest", "status"),
    [
        (10, 0, None, "on track"),
        (10, 0, NAN, "on track"),
        (10, 1, 1, "behind"),
        (10, 2, 20, "behind"),
        (10, 1, 21, "stuck"),
        (10, 3, 1, "stuck"),
        (89, 3, 1, "stuck"),
        (90, 3, 60, None),
        (10, None, None, None),
        (10, NAN, NAN, None),
    ],
)
def test_an_onboarding_account_is_on_track_behind_or_stuck(
    tenure: int, missed: float | None, oldest: float | None, status: str | None
) -> None:
    assert journey_status(tenure, missed, oldest, ONBOARDING) == status


def test_completeness_is_the_share_of_five_parts() -> None:
    assert ONBOARDING.completeness == ("goals", "success_criteria", "checklist", "owner", "sales_handoff")
    assert completeness({"goals", "owner", "something else"}, ONBOARDING) == 0.4
    assert completeness(set(ONBOARDING.completeness), ONBOARDING) == 1
    assert completeness(set(), ONBOARDING) == 0
