"""I1: 24 and 48 hours that know weekends, time zones and the change of the clocks."""

# ruff: noqa: DTZ001 - publication times are naive UTC in the pipeline
from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.policy import load_policy
from serving.due import due, end_by, end_of

TASKS = load_policy().tasks
BERLIN, NEW_YORK = "Europe/Berlin", "America/New_York"


def local(published: str, hours: int, zone: str | None = BERLIN) -> str:
    """What the owner's own clock shows when the task is due, from what it showed at publication."""
    place = ZoneInfo(zone or "UTC")
    at = datetime.fromisoformat(published).replace(tzinfo=place)
    return due(at, hours, zone, TASKS).astimezone(place).strftime("%a %d %b %H:%M")


@pytest.mark.parametrize(
    ("published", "hours", "told"),
    [
        ("2026-06-05T17:00", 24, "Mon 08 Jun 17:00"),  # Friday
        ("2026-06-05T17:00", 48, "Tue 09 Jun 17:00"),
        ("2026-06-05T16:59", 24, "Mon 08 Jun 16:59"),
        ("2026-06-05T17:01", 24, "Mon 08 Jun 17:00"),  # nobody is there a minute after
        (
            "2026-06-06T12:00",
            24,
            "Mon 08 Jun 17:00",
        ),  # Saturday: counting begins on Monday, a whole day later is midnight
        ("2026-06-01T07:30", 24, "Mon 01 Jun 17:00"),  # the weekly run: nobody is there at half past seven on Tuesday
        ("2026-06-01T07:30", 48, "Tue 02 Jun 17:00"),
        ("2026-06-02T12:00", 24, "Wed 03 Jun 12:00"),
        ("2026-06-02T20:00", 10, "Wed 03 Jun 09:00"),  # before that nobody would have had the time
        ("2026-06-05T20:00", 0, "Mon 08 Jun 09:00"),
    ],
)
def test_hours_of_working_days_end_while_somebody_is_there(published: str, hours: int, told: str) -> None:
    assert local(published, hours) == told


@pytest.mark.parametrize(
    ("friday", "zone"),
    [("2026-03-27", BERLIN), ("2026-10-23", BERLIN), ("2026-03-06", NEW_YORK), ("2026-10-30", NEW_YORK)],
)
def test_the_change_of_the_clocks_moves_no_due_time(friday: str, zone: str) -> None:
    assert local(f"{friday}T17:00", 24, zone).endswith("17:00")
    assert local(f"{friday}T17:00", 24, zone).startswith("Mon")


def test_the_same_moment_is_due_by_each_owners_own_clock() -> None:
    published = datetime(2026, 6, 5, 16, 0)  # Friday, 18:00 in Berlin, 12:00 in New York
    assert due(published, 24, BERLIN, TASKS) == datetime(2026, 6, 8, 15, 0)
    assert due(published, 24, NEW_YORK, TASKS) == datetime(2026, 6, 8, 16, 0)
    assert due(published, 24, None, TASKS) == datetime(2026, 6, 8, 16, 0)


def test_hours_of_the_clock_are_just_that() -> None:
    by_clock = TASKS.model_copy(update={"count": "clock_hours"})
    assert due(datetime(2026, 6, 5, 17, 0), 24, BERLIN, by_clock) == datetime(2026, 6, 6, 17, 0)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, 120),
    st.sampled_from([BERLIN, NEW_YORK, "Asia/Kolkata", "Pacific/Auckland", None]),
)
def test_it_is_always_a_working_moment_after_publication(published: datetime, hours: int, zone: str | None) -> None:
    found = due(published, hours, zone, TASKS)
    there = found.replace(tzinfo=ZoneInfo("UTC")).astimezone(ZoneInfo(zone or "UTC"))
    assert there.weekday() < 5
    assert timedelta(hours=9) <= timedelta(hours=there.hour, minutes=there.minute) <= timedelta(hours=17)
    assert found >= published
    assert due(published, hours + 24, zone, TASKS) > found


def test_a_step_of_a_weekend_is_due_on_monday_in_the_owners_time() -> None:
    assert end_of(date(2026, 6, 6), "UTC", TASKS) == datetime(2026, 6, 8, 17)
    assert end_of(date(2026, 6, 3), "America/Chicago", TASKS) == datetime(2026, 6, 3, 22)
    assert end_of(date(2026, 6, 5), "Australia/Sydney", TASKS) == datetime(2026, 6, 5, 7)


def test_a_day_that_must_not_pass_ends_on_the_last_working_day() -> None:
    assert end_by(date(2026, 6, 7), "UTC", TASKS) == datetime(2026, 6, 5, 17)
    assert end_by(date(2026, 6, 5), "Asia/Tokyo", TASKS) == datetime(2026, 6, 5, 8)


def test_where_the_clock_counts_a_step_of_a_sunday_is_due_on_it() -> None:
    clock = TASKS.model_copy(update={"count": "clock_hours"})
    assert end_of(date(2026, 6, 7), "UTC", clock) == end_by(date(2026, 6, 7), "UTC", clock) == datetime(2026, 6, 7, 17)


ZONES = (
    "UTC",
    "Australia/Sydney",
    "Asia/Tokyo",
    "Pacific/Kiritimati",
    "Pacific/Pago_Pago",
    "America/Chicago",
    "Europe/Berlin",
)


@given(
    st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    st.sampled_from(ZONES),
    st.integers(0, 22).flatmap(lambda opens: st.tuples(st.just(opens), st.integers(opens + 1, 23))),
)
def test_anywhere_a_step_is_due_at_closing_time_of_its_day_or_of_the_next_working_day(
    day: date, zone: str, hours: tuple[int, int]
) -> None:
    open_ = TASKS.business_hours.model_copy(update={"from_hour": hours[0], "to_hour": hours[1]})
    tasks = TASKS.model_copy(update={"business_hours": open_})
    local = end_of(day, zone, tasks).replace(tzinfo=UTC).astimezone(ZoneInfo(zone))
    wanted = day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))
    assert (local.date(), local.hour, local.minute) == (wanted, hours[1], 0)
