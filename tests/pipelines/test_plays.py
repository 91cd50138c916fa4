"""The playbooks on what the pipeline holds, by hand on small facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import deliver
from pipelines.journey import asked_before, found_journey
from pipelines.plays_facts import PlaysFacts, Runs, runs_until
from pipelines.plays_found import alerts, found_plays
from pipelines.plays_told import nearest
from pipelines.settings import open_project
from policy.policy import load_policy
from serving.episodes import level
from serving.workbench.journey.advocates import Past
from serving.workbench.plays.account import Account
from serving.workbench.plays.message import Noticed, draft, reach_out_text
from serving.workbench.plays.said import Said
from serving.workbench.plays.terms import Term
from tests.serving.workbench.facts import person, touch

POLICY = load_policy()
DAY = date(2026, 6, 1)
LOGINS = "Daily logins fell from 41 to 12 since 4 May 2026."
TOLD = {"W1": LOGINS, "E1": "95 % of the features paid for were used since 4 May 2026."}


SAYS = reach_out_text(draft([Noticed(LOGINS)], None, DAY), [LOGINS], "1. Call")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def signal(name: str, kind: str, status: str = "open") -> dict[str, Any]:
    return {
        "account_id": "a",
        "episode_key": f"a|{name}|2026-05-18",
        "episode_started_on": date(2026, 5, 18),
        "name": {"W1": "login_drop", "E1": "adoption"}[name],
        "kind": kind,
        "status": status,
        "confirmatory": False,
        "signal": name,
        "sentence": TOLD[name],
        "play": {"W1": "adoption rescue", "E1": "expansion talk"}[name],
    }


def evidence(name: str) -> dict[str, Any]:
    what = {"W1": "daily logins", "E1": "use of the features paid for"}[name]
    return {
        "account_id": "a",
        "episode_key": f"a|{name}|2026-05-18",
        "signal": name,
        "what": what,
        "sentence": TOLD[name],
    }


def facts(
    tiers: dict[date, str] | None = None,
    signals: list[dict[str, Any]] | None = None,
    tables: dict[str, list[dict[str, Any]]] | None = None,
    looked: bool = True,
    **more: Any,
) -> PlaysFacts:
    """One account of USD 60,000 since 2025, in the tiers of these runs; with tasks of the last run unless it is green."""
    runs = tiers or {DAY: "yellow"}
    tasks = [
        {
            "account_id": "a", "play": "adoption rescue", "step": step, "task_key": f"a|adoption rescue:{step}|2026-W23",
            "body": SAYS, "due_at": at("2026-06-02T10:00"), "on": DAY,
        }
        for step in ("assess", "reach_out") if runs[max(runs)] != "green"
    ]  # fmt: skip
    health = {"green": 80.0, "yellow": 60.0, "red": 30.0}
    given: dict[str, Any] = {
        "as_of": DAY,
        "run_id": "r",
        "accounts": {
            "a": Account("a", "Acme", "csm-1", "UTC", date(2025, 1, 1), date(2027, 1, 1), 60_000.0, runs[max(runs)], "low", POLICY)
        },
        "created": {},
        "terms": {"a": [Term("a", date(2025, 1, 1), date(2027, 1, 1), 60_000.0)]},
        "runs": Runs(
            {day: datetime.combine(day, at("2026-01-01T10:00").time()) for day in runs},
            {"a": {day: level(tier, "low") for day, tier in runs.items()}},
            {"a": {day: health[tier] for day, tier in runs.items()}},
            {"a": runs},
            tasks,
        ),
        "words": {},
        "signals": {"a": signals or []} if looked else None,
        "evidence": {"a": [evidence(n) for n in ("W1", "E1")]},
        "held": frozenset(),
        "delivered": frozenset({"milestones", "touchpoints", "survey_responses", "support_tickets", "users"}),
        "tables": {name: {"a": rows} for name, rows in (tables or {}).items()},
    }  # fmt: skip
    return PlaysFacts(**(given | more))


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


CALM = {date(2026, 5, 18): "green", date(2026, 5, 25): "green", DAY: "green"}


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


def test_a_task_of_somebody_else_never_has_the_address_of_the_accounts_owner(tmp_path: Path) -> None:
    project = stored(tmp_path)
    book = {"account_id": ["a", "b"], "name": ["A", "B"], "owner_id": ["csm-1", "csm-2"],
            "owner_email": ["csm-1@example.org", "csm-2@example.org"]}  # fmt: skip
    tasks = {"task_key": ["k1", "k2", "k3", "k4"], "account_id": ["a", "a", "a", "gone"],
             "owner_id": ["csm-1", "csm-2", "m-7", "csm-2"]}  # fmt: skip
    pq.write_table(pa.table(book), project.out("book", f"as_of={DAY}") / "book.parquet")
    pq.write_table(pa.table(tasks), project.out("plays", f"as_of={DAY}") / "tasks.parquet")
    _, rows = deliver.staged(project, DAY.isoformat())
    assert {row.key: row.owner_email for row in rows if row.key.startswith("k")} == {
        "k1": "csm-1@example.org",
        "k2": "csm-2@example.org",
        "k3": None,
        "k4": "csm-2@example.org",
    }


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


def test_what_rests_on_a_table_that_is_not_delivered_is_null() -> None:
    found = found_journey(facts(delivered=frozenset()), {}, POLICY)
    assert (found.cadence, found.asks, found.rates, found.requests, found.wishes, found.advocates) == (None,) * 6
    whole = found_journey(facts(CALM), {"a": [Past(DAY, "green")]}, POLICY)
    assert whole.cadence is not None
    assert {o.kind for o in whole.cadence} == {"check_in", "review", "nps"}
    assert all(o.on_qbr_list for o in whole.cadence)  # high touch


def test_what_a_source_cannot_say_of_an_account_is_not_known_of_it() -> None:
    none: Any = frozenset()
    found = found_journey(facts(CALM, covered={"touchpoints": none, "survey_responses": none}), {}, POLICY)
    assert (found.cadence, found.asks) == ([], [])
    assert found.advocates is not None
    assert "its NPS answers are not known" in found.advocates[0].lacks
    (plan,) = found_plays(facts(CALM, covered={"milestones": none}), POLICY).plans
    assert plan.missing == ()


LATE = {"survey_responses": [], "users": [person()], "touchpoints": []}


def test_who_is_known_to_leave_is_not_asked_and_whoever_was_asked_last_week_is_not_asked_again() -> None:
    found = found_journey(facts(CALM, tables=LATE), {}, POLICY)
    assert [a.kind for a in found.asks or ()] == ["nps"]
    found = found_journey(facts(CALM, tables=LATE), {}, POLICY, {"u": [date(2026, 5, 25)]})
    assert found.asks == []
    gone = Term("a", date(2025, 1, 1), date(2027, 1, 1), 60_000.0, None, date(2026, 5, 20), "voluntary")
    found = found_journey(facts(CALM, tables=LATE, terms={"a": [gone]}), {}, POLICY)
    assert (found.asks, [r.occasions for r in found.rates or ()]) == ([], [0, 0])


def test_whom_earlier_runs_asked_is_read_from_their_files(tmp_path: Path) -> None:
    project = stored(tmp_path)
    assert asked_before(project, DAY) == {}
    for day in (date(2026, 5, 18), date(2026, 5, 25), DAY):
        pq.write_table(pa.table({"user_id": ["u"]}), project.out("journey", f"as_of={day}") / "surveys.parquet")
    assert asked_before(project, DAY) == {"u": [date(2026, 5, 18), date(2026, 5, 25)]}


def test_requests_of_former_customers_are_nobodys_to_answer() -> None:
    asked = touch("feature_request", "2026-01-01", direction="theirs", reason="export")
    tables = {"touchpoints": {"a": [asked], "gone": [asked | {"account_id": "gone"}]}}
    found = found_journey(replace(facts(CALM), tables=tables), {}, POLICY)
    assert [r.account_id for r in found.requests or ()] == ["a"]
    assert [w.overdue for w in found.wishes or ()] == [1]


def test_what_is_due_now_stands_on_top() -> None:
    rows = [
        {"task_key": k, "due_at": f"2026-{d}T17:00:00"} for k, d in (("a", "06-09"), ("b", "05-31"), ("c", "06-03"))
    ]
    assert [r["task_key"] for r in nearest(rows, "2026-06-01")] == ["b", "c", "a"]


def stored(folder: Path) -> Any:
    (folder / "churn.toml").write_text("", encoding="utf-8")
    project = open_project(folder)
    row = {"account_id": ["a"], "run_id": ["r"], "published_at": [at("2026-06-01T10:00")], "health_score": [60.0],
           "health_tier": ["yellow"], "risk_tier": ["low"]}  # fmt: skip
    task = {"task_key": ["a|call:assess|2026-W23"], "account_id": ["a"], "as_of": [DAY], "run_id": ["r"], "play": ["call"],
            "step": ["assess"], "body": ["Look"], "owner_id": ["csm-1"], "due_at": [at("2026-06-02T10:00")]}  # fmt: skip
    warns = {"account_id": ["a", "b"], "kind": ["warning"] * 2, "status": ["open"] * 2, "confirmatory": [False, True]}
    own = task | {"task_key": ["a|call:plan|2026-W23"]}
    book = {"account_id": ["a"], "name": ["Acme"], "owner_id": ["csm-1"], "owner_email": ["csm-1@example.org"]}
    for what, part, table in (
        ("scores", "scores", row), ("tasks", "tasks", task), ("book", "book", book), ("plays", "tasks", own),
        ("signals", "signals", warns),
    ):  # fmt: skip
        pq.write_table(pa.table(table), project.out(what, f"as_of={DAY}") / f"{part}.parquet")
    return project


def test_the_tasks_of_the_plays_go_to_the_crm_after_those_of_the_score(tmp_path: Path) -> None:
    project = stored(tmp_path)
    _, rows = deliver.staged(project, DAY.isoformat())
    tasks = [row for row in rows if row.kind == "task"]
    assert [(t.key, t.owner_email) for t in tasks] == [
        ("a|call:assess|2026-W23", "csm-1@example.org"),
        ("a|call:plan|2026-W23", "csm-1@example.org"),
    ]


def test_only_runs_up_to_the_day_and_whole_weeks_away_are_looked_at(tmp_path: Path) -> None:
    project = stored(tmp_path)
    assert list(runs_until(project, DAY).published) == [DAY]
    assert list(runs_until(project, date(2026, 6, 8)).published) == [DAY]
    assert list(runs_until(project, date(2026, 6, 9)).published) == []
    assert list(runs_until(project, date(2026, 5, 25)).published) == []


def test_of_signals_the_warnings_that_lead_are_remembered_by_run(tmp_path: Path) -> None:
    found = runs_until(stored(tmp_path), DAY)
    assert (found.looked, found.warned) == ((DAY,), {"a": {DAY}})
    assert replace(found, looked=(DAY, date(2026, 6, 8))).calm_since("a") == date(2026, 6, 8)
    assert (found.calm_since("a"), found.calm_since("b")) == (None, None)
