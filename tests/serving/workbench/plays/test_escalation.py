"""Who looks at a breach: CSM, manager, and an executive for the accounts that are served that closely (I11)."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.workbench.plays.escalation import level, name
from tests.serving.workbench.facts import POLICY, at

TASKS = POLICY.tasks
MONDAY_NOON = at("2026-06-01T12:00")


@pytest.mark.parametrize(
    ("touch", "as_of", "who"),
    [
        ("high", date(2026, 6, 1), "csm"),  # due at noon of the day itself
        ("high", date(2026, 6, 2), "manager"),
        ("high", date(2026, 6, 3), "manager"),  # 48 hours are over on Wednesday at noon
        ("high", date(2026, 6, 4), "executive"),
        ("mid", date(2026, 6, 4), "manager"),
        ("tech", date(2026, 8, 1), "manager"),
        (None, date(2026, 8, 1), "manager"),
    ],
)
def test_a_breach_goes_to_the_manager_and_48_hours_later_to_an_executive_of_high_touch(
    touch: str | None, as_of: date, who: str
) -> None:
    assert name(level(MONDAY_NOON, touch, "UTC", as_of, TASKS), TASKS) == who


def test_what_is_due_this_moment_is_not_breached_yet() -> None:
    assert level(at("2026-06-02T00:00"), "high", "UTC", date(2026, 6, 2), TASKS) == 0


def test_the_48_hours_are_those_of_working_days() -> None:
    friday_noon = at("2026-06-05T12:00")
    assert level(friday_noon, "high", "UTC", date(2026, 6, 9), TASKS) == 1  # Tuesday 00:00: 36 working hours
    assert level(friday_noon, "high", "UTC", date(2026, 6, 10), TASKS) == 2


@given(st.integers(0, 60), st.sampled_from(["tech", "mid", "high", None]))
def test_time_alone_never_lowers_the_level(days: int, touch: str | None) -> None:
    first, second = (
        level(MONDAY_NOON, touch, "UTC", date.fromordinal(date(2026, 5, 20).toordinal() + d), TASKS)
        for d in (days, days + 1)
    )
    assert 0 <= first <= second <= 2


def test_a_policy_with_two_levels_never_reaches_a_third() -> None:
    two = TASKS.model_copy(update={"escalation": ("csm", "manager")})
    assert level(MONDAY_NOON, "high", "UTC", date(2026, 8, 1), two) == 1
