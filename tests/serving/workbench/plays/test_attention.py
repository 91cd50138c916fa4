"""A step that was put off, whatever its playbook, and one that was due before anybody looked (I7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from serving.episodes import Level
from serving.workbench.plays.attention import attended
from serving.workbench.plays.said import Said
from serving.workbench.plays.step import Step
from tests.serving.workbench.facts import AS_OF, POLICY, at

STEP = Step(
    "a", "renewal", "renewal", "stage_90", "2026-07-01", "Call", "Why", "csm", at("2026-05-20T17:00"), "overdue",
    level="manager",
)  # fmt: skip
RUN = date(2026, 5, 4)
PUT_OFF = Said("snoozed", "waits for the budget", at("2026-05-21T09:00"), date(2026, 6, 20))


def seen(
    step: Step = STEP, said: Said | None = None, levels: dict[date, Level] | None = None, first: date = RUN
) -> Step:
    words = {} if said is None else {step.key: said}
    return attended(step, words, levels or {}, first, AS_OF, POLICY.tasks)


@pytest.mark.parametrize("kind", ["renewal", "onboarding", "expansion", "win_back"])
def test_a_step_of_any_playbook_may_be_put_off(kind: str) -> None:
    found = seen(replace(STEP, kind=kind), PUT_OFF)
    assert (found.state, found.level, found.snoozed_until) == ("snoozed", None, date(2026, 6, 20))
    assert found.snoozed_why == "waits for the budget"


def test_a_snooze_that_does_not_stand_says_why_beside_what_is_noted_already() -> None:
    found = seen(replace(STEP, note="uncoded reason"), PUT_OFF._replace(expires_on=AS_OF))
    assert (found.state, found.note) == ("overdue", "uncoded reason; its snooze ended on 2026-06-01")
    assert "needs a reason" in str(seen(said=PUT_OFF._replace(reason=None)).note)
    worse = {RUN: Level(0, False), AS_OF: Level(2, False)}
    assert "got worse" in str(seen(said=PUT_OFF, levels=worse).note)


@pytest.mark.parametrize(("days", "state"), [(0, "overdue"), (1, "missed")])
def test_what_was_due_before_the_first_run_is_passed_on_to_nobody(days: int, state: str) -> None:
    found = seen(first=STEP.due_at.date() + timedelta(days=days))
    assert found.state == state
    assert (found.level, found.note) == (("manager", None) if days == 0 else (None, "not done before the first run"))


def test_what_is_done_or_still_open_is_neither() -> None:
    for state in ("done", "open"):
        assert seen(replace(STEP, state=state), first=date(2026, 6, 1)).state == state
