"""What stands for an account, read from the files of the day, written by hand as the plays write them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.files import write_parquet
from pipelines.report_standing import contacts, standings, this_week, told_by_plays
from pipelines.settings import Project, Settings
from policy.policy import load_policy
from serving.workbench.pages.standing_view import ContactLine
from serving.workbench.plays.expansion import Chance
from serving.workbench.plays.renewal import Renewal
from serving.workbench.plays.step import Step, frame_of
from serving.workbench.plays.success_plan import SuccessPlan
from serving.workbench.plays.wins import Win

DAY, ACC = date(2026, 6, 1), "acc-001"


def at(month: int, day: int, hour: int = 0) -> datetime:
    """UTC and naive, as plays write it."""
    return datetime.fromisoformat(f"2026-{month:02d}-{day:02d}T{hour:02d}:00")


def step(name: str, due_at: datetime, **changes: Any) -> Step:
    given: dict[str, Any] = {"owner_type": "csm", "level": "csm", "since": DAY} | changes
    return Step(ACC, "prevention", "adoption rescue", name, "2026-W23", f"Do {name}", "How", due_at=due_at, **given)


STEPS = [
    step("plan", at(6, 4, 15), note="root_cause: none is written"),
    step("reach_out", at(6, 3, 15), draft="Hello"),
    step("assess", at(5, 29, 15), state="overdue", level="manager"),
    step("old", at(5, 1, 15), state="done"),
    step("later", at(5, 2), state="snoozed", snoozed_until=date(2026, 7, 1), snoozed_why="holiday"),
]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project whose plays found five steps of one account."""
    project = Project(folder=tmp_path, settings=Settings(), policy=load_policy())
    write(project, "plays", "plays", frame_of(STEPS))
    for part, fields in (
        ("renewals", Renewal.__dataclass_fields__),
        ("chances", Chance.__dataclass_fields__),
        ("success_plans", SuccessPlan.__dataclass_fields__),
        ("wins", Win._fields),
    ):
        write(project, "plays", part, pd.DataFrame(columns=list(fields)))
    return project


def write(project: Project, what: str, part: str, frame: pd.DataFrame) -> None:
    write_parquet(frame, project.state / what / f"as_of={DAY}" / f"{part}.parquet")


def test_steps_stand_in_the_order_they_are_due_and_what_was_put_off_comes_last(project: Project) -> None:
    found = standings(project, DAY.isoformat(), {ACC: "Europe/Berlin"})
    assert found is not None
    steps = found[ACC].steps
    assert [s.subject for s in steps] == ["Do assess", "Do reach_out", "Do plan", "Do later"]
    assert [s.late_days for s in steps] == [2, None, None, None]
    assert [s.passed_to for s in steps] == ["CS manager", "", "", ""]
    assert (steps[3].put_off_until, steps[3].put_off_why) == (date(2026, 7, 1), "holiday")
    assert steps[0].due_at.isoformat() == "2026-05-29T17:00:00+02:00"
    assert steps[0].who == "CSM"


def test_a_draft_stands_instead_of_its_text_and_its_absence_is_told_with_the_reason(project: Project) -> None:
    found = standings(project, DAY.isoformat(), {})
    assert found is not None
    by = {s.subject: s for s in found[ACC].steps}
    assert (by["Do reach_out"].draft, by["Do reach_out"].text, by["Do reach_out"].no_draft) == ("Hello", "", "")
    assert by["Do plan"].note == "root_cause: none is written"
    assert by["Do plan"].no_draft == ""
    write(project, "plays", "plays", frame_of([step("reach_out", at(6, 3, 15), note="no numbers")]))
    again = standings(project, DAY.isoformat(), {})
    assert again is not None
    assert again[ACC].steps[0].no_draft == "no numbers"
    assert again[ACC].steps[0].text == "How"
    assert again[ACC].steps[0].due_at.isoformat() == "2026-06-03T15:00:00+00:00"


def test_without_plays_nobody_has_looked_and_nothing_is_said_to_be_none(tmp_path: Path) -> None:
    empty = Project(folder=tmp_path, settings=Settings(), policy=load_policy())
    assert standings(empty, DAY.isoformat(), {}) is None
    assert contacts(empty, DAY.isoformat()) is None
    assert this_week(empty, DAY.isoformat()) == {}
    assert told_by_plays(empty, DAY.isoformat()) == set()


def test_a_done_step_is_known_so_that_its_task_of_the_score_is_not_told_again(project: Project) -> None:
    assert f"{ACC}|adoption rescue:old|2026-W23" in told_by_plays(project, DAY.isoformat())


def test_the_gate_of_expansion_is_the_one_of_the_plays(project: Project) -> None:
    rows = [
        {"account_id": ACC, "open": False, "shut_by": "health is red, not green; a risk episode goes on"},
        {"account_id": "acc-002", "open": True, "shut_by": ""},
    ]
    write(project, "plays", "chances", pd.DataFrame(rows))
    found = standings(project, DAY.isoformat(), {})
    assert found is not None
    assert found[ACC].shut_by == ("health is red, not green", "a risk episode goes on")
    assert found["acc-002"].shut_by == ()


def test_contacts_are_known_only_where_touchpoints_are_delivered(project: Project) -> None:
    rows = [
        {"account_id": ACC, "kind": "review", "last_on": None, "due_on": date(2026, 7, 1), "overdue_days": 0},
        {"account_id": ACC, "kind": "check_in", "last_on": DAY, "due_on": date(2026, 5, 30), "overdue_days": 2},
    ]
    write(project, "journey", "cadence", pd.DataFrame(rows))
    assert contacts(project, DAY.isoformat()) is None
    project.sources.mkdir(parents=True)
    (project.sources / "touchpoints.sql").touch()
    assert contacts(project, DAY.isoformat()) == {
        ACC: (
            ContactLine("check_in", DAY, date(2026, 5, 30), 2),
            ContactLine("review", None, date(2026, 7, 1), 0),
        )
    }
