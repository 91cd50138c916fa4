"""The playbooks on what the pipeline holds, by hand on small facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pipelines.plays_found import alerts, found_plays
from serving.workbench.plays.account import Account
from serving.workbench.plays.said import Said
from serving.workbench.plays.terms import Term
from tests.pipelines.one_account import CALM, DAY, POLICY, at, facts, signal


def test_a_fall_opens_the_prevention_play_with_the_draft_of_its_task() -> None:
    found = found_plays(facts(signals=[signal("W1", "warning")]), POLICY)
    steps = {s.step: s for s in found.steps}
    assert list(steps) == ["assess", "reach_out", "diagnose", "plan", "check_in_1"]
    assert "We noticed that daily logins fell from 41 to 12 since 4 May 2026" in str(steps["reach_out"].draft)


def test_an_alert_names_its_play_first_step_owner_type_and_success() -> None:
    (found,) = alerts(facts(signals=[signal("W1", "warning"), signal("E1", "expansion")]), POLICY)
    assert (found["signal"], found["since"], found["play"]) == ("W1", "2026-05-18", "adoption rescue")
    assert (found["owner_type"], found["first_step"]) == ("csm", "Call the champion about what changed in daily work")
    assert found["success_metric"]
    assert alerts(facts(signals=[signal("W1", "warning", "cleared")]), POLICY) == []
    assert alerts(facts(signals=[signal("W1", "warning")], held=frozenset({"a"})), POLICY) == []


def test_an_account_held_out_has_no_play_at_all() -> None:
    found = found_plays(facts(held=frozenset({"a"})), POLICY)
    assert (found.steps, found.plans) == ([], [])


def test_the_gate_of_a_calm_green_account_is_open_since_the_run_that_found_it_green() -> None:
    found = found_plays(facts(CALM, [signal("E1", "expansion")]), POLICY)
    assert [(c.open, c.tactics) for c in found.chances] == [(True, ("upsell",))]
    assert [(s.period, s.due_at.date()) for s in found.steps] == [
        ("2026-05-18", date(2026, 5, 25)),
        ("2026-05-18", date(2026, 6, 1)),
        ("2026-05-18", date(2026, 6, 8)),
    ]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"signals": [signal("E1", "expansion"), signal("W1", "warning")]}, "a warning stands: login drop"),
        (
            {"tables": {"support_tickets": [{"account_id": "a", "escalated_at": at("2026-05-20T09:00")}]}},
            "an escalation on 2026-05-20",
        ),
        (
            {"words": {"a|expansion talk:step_1|2026-04-01": Said("not now", None, at("2026-05-20T09:00"))}},
            "the last talk was closed, it rests until 2026-06-17",
        ),
    ],
)
def test_what_is_on_record_shuts_the_gate(change: dict[str, Any], why: str) -> None:
    found = found_plays(facts(CALM, **({"signals": [signal("E1", "expansion")]} | change)), POLICY)
    assert found.chances[0].shut_by == (why,)
    assert found.steps == []


def test_the_first_step_of_a_talk_that_is_done_leaves_the_others_as_they_are() -> None:
    words = {"a|expansion talk:step_1|2026-05-18": Said("done", None, at("2026-05-20T09:00"))}
    found = found_plays(facts(CALM, [signal("E1", "expansion")], words=words), POLICY)
    assert [(s.step, s.period, s.state) for s in found.steps] == [
        ("step_1", "2026-05-18", "done"),
        ("step_2", "2026-05-18", "open"),
        ("step_3", "2026-05-18", "open"),
    ]


def test_a_gate_that_a_warning_kept_shut_is_open_since_the_run_that_found_it_gone() -> None:
    known = facts(CALM, [signal("E1", "expansion")])
    looked = replace(known.runs, looked=tuple(CALM), warned={"a": frozenset({date(2026, 5, 18)})})
    found = found_plays(replace(known, runs=looked), POLICY)
    assert {s.period for s in found.steps} == {"2026-05-25"}


def test_an_episode_that_ended_last_week_shuts_it_too() -> None:
    ill = {date(2026, 5, 11): "red", date(2026, 5, 18): "green", date(2026, 5, 25): "green", DAY: "green"}
    found = found_plays(facts(ill, [signal("E1", "expansion")]), POLICY)
    assert found.chances[0].shut_by == ("a risk episode ended on 2026-05-25",)
    assert [w.sentence for w in found.wins] == ["Back to green on 18 May 2026."]


def test_an_episode_that_one_calm_run_has_not_ended_shuts_it() -> None:
    found = found_plays(facts({date(2026, 5, 25): "yellow", DAY: "green"}, [signal("E1", "expansion")]), POLICY)
    assert found.chances[0].shut_by == ("a risk episode goes on",)


def test_where_nobody_looked_for_signals_nothing_is_known_of_chances() -> None:
    assert found_plays(facts(CALM, [signal("E1", "expansion")], looked=False), POLICY).chances == []


def test_an_account_that_left_has_the_outcome_of_its_renewal_and_its_owner_still_has_the_steps() -> None:
    known = facts(CALM)
    terms = {
        "lost": [Term("lost", date(2025, 4, 1), date(2026, 4, 1), 9_000.0)],
        "late": [Term("late", date(2025, 5, 20), date(2026, 5, 20), 9_000.0)],
        "held": [Term("held", date(2025, 4, 1), date(2026, 4, 1), 9_000.0)],
    }
    left = {name: Account(name, name, "csm-9", "UTC", policy=POLICY) for name in terms}
    found = found_plays(replace(known, terms=terms, left=left, held=frozenset({"held"})), POLICY)
    assert [(r.account_id, r.outcome) for r in found.renewals] == [("late", None), ("lost", "lost")]
    assert {s.account_id for s in found.steps if s.kind == "renewal"} == {"late"}


def test_a_step_goes_to_a_person_of_its_role_a_breach_to_the_manager_and_a_loss_to_who_looked_after_it() -> None:
    gone = {"x": [Term("x", date(2024, 1, 1), date(2026, 5, 1), 9_000.0, decided_on=date(2026, 4, 1))]}
    known = replace(
        facts(), as_of=date(2026, 6, 5), terms=gone, left={"x": Account("x", "X", "csm-9", "UTC", policy=POLICY)}
    )
    alone = {s.step: s.owner_id for s in found_plays(known, POLICY).steps}
    assert {alone[s] for s in ("assess", "escalation_manager", "escalation_executive")} == {"csm-1"}
    assert alone["exit_interview"] == "csm-9"
    team = replace(known, team={"manager": ("m",), "executive": ("e",), "csm": ("csm-1", "csm-9")})
    told = {s.step: s.owner_id for s in found_plays(team, POLICY).steps}
    assert (told["assess"], told["escalation_manager"], told["escalation_executive"]) == ("csm-1", "m", "e")
    assert told["exit_interview"] == "csm-9"


def test_a_step_of_a_renewal_may_be_put_off_and_what_was_due_before_the_first_run_is_told_as_that() -> None:
    ends = date(2026, 7, 5)
    put_off = Said("snoozed", "waits for the budget", at("2026-05-20T09:00"), date(2026, 6, 10))
    known = facts(
        CALM, words={"a|renewal:stage_60|2026-07-05": put_off}, terms={"a": [Term("a", date(2025, 7, 5), ends, 9.0)]}
    )
    found = {s.step: s for s in found_plays(known, POLICY).steps if s.kind == "renewal"}
    assert {name: (s.state, s.level, s.note) for name, s in found.items()} == {
        "stage_90": ("missed", None, "not done before the first run"),
        "stage_60": ("snoozed", None, None),
    }


def test_without_milestones_no_plan_is_judged() -> None:
    assert found_plays(facts(delivered=frozenset()), POLICY).plans == []
