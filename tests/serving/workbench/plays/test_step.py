"""Steps and the tasks they become: keys that stay, times that are near, every play with owner, days and success."""

from __future__ import annotations

from datetime import timedelta

import pytest

from serving.tasks import COLUMNS
from serving.workbench.plays.account import Account, accounts_on
from serving.workbench.plays.step import Step, frame_of, owner_type, steps_text, tasks_of
from tests.serving.workbench.facts import AS_OF, POLICY, account, at, term

STEP = Step(
    "a", "renewal", "renewal", "stage_90", "2026-07-01", "Call", "Why", "csm", at("2026-06-03T17:00"), owner_id="csm-1"
)
DAYS = {
    "usage": [2, 5, 7], "onboarding": [2, 3, 10], "support": [1, 2, 7], "relationship": [2, 5, 9],
    "sentiment": [1, 2, 5], "payment": [1, 3, 7], "contract": [2, 7, 14], "people": [2, 5, 14],
    "expansion": [7, 14, 21], "default": [1, 2, 6], "win_back": [14, 60, 120],
}  # fmt: skip


def test_every_play_says_who_does_it_by_when_and_what_shows_that_it_worked() -> None:
    for name, play in POLICY.plays.items():
        told = steps_text(play).splitlines()
        days = DAYS[name]
        assert told == [
            f"{i}. {s} (within {d} {'day' if d == 1 else 'days'})"
            for i, (s, d) in enumerate(zip(play.steps, days, strict=True), 1)
        ]
        assert owner_type(play, POLICY) in POLICY.segments.owner_types
        assert play.success_metric
    assert set(DAYS) == set(POLICY.plays)


@pytest.mark.parametrize(
    ("days", "told"), [(-8, False), (-7, True), (0, True), (6, True), (7, False)]
)  # days from as_of to the due time, at 17:00
def test_a_step_becomes_a_task_in_the_week_before_or_after_it_is_due(days: int, told: bool) -> None:
    due = at("2026-06-01T17:00") + timedelta(days=days)
    step = Step(**{**STEP.__dict__, "due_at": due, "state": "overdue" if days < 0 else "open"})
    found = tasks_of([step], {"a": account()}, {"a"}, AS_OF, "run")
    assert len(found) == told
    if told:
        assert list(found) == COLUMNS
        assert found.loc[0, "due_at"].to_pydatetime() == max(due, at("2026-06-01"))
        assert found.loc[0, ["task_key", "owner_id"]].tolist() == ["a|renewal:stage_90|2026-07-01", "csm-1"]
        assert found.loc[0, "body"] == "For: csm\n\nWhy"


@pytest.mark.parametrize("more", [{"state": "done"}, {"state": "snoozed"}, {"delivered": False}])
def test_what_is_done_put_off_or_made_already_becomes_no_task(more: dict[str, object]) -> None:
    assert tasks_of([Step(**{**STEP.__dict__, **more})], {"a": account()}, {"a"}, AS_OF, "run").empty


def test_an_account_that_no_run_has_scored_is_listed_and_not_delivered() -> None:
    assert tasks_of([STEP], {"a": account()}, set(), AS_OF, "run").empty
    assert frame_of([STEP])["task_key"].tolist() == [STEP.key]


def test_a_red_accounts_task_comes_first_and_an_unowned_one_is_kept() -> None:
    unowned = Step(**{**STEP.__dict__, "owner_id": None})
    red = tasks_of([unowned], {"a": account(tier="red", owner_id=None)}, {"a"}, AS_OF, "run")
    assert red.loc[0, "priority"] == "high"
    assert red.loc[0, "owner_id"] is None


def test_accounts_are_those_with_a_term_in_force_scored_or_not_and_merged_ones_are_gone() -> None:
    about = [{"account_id": n, "name": n.upper(), "owner_id": None, "timezone": None, "merged_into": m} for n, m in
             (("a", None), ("b", None), ("m", "a"))]  # fmt: skip
    terms = {n: [term("2026-05-01", "2027-05-01", 12_000.0)] for n in "abm"} | {"x": [term("2020-01-01", "2021-01-01")]}
    scores = [{"account_id": "a", "arr": 9_000.0, "health_tier": "red", "risk_tier": None}]
    found = accounts_on(about, terms, scores, AS_OF, POLICY)
    assert list(found) == ["a", "b"]
    assert (found["a"].arr, found["a"].touch, found["a"].tier, found["a"].days(AS_OF)) == (9_000.0, "tech", "red", 31)
    assert (found["b"].arr, found["b"].touch, found["b"].tier) == (12_000.0, "mid", None)
    assert Account("x").touch is None
