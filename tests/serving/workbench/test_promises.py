"""What stands of the tasks of earlier runs, and whom people said to leave alone: one account, a run a week."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from serving.episodes import Level
from serving.workbench.plays.said import Said
from serving.workbench.promises import Aside, Promise, promises
from tests.serving.workbench.facts import POLICY

DAY = date(2026, 6, 1)
RED, YELLOW, CALM = Level(2, False), Level(1, False), Level(0, False)
RESCUE, SETTLE = "adoption rescue", "settle the account"


def back(weeks: int) -> date:
    return DAY - timedelta(weeks=weeks)


def moment(day: date) -> datetime:
    return datetime.fromisoformat(day.isoformat())


def asked(play: str, weeks: int, *steps: str) -> list[dict[str, Any]]:
    on = back(weeks)
    due = moment(on) + timedelta(days=1, hours=15)
    return [
        {"account_id": "a", "play": play, "step": s, "task_key": f"a|{play}:{s}|{on}", "due_at": due, "on": on}
        for s in steps or ("assess", "reach_out")
    ]


def said(value: str, why: str | None = None, until: date | None = None) -> Said:
    return Said(value, why, moment(date(2026, 5, 27)), until)


def found(
    tasks: list[dict[str, Any]], words: dict[str, Said] | None = None, *levels: Level
) -> tuple[list[Promise], Aside | None]:
    """`levels` of the runs up to now, the newest last; red all along where none are given."""
    given = levels or (RED,) * 8
    known = {back(n): level for n, level in enumerate(reversed(given))}
    made, aside = promises(tasks, {"a": known}, words or {}, DAY, POLICY)
    return made, aside.get("a")


def test_a_promise_stands_for_weeks_until_it_is_over_or_its_episode_has_ended() -> None:
    tasks = asked(RESCUE, 3)
    (made,), aside = found(tasks)
    assert (made.hours, made.role, made.due_at, aside) == (3.0, "csm", moment(back(3)) + timedelta(hours=39), None)
    assert len(found(tasks, None, RED, RED, CALM, YELLOW)[0]) == 1
    assert found(tasks, None, RED, CALM, CALM, YELLOW) == ([], None)
    assert found(tasks, {t["task_key"]: said("done") for t in tasks})[0] == []


def test_every_play_of_an_account_counts_with_its_own_hours_and_role() -> None:
    made, _ = found([*asked(RESCUE, 1), *asked(SETTLE, 0)])
    assert [(p.play, p.hours, p.role) for p in made] == [(RESCUE, 3.0, "csm"), (SETTLE, 1.0, "cs_operations")]


def test_a_snooze_that_counts_leaves_the_account_alone_and_one_that_does_not_is_a_promise_again() -> None:
    tasks = asked(RESCUE, 1)
    off = {t["task_key"]: said("snoozed", "waits for the budget", date(2026, 6, 20)) for t in tasks}
    assert found(tasks, off) == ([], Aside("snoozed", date(2026, 6, 20), "waits for the budget"))
    ended = {key: word._replace(expires_on=DAY) for key, word in off.items()}
    refused = {key: word._replace(reason=None) for key, word in off.items()}
    worse = found(tasks, off, YELLOW, YELLOW, RED)
    for made, aside in (found(tasks, ended), found(tasks, refused), worse):
        assert (len(made), aside) == (1, None)
    # One of two steps put off leaves the other promised.
    one = dict([next(iter(off.items()))])
    assert len(found(tasks, one)[0]) == 1


def test_who_was_worked_on_is_settled_for_the_episode_unless_it_got_worse() -> None:
    tasks = asked(RESCUE, 1)
    done = {t["task_key"]: said("done") for t in tasks}
    assert found(tasks, done) == ([], Aside("settled", None, "its tasks were done by 2026-05-27"))
    assert found(tasks, done, YELLOW, YELLOW, RED) == ([], None)


def test_who_cannot_be_saved_by_its_diagnosis_is_settled_though_it_got_worse() -> None:
    tasks = asked(RESCUE, 1)
    words = {t["task_key"]: said("done") for t in tasks} | {f"a|{RESCUE}:diagnose|{back(1)}": said("no", "budget")}
    assert found(tasks, words, YELLOW, YELLOW, RED) == (
        [],
        Aside("settled", None, "its diagnosis says that it cannot be saved"),
    )


def test_an_account_that_is_not_scored_any_more_is_promised_nothing() -> None:
    assert promises(asked(RESCUE, 1), {"a": {back(1): RED}}, {}, DAY, POLICY) == ([], {})
