"""What people recorded of tasks: the last word counts; a snooze needs a reason and an end and hides nothing that got worse."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from serving.episodes import Level
from serving.workbench.plays.reentry import rests_until, round_of
from serving.workbench.plays.said import Said, last_words, snooze
from tests.serving.workbench.facts import POLICY, at

TASKS = POLICY.tasks
YELLOW, RED, RISKY = Level(1, False), Level(2, False), Level(1, True)
PUT_OFF = Said("snoozed", "waits for the new budget", at("2026-05-04T09:00"), date(2026, 6, 20))


def row(value: str, on: int, **more: Any) -> dict[str, Any]:
    told = {"kind": "task_outcome", "task_key": "k", "value": value, "reason": None, "expires_on": None}
    return told | {"feedback_id": f"f{on}", "recorded_at": at(f"2026-05-{on:02d}")} | more


def test_the_last_word_on_a_task_counts_and_other_kinds_say_nothing_of_it() -> None:
    found = last_words([row("Saved", 4), row("In Progress", 2), row("wrong", 5, kind="driver_mark")])
    assert found == {"k": Said("saved", None, at("2026-05-04"))}
    assert found["k"].over


@pytest.mark.parametrize(
    ("text", "why", "until"),
    [
        ("Snoozed until 2026-06-20: waits for the budget", "waits for the budget", date(2026, 6, 20)),
        ("snoozed 2026-06-20 waits", "waits", date(2026, 6, 20)),
        ("snoozed: no date", "no date", None),
        ("snoozed until 2026-06-31: no such day", "no such day", None),
        ("snoozed", None, None),
    ],
)
def test_a_snooze_may_be_written_as_one_text(text: str, why: str | None, until: date | None) -> None:
    said = last_words([row(text, 4)])["k"]
    assert (said.value, said.reason, said.expires_on) == ("snoozed", why, until)


@pytest.mark.parametrize(("value", "over"), [("in progress", False), ("snoozed", False), ("no_answer", True)])
def test_a_task_under_way_or_put_off_is_not_over(value: str, over: bool) -> None:
    assert last_words([row(value, 4)])["k"].over == over


@pytest.mark.parametrize(("as_of", "stands"), [(date(2026, 5, 5), True), (date(2026, 6, 2), True)])
def test_a_snooze_hides_the_task_until_its_end(as_of: date, stands: bool) -> None:
    found = snooze(PUT_OFF, YELLOW, YELLOW, as_of, TASKS)
    assert found is not None
    assert (found.stands, found.why) == (stands, "waits for the new budget")


def test_no_snooze_lasts_longer_than_thirty_days() -> None:
    # Put off on 4 May until 20 June: it ends on 3 June all the same.
    stands, over = (snooze(PUT_OFF, YELLOW, YELLOW, date(2026, 6, day), TASKS) for day in (2, 3))
    assert stands is not None
    assert stands.stands
    assert over is not None
    assert over.refused == "its snooze ended on 2026-06-03, 30 days are the most"


def test_a_snooze_that_is_over_says_when_it_ended() -> None:
    found = snooze(PUT_OFF._replace(expires_on=date(2026, 5, 20)), YELLOW, YELLOW, date(2026, 5, 20), TASKS)
    assert found is not None
    assert found.refused == "its snooze ended on 2026-05-20"


@pytest.mark.parametrize("lack", [{"reason": " "}, {"reason": None}, {"expires_on": None}])
def test_a_snooze_without_a_reason_or_an_end_does_not_count_and_says_why(lack: dict[str, Any]) -> None:
    found = snooze(PUT_OFF._replace(**lack), YELLOW, YELLOW, date(2026, 5, 5), TASKS)
    assert found is not None
    assert not found.stands
    assert "a snooze needs" in str(found.refused)


@pytest.mark.parametrize("now", [RED, RISKY])
def test_an_account_that_got_worse_is_not_hidden(now: Level) -> None:
    found = snooze(PUT_OFF, YELLOW, now, date(2026, 5, 5), TASKS)
    assert found is not None
    assert not found.stands


def test_a_red_account_that_stayed_red_may_be_put_off() -> None:
    found = snooze(PUT_OFF, RED, RED, date(2026, 5, 5), TASKS)
    assert found is not None
    assert found.stands


@pytest.mark.parametrize(
    ("began", "ended", "number", "note"),
    [
        (["2026-06-01"], [], 1, None),
        (["2026-02-02", "2026-06-01"], ["2026-03-02"], 2, None),
        (["2026-04-06", "2026-06-01"], ["2026-05-04"], 2, None),  # 28 days after the end
        (["2026-04-06", "2026-06-01"], ["2026-05-05"], 2, "a relapse: the last round ended on 2026-05-05"),
        (["2026-03-02", "2026-04-06", "2026-06-01"], [], 1, None),  # one episode: asked for again, it is one round
        (
            ["2026-04-06", "2026-05-11", "2026-06-01"],
            ["2026-05-04"],
            2,
            "a relapse: the last round ended on 2026-05-04",
        ),
        (["2025-12-01", "2026-03-02", "2026-06-01"], ["2026-01-05", "2026-04-06"], 2, None),  # the first 182 days back
        (
            ["2025-12-02", "2026-03-02", "2026-06-01"],
            ["2026-01-05", "2026-04-06"],
            3,
            "round 3 within 182 days: another play, or another person",
        ),
    ],
)
def test_a_relapse_and_a_third_round_in_half_a_year_are_looked_at_by_a_manager(
    began: list[str], ended: list[str], number: int, note: str | None
) -> None:
    found = round_of([date.fromisoformat(d) for d in began], [date.fromisoformat(d) for d in ended], TASKS)
    assert (found.number, found.note, found.to_manager) == (number, note, note is not None)


def test_a_closed_talk_rests_for_28_days() -> None:
    assert rests_until(date(2026, 5, 4), TASKS) == date(2026, 6, 1)
    assert rests_until(None, TASKS) is None
