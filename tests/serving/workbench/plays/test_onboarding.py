"""The first days of an account: which task, mail and check-in is due when, by touch model (O1, O2)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from serving.due import WEEKDAYS
from serving.workbench.plays.onboarding import FirstDays, first_days, names_task, onboarding_steps
from serving.workbench.plays.step import Step
from tests.serving.workbench.facts import POLICY, account, milestone, touch, with_rules

START = date(2026, 6, 1)
NOTHING = FirstDays()
TECH, MID = 5_000.0, 20_000.0


def steps(day: int, arr: float | None = MID, seen: FirstDays = NOTHING, over: Any = ()) -> dict[str, Step]:
    found = onboarding_steps(account(started_on=START, arr=arr), seen, over, START + timedelta(days=day), POLICY)
    return {step.step: step for step in found}


def test_each_task_is_due_on_its_day_after_the_start() -> None:
    daily = POLICY.tasks.business_hours.model_copy(update={"weekdays": WEEKDAYS})
    always = with_rules(tasks={"business_hours": daily})
    found = onboarding_steps(account(started_on=START), NOTHING, (), START, always)
    assert {s.step: (s.due_at.date() - START).days for s in found if not s.step.endswith(tuple("0123456789"))} == {
        "welcome_mail": 1,
        "getting_started_guide": 1,
        "schedule_the_kickoff": 1,
        "kickoff_goals_timeline_success_criteria": 7,
        "product_setup": 7,
        "agree_the_activation_milestones": 7,
        "training": 28,
        "check_in_on_progress": 28,
        "clear_blockers": 28,
        "first_value_reached": 30,
        "usage_review": 30,
        "show_advanced_features": 30,
        "mid_onboarding_check_in": 60,
        "expand_use_cases": 60,
        "find_further_stakeholders": 60,
        "completion_review": 90,
        "hand_over_to_the_success_plan": 90,
        "find_opportunities_to_expand": 90,
    }


def test_a_task_of_a_sunday_is_due_on_monday() -> None:
    assert steps(0)["completion_review"].due_at.date() == START + timedelta(days=91)


def test_tech_touch_gets_the_mails_alone_and_the_others_check_ins_too() -> None:
    assert list(steps(0, TECH)) == ["mail_1", "mail_3", "mail_7", "mail_14", "mail_30"]
    assert {s for s in steps(0) if s.startswith(("mail_", "check_in_"))} == {
        "mail_1", "mail_3", "mail_7", "mail_14", "mail_30", "check_in_7", "check_in_30", "check_in_on_progress",
    }  # fmt: skip


def test_what_was_left_undone_stands_for_thirty_days_more() -> None:
    seen = FirstDays(reached={"completion review", "usage review"})
    assert steps(89, seen=seen)["completion_review"].state == "done"
    late = steps(95, seen=seen)
    assert {"completion_review", "usage_review"} & set(late) == set()
    assert {late[s].state for s in ("hand_over_to_the_success_plan", "product_setup")} == {"overdue"}
    assert steps(119, seen=seen)
    assert steps(120, seen=seen) == {}
    assert onboarding_steps(account(started_on=None), FirstDays(), [], START, POLICY) == []


@pytest.mark.parametrize("name", ["Product setup", "product_setup", " PRODUCT-SETUP "])
def test_a_milestone_is_its_task_however_its_name_is_written(name: str) -> None:
    assert names_task(name, "product setup")
    assert not names_task(name, "product training")


@pytest.mark.parametrize(
    ("seen", "step"),
    [
        (FirstDays(reached={"kickoff"}), "kickoff_goals_timeline_success_criteria"),
        (FirstDays(reached={"product setup"}), "product_setup"),
        (FirstDays(first_value=True), "first_value_reached"),
        (FirstDays(trained=True), "training"),
        (FirstDays(mails=(START,)), "welcome_mail"),
        (FirstDays(mails=(START, START)), "mail_3"),
        (FirstDays(calls=(START,)), "check_in_7"),
    ],
)
def test_a_step_is_done_once_the_record_shows_it(seen: FirstDays, step: str) -> None:
    assert steps(40)[step].state == "overdue"
    assert steps(40, seen=seen)[step].state == "done"


def test_a_task_that_somebody_closed_is_done() -> None:
    key = steps(40)["usage_review"].key
    assert key == "a|onboarding:usage_review|2026-06-01"
    assert steps(40, over={key})["usage_review"].state == "done"


def test_the_record_is_read_from_milestones_and_contacts_since_the_start() -> None:
    found = first_days(
        [milestone("Kick_off", "task", "2026-06-03"), milestone("first_value", "first_value"), milestone("x", "goal")],
        [
            touch("email", "2026-05-30"),
            touch("email", "2026-06-02"),
            touch("email", "2026-06-03", direction="theirs"),
            touch("meeting", "2026-06-04", attended=False),
            touch("call", "2026-06-05"),
            touch("training", "2026-06-06", direction="theirs", attended=True),
        ],
        START,
    )
    assert found == FirstDays(frozenset({"kick off"}), False, (date(2026, 6, 2),), (date(2026, 6, 5),), True)


def test_each_step_says_who_does_it() -> None:
    found = steps(0)
    assert [found[s].owner_type for s in ("welcome_mail", "training", "find_further_stakeholders", "mail_1", "check_in_7")] == [
        "onboarding_specialist", "customer_education", "csm", "cs_operations", "csm",
    ]  # fmt: skip
