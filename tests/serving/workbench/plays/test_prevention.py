"""The churn-prevention play: assess, reach out, diagnose, plan, weekly check-ins until the account is well (I1–I6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from policy.policy import Policy
from serving.episodes import Level
from serving.workbench.plays.message import Draft, reach_out_text
from serving.workbench.plays.prevention import Begun, ended_on, goes_on, prevention, rounds
from serving.workbench.plays.said import Said
from serving.workbench.plays.step import Step
from tests.serving.workbench.facts import POLICY, account, at

# A Monday, published at ten in the morning; working hours end at five.
ON, PUBLISHED = date(2026, 6, 1), at("2026-06-01T10:00")
PLAY, WEEK = "adoption rescue", "2026-W23"
SAYS = reach_out_text(Draft("We noticed …"), ["Daily logins fell."], "1. Call")
CALM, YELLOW, RED = Level(0, False), Level(1, False), Level(2, False)


def task(step: str, on: date = ON, due: datetime = PUBLISHED, period: str = WEEK) -> dict[str, Any]:
    return {
        "account_id": "a",
        "play": PLAY,
        "step": step,
        "task_key": f"a|{PLAY}:{step}|{period}",
        "body": SAYS,
        "due_at": due,
        "on": on,
    }


BEGUN = Begun(
    "a",
    PLAY,
    ON,
    PUBLISHED,
    {"assess": at("2026-06-02T10:00"), "reach_out": at("2026-06-03T10:00")},
    {step: f"a|{PLAY}:{step}|{WEEK}" for step in ("assess", "reach_out")},
    SAYS,
    (ON,),
)


def steps(
    as_of: date,
    words: dict[str, Said] | None = None,
    *,
    levels: dict[date, Level] | None = None,
    scores: dict[date, float | None] | None = None,
    contacts: Sequence[date] = (),
    touch: float = 60_000.0,
    begun: Begun = BEGUN,
    policy: Policy = POLICY,
) -> dict[str, Step]:
    said = {f"a|{PLAY}:{step}|{WEEK}": word for step, word in (words or {}).items()}
    given = prevention(
        begun,
        account(arr=touch),
        levels or {ON: YELLOW},
        scores or {ON: 60.0},
        said,
        contacts,
        as_of,
        policy,
    )
    return {step.step: step for step in given}


def done(value: str = "done", reason: str | None = None) -> Said:
    return Said(value, reason, at("2026-06-02T12:00"))


def test_each_stage_is_due_by_its_hours_of_working_days() -> None:
    # From Monday 10:00: 24 h, 48 h, five working days (120 h) and six (144 h), each day of 24 hours.
    assert {name: step.due_at for name, step in steps(ON).items()} == {
        "assess": at("2026-06-02T10:00"),
        "reach_out": at("2026-06-03T10:00"),
        "diagnose": at("2026-06-08T10:00"),
        "plan": at("2026-06-09T10:00"),
        "check_in_1": at("2026-06-16T10:00"),
    }


def test_check_ins_come_every_week_after_the_plan_and_each_missed_one_stays_overdue() -> None:
    found = steps(date(2026, 7, 1))
    assert [(n, s.state, s.due_at.date()) for n, s in found.items() if n.startswith("check_in")] == [
        ("check_in_1", "overdue", date(2026, 6, 16)),
        ("check_in_2", "overdue", date(2026, 6, 23)),
        ("check_in_3", "overdue", date(2026, 6, 30)),
        ("check_in_4", "open", date(2026, 7, 7)),
    ]


def test_a_call_in_the_week_before_it_is_the_check_in() -> None:
    found = steps(date(2026, 7, 1), contacts=[date(2026, 6, 17), date(2026, 6, 23)])
    assert {n: s.state for n, s in found.items() if n.startswith("check_in")} == {
        "check_in_1": "overdue",
        "check_in_2": "done",
        "check_in_3": "overdue",
        "check_in_4": "open",
    }


def test_check_ins_end_with_the_recovery_and_the_play_closes_once_its_cause_is_known() -> None:
    well = {ON: 60.0, date(2026, 6, 8): 80.0, date(2026, 6, 15): 80.0}
    waiting = steps(date(2026, 6, 15), scores=well)
    assert "check_in_1" not in waiting
    assert waiting["diagnose"].state == "overdue"
    closed = steps(date(2026, 6, 15), {"diagnose": done("yes", "adoption")}, scores=well)
    assert {s.state for s in closed.values()} == {"done"}


def test_a_play_for_the_risk_alone_ends_once_that_is_no_longer_high_for_two_runs() -> None:
    risky, calm = Level(0, True), Level(0, False)
    days = [ON, date(2026, 6, 8), date(2026, 6, 15), date(2026, 6, 22)]
    green: dict[date, float | None] = dict.fromkeys(days, 80.0)
    closed = {"diagnose": done("yes", "adoption")}
    still = steps(days[2], closed, levels=dict.fromkeys(days, risky), scores=green)
    assert {still[name].state for name in ("assess", "check_in_1")} == {"overdue", "open"}
    well = steps(
        days[3], closed, levels={**dict.fromkeys(days[:2], risky), **dict.fromkeys(days[2:], calm)}, scores=green
    )
    assert {s.state for s in well.values()} == {"done"}


def test_one_green_score_is_no_recovery() -> None:
    assert "check_in_1" in steps(date(2026, 6, 15), scores={ON: 60.0, date(2026, 6, 8): 80.0})


def test_diagnose_is_not_done_without_a_cause_and_says_how_to_close_it() -> None:
    found = steps(date(2026, 6, 8), {"diagnose": done("yes")})["diagnose"]
    assert found.state == "open"
    assert "its root cause" in str(found.note)
    assert "product_fit, adoption, competition, budget" in str(found.note)


def test_a_known_cause_puts_its_action_into_the_plan() -> None:
    found = steps(date(2026, 6, 8), {"diagnose": done("yes", "budget")})
    assert found["diagnose"].state == "done"
    assert found["plan"].body.startswith("Cause: budget. Action: pricing approval.")


def test_a_breached_step_is_looked_at_by_the_manager_and_later_by_an_executive_for_high_touch_alone() -> None:
    assert steps(ON)["assess"].level == "csm"
    assert steps(date(2026, 6, 3))["assess"].level == "manager"
    assert steps(date(2026, 6, 5))["assess"].level == "executive"
    assert steps(date(2026, 6, 5), touch=20_000.0)["assess"].level == "manager"
    assert steps(date(2026, 6, 5), {"assess": done()})["assess"].level is None


def test_a_breach_makes_a_step_for_whom_it_is_passed_on_to_until_nothing_is_past_due() -> None:
    assert not [s for s in steps(ON) if s.startswith("escalation")]
    # Due on Tuesday at ten: the manager has until Wednesday at ten, the executive from Thursday at ten until Friday.
    found = {n: s for n, s in steps(date(2026, 6, 5)).items() if n.startswith("escalation")}
    assert {n: (s.owner_type, s.due_at) for n, s in found.items()} == {
        "escalation_manager": ("manager", at("2026-06-03T10:00")),
        "escalation_executive": ("executive", at("2026-06-05T10:00")),
    }
    assert "Assess what the data show: adoption rescue, since 2026-06-02 10:00 UTC" in found["escalation_manager"].body
    assert not [s for s in steps(date(2026, 6, 3), {"assess": done()}) if s.startswith("escalation")]


def test_a_relapse_begins_with_the_manager() -> None:
    again = replace(BEGUN, earlier=(date(2026, 4, 6), ON), ended=(date(2026, 5, 11),))
    found = steps(ON, begun=again)["assess"]
    assert (found.level, found.note) == ("manager", "a relapse: the last round ended on 2026-05-11")


def snoozed(on: date = date(2026, 6, 2)) -> Said:
    return Said("snoozed", "on holiday", at(f"{on.isoformat()}T12:00"), date(2026, 6, 22))


def test_a_snoozed_step_says_until_when_and_why() -> None:
    found = steps(date(2026, 6, 8), {"assess": snoozed()}, levels={ON: YELLOW, date(2026, 6, 8): YELLOW})["assess"]
    assert (found.state, found.snoozed_until, found.snoozed_why) == ("snoozed", date(2026, 6, 22), "on holiday")


def test_a_snooze_does_not_hide_an_account_that_became_red() -> None:
    found = steps(date(2026, 6, 8), {"assess": snoozed()}, levels={ON: YELLOW, date(2026, 6, 8): RED})["assess"]
    assert (found.state, found.snoozed_until) == ("overdue", None)
    assert "got worse" in str(found.note)


def test_the_tasks_of_the_score_are_not_made_twice_and_the_others_keep_their_week() -> None:
    found = steps(date(2026, 6, 8))
    assert [s.step for s in found.values() if not s.delivered] == ["assess", "reach_out"]
    assert found["plan"].key == "a|adoption rescue:plan|2026-W23"
    assert found["plan"].success_metric is not None


def test_the_step_to_reach_out_tells_what_its_task_tells() -> None:
    found = steps(ON)["reach_out"]
    assert (found.body, found.draft, found.note) == (SAYS, "We noticed …", None)
    held = steps(ON, begun=replace(BEGUN, reach_out=reach_out_text(Draft(None, "no number"), [], "1. Call")))
    assert (held["reach_out"].draft, held["reach_out"].note) == (None, "no number")


def test_what_prepares_a_renewal_is_told_by_its_stages_alone_while_they_stand() -> None:
    contract = replace(BEGUN, play="prepare the renewal")
    texts = POLICY.plays["contract"].steps
    for renewing, told in ((False, True), (True, False)):
        found = {s.step: s for s in prevention(
            contract, account(), {ON: YELLOW}, {ON: 60.0}, {}, [], ON, POLICY, renewing
        )}  # fmt: skip
        assert [text in found[s].body for s in ("assess", "plan") for text in texts] == [told] * 6
    other = prevention(BEGUN, account(), {ON: YELLOW}, {ON: 60.0}, {}, [], ON, POLICY, True)
    assert POLICY.plays["usage"].steps[0] in other[0].body


def test_a_round_is_the_newest_time_the_play_was_asked_for_in_the_episode_that_goes_on() -> None:
    later = date(2026, 6, 15)
    tasks = [
        task(step, on, period=p) for on, p in ((ON, WEEK), (later, "2026-W25")) for step in ("assess", "reach_out")
    ]
    published = {ON: PUBLISHED, later: at("2026-06-15T10:00")}
    (found,) = rounds(tasks, published, {"a": {ON: YELLOW, later: RED}}, runs=2)
    assert (found.on, found.period, found.earlier) == (later, "2026-W25", (ON, later))


def test_one_calm_run_alone_does_not_end_an_episode() -> None:
    second, third = date(2026, 6, 8), date(2026, 6, 15)
    assert goes_on({ON: YELLOW, second: CALM}, 2)
    assert not goes_on({ON: YELLOW, second: CALM, third: CALM}, 2)
    assert not goes_on({ON: CALM}, 2)


def test_of_two_plays_of_one_account_the_newest_is_gone_on_with() -> None:
    later, other = date(2026, 6, 8), "listen and answer"
    tasks = [task(step, period="2026-W23") for step in ("assess", "reach_out")]
    tasks += [
        task(step, later) | {"play": other, "task_key": f"a|{other}:{step}|2026-W24"}
        for step in ("assess", "reach_out")
    ]
    levels = {"a": {ON: YELLOW, later: RED}}
    (found,) = rounds(tasks, {ON: PUBLISHED, later: at("2026-06-08T10:00")}, levels, runs=2)
    assert (found.play, found.period) == (other, "2026-W24")


def test_of_check_ins_the_next_alone_becomes_a_task() -> None:
    found = steps(date(2026, 7, 1))
    assert [n for n, s in found.items() if n.startswith("check_in") and s.delivered] == ["check_in_4"]


def test_the_run_that_began_the_episode_is_part_of_it() -> None:
    (found,) = rounds([task("assess"), task("reach_out")], {ON: PUBLISHED}, {"a": {ON: YELLOW}}, runs=2)
    assert (found.on, found.published_at, found.ended) == (ON, PUBLISHED, ())


def test_a_play_of_an_episode_that_is_over_is_no_round() -> None:
    levels = {ON: YELLOW, date(2026, 6, 8): CALM, date(2026, 6, 15): CALM}
    assert rounds([task("assess"), task("reach_out")], {ON: PUBLISHED}, {"a": levels}, runs=2) == []
    assert ended_on(levels, 2) == [date(2026, 6, 15)]
    assert ended_on({ON: CALM, date(2026, 6, 8): CALM}, 2) == []


@pytest.mark.parametrize("play", ["adoption rescue", "churn prevention", "no such play"])
def test_every_step_has_an_owner_type_a_time_and_a_success_metric(play: str) -> None:
    for step in steps(ON, begun=replace(BEGUN, play=play)).values():
        assert step.owner_type in POLICY.segments.owner_types
        assert step.success_metric
        assert step.due_at
