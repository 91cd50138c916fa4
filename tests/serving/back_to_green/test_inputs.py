"""The inputs that work goes with: what moving each costs, and which are none."""

from __future__ import annotations

import pytest

from policy.errors import SettingsError
from policy.policy import policy_from
from serving.workbench.back_to_green.levers import actionable
from tests.serving.back_to_green.accounts import DEFAULT


@pytest.mark.parametrize(
    ("indicator", "distance", "hours"),
    [
        ("user_days_per_seat_28d", 2.0, 3 + 2 * 2),
        ("seat_utilisation_28d", 0.3, 2 + 2 * 3),
        ("module_breadth_28d", 0.5, 2 + 2 * 2),
        ("core_adoption_28d", 0.5, 2 + 2 * 2),
        ("replies_28d", 2.0, 0.5 + 0.5 * 2),
        ("mail_open_rate_84d", 0.2, 0.5 + 0.5 * 2),
        ("meeting_attendance_182d", 0.2, 0.5 + 1 * 2),
        ("learning_91d", 2.0, 1 + 1 * 2),
        ("community_91d", 2.0, 0.5 + 0.5 * 2),
        ("feedback_91d", 2.0, 0.5 + 0.5 * 2),
        ("open_escalations", 2.0, 2 + 4 * 2),
        ("past_due_days", 20.0, 1),
    ],
)
def test_what_each_change_costs(indicator: str, distance: float, hours: float) -> None:
    lever = DEFAULT.back_to_green.inputs[indicator]
    assert lever.hours(distance) == pytest.approx(hours)
    assert lever.hours(-distance) == pytest.approx(hours)
    assert lever.hours(0.0) == 0.0


def test_every_input_of_the_policy_has_its_hours_tested() -> None:
    mark = next(m for m in test_what_each_change_costs.pytestmark if m.name == "parametrize")  # type: ignore[attr-defined]
    assert {case[0] for case in mark.args[1]} == set(DEFAULT.back_to_green.inputs)


@pytest.mark.parametrize("indicator", ["nps", "arr_percentile", "days_to_term_end"])
def test_an_answer_the_contract_and_the_calendar_are_no_inputs_to_work_on(indicator: str) -> None:
    with pytest.raises(SettingsError, match=f"{indicator} cannot be moved by work"):
        policy_from({"back_to_green": {"inputs": {indicator: {"what": "x", "cost_hours": 1}}}}, where="policy.yaml")


def test_an_input_that_the_score_does_not_read_is_not_offered() -> None:
    own = policy_from(
        {"back_to_green": {"inputs": {"learning_28d": {"what": "x", "cost_hours": 1}}}}, where="policy.yaml"
    )
    assert "learning_28d" in own.back_to_green.inputs
    assert actionable(own) == actionable(DEFAULT) == tuple(DEFAULT.back_to_green.inputs)
    without_a_cap = policy_from({"health": {"caps": []}}, where="policy.yaml")
    assert set(actionable(DEFAULT)) - set(actionable(without_a_cap)) == {"open_escalations"}


def test_a_policy_that_was_kept_whole_is_read_as_it_was() -> None:
    assert policy_from(DEFAULT.model_dump(mode="json", by_alias=True), where="kept") == DEFAULT


def test_hours_for_each_step_need_a_step() -> None:
    given = {"back_to_green": {"inputs": {"past_due_days": {"hours_per_step": 1}}}}
    with pytest.raises(SettingsError, match="give both or neither"):
        policy_from(given, where="policy.yaml")
