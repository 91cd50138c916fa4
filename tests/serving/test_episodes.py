"""Episodes of risk on weekly timelines: which plays stand, and when one is asked for again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import pytest

from serving.episodes import UNDER_WAY, Asked, Level, Published, level, standing

START, PLAY = date(2026, 1, 5), "adoption rescue"
# g calm, y yellow, r red, h green but of high risk, u unrated; a point is a week without a run.
TIERS = {
    "g": ("green", "low"),
    "y": ("yellow", "low"),
    "r": ("red", "low"),
    "h": ("green", "high"),
    "u": ("unrated", None),
}


def week(number: int) -> date:
    return START + timedelta(weeks=number)


def timeline(weeks: str) -> Mapping[date, Level]:
    return {week(i): level(*TIERS[letter]) for i, letter in enumerate(weeks) if letter != "."}


def task(at: int, play: str = PLAY, step: str = "assess") -> Published:
    return Published("a", week(at), play, f"a|{play}:{step}|{at}")


def asked(weeks: str, *tasks: Published, over: tuple[Published, ...] = ()) -> Asked | None:
    found = standing({"a": timeline(weeks)}, tasks, {one.task_key for one in over}, runs=2)
    return found.get(("a", PLAY))


@pytest.mark.parametrize(
    "weeks", ["gyyyyyyyy", "gyryryry", "gygyy", "gyhhh", "gy.......", "gygygygy", "gy...g", "gyuyu"]
)
def test_a_play_stands_as_long_as_its_episode_goes_on(weeks: str) -> None:
    found = asked(weeks, task(1))
    assert found == Asked(open=True, level=Level(1, risk=False))
    assert not found.again(level("red", "high")), "an open one is not asked for again, however bad it gets"


@pytest.mark.parametrize("weeks", ["gygg", "gyyygg", "gyggyyyy", "gyguyy", "gy.g.g", "gyggggggy"])
def test_two_runs_without_risk_end_it(weeks: str) -> None:
    assert asked(weeks, task(1)) is None


def test_only_what_was_asked_since_the_episode_began_stands() -> None:
    found = asked("gyyggyy", task(1), task(5))
    assert found is not None
    assert found.level == Level(1, risk=False)
    assert asked("gyyggyy", task(1)) is None
    assert asked("gyyggyr", task(6), over=(task(6),)) == Asked(open=False, level=Level(2, risk=False))


def test_a_play_is_done_with_when_each_of_its_tasks_is() -> None:
    both = (task(1), task(1, step="reach_out"))
    for one in both:
        assert asked("gyy", *both, over=(one,)) == Asked(open=True, level=Level(1, risk=False))
    assert asked("gyy", *both, over=both) == Asked(open=False, level=Level(1, risk=False))


@pytest.mark.parametrize(
    ("then", "now", "again"),
    [("y", "r", True), ("y", "y", False), ("r", "y", False), ("y", "h", True), ("h", "h", False), ("h", "y", True)],
)
def test_after_it_is_done_with_only_worse_than_at_its_worst_asks_again(then: str, now: str, again: bool) -> None:
    found = asked(f"g{then}", task(1), over=(task(1),))
    assert found is not None
    assert found.again(level(*TIERS[now])) is again
    twice = asked(f"gry{then}", task(1), task(3), over=(task(1), task(3)))
    assert twice is not None
    assert not twice.again(level("red", "low"))


def test_plays_and_accounts_do_not_answer_for_each_other() -> None:
    assert asked("gyy", task(1, play="executive call")) is None
    found = standing({"a": timeline("gyy"), "b": timeline("gygg")}, [task(1)], (), runs=2)
    assert set(found) == {("a", PLAY)}
    assert standing({}, [task(1)], (), runs=2) == {}


def test_words_of_work_under_way_are_in_small_letters() -> None:
    assert {word.lower() for word in UNDER_WAY} == UNDER_WAY
