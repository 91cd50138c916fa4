"""Closing a play: a cause from the closed list and whether the account can be saved, or an error with the cure (I3–I5)."""

from __future__ import annotations

import pytest

from policy.errors import UsageError
from serving.workbench.plays.closing import Closing, action_text, close, recorded
from serving.workbench.plays.said import Said
from tests.serving.workbench.facts import POLICY, at

TASKS = POLICY.tasks
DAY = at("2026-05-04")


@pytest.mark.parametrize(
    ("cause", "action"),
    [
        ("product_fit", "engineering escalation"),
        ("adoption", "training"),
        ("competition", "executive escalation"),
        ("budget", "pricing approval"),
    ],
)
def test_each_cause_of_the_closed_list_has_its_action(cause: str, action: str) -> None:
    assert close(cause, "unknown", TASKS) == Closing(cause, "unknown", action)
    assert action_text(cause, TASKS).endswith(f"Action: {action}.")


@pytest.mark.parametrize(
    ("cause", "answer", "where", "cure"),
    [
        (None, "yes", "root_cause", "product_fit, adoption, competition, budget"),
        ("budget", None, "outcome", "yes, no, unknown"),
        ("weather", "yes", "root_cause", "Known: adoption, budget, competition, product_fit."),
        ("budget", "perhaps", "outcome", "Known: no, unknown, yes."),
    ],
)
def test_without_both_a_play_is_not_closed_and_the_error_says_what_to_write(
    cause: str | None, answer: str | None, where: str, cure: str
) -> None:
    with pytest.raises(UsageError) as caught:
        close(cause, answer, TASKS)
    assert caught.value.where == where
    assert cure in caught.value.cure


def test_the_task_diagnose_holds_the_answer_and_any_task_the_cause() -> None:
    diagnose = Said("yes", None, DAY)
    assert recorded(diagnose, [Said("done", "Product fit", DAY)], TASKS) == ("product_fit", "yes")
    assert recorded(Said("no", "budget", DAY), [], TASKS) == ("budget", "no")
    assert recorded(Said("in progress", "budget", DAY), [], TASKS) == ("budget", None)
    assert recorded(None, [], TASKS) == (None, None)


def test_while_the_cause_is_unknown_the_plan_names_the_action_of_each() -> None:
    assert action_text(None, TASKS).count("\n") == 3
