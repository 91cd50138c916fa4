"""Cadence, surveys, requests and advocates on what the pipeline holds, by hand on small facts."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.journey import asked_before, found_journey
from pipelines.plays_found import found_plays
from serving.workbench.journey.advocates import Past
from serving.workbench.plays.terms import Term
from tests.pipelines.one_account import CALM, DAY, POLICY, facts, stored
from tests.serving.workbench.facts import person, touch


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
