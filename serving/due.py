"""By when a task is due: so many hours after publication, in which a weekend has none, and never while nobody is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from policy.policy import Tasks
from policy.work import BusinessHours

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def due(published_at: datetime, hours: int, zone: str | None, tasks: Tasks) -> datetime:
    """The moment by which a task is due that falls due `hours` after publication; UTC, naive where that is given naive.

    Hours of the clock, or by default those of working days in the owner's time zone (null: UTC), wall clock: on Friday
    at 17:00, 24 hours end on Monday at 17:00, whether or not the clocks change in between. A moment at which nobody is
    there moves back to the last one when somebody was, so that the promise holds; where that lies before the
    publication, on to the next.

    >>> from policy.policy import load_policy
    >>> friday = datetime(2026, 3, 27, 16, 0)  # 17:00 in Berlin, where the clocks change on the Sunday
    >>> due(friday, 24, "Europe/Berlin", load_policy().tasks).isoformat()
    '2026-03-30T15:00:00'
    """
    if tasks.count == "clock_hours":
        return published_at + timedelta(hours=hours)
    at = published_at.replace(tzinfo=UTC) if published_at.tzinfo is None else published_at
    place, open_ = ZoneInfo(zone or "UTC"), tasks.business_hours
    begun = at.astimezone(place).replace(tzinfo=None)
    moment = _attended(_after(begun, timedelta(hours=hours), open_), begun, open_)
    found = moment.replace(tzinfo=place).astimezone(UTC)
    return found.replace(tzinfo=None) if published_at.tzinfo is None else found


def end_of(day: date, zone: str | None, tasks: Tasks) -> datetime:
    """When a step of that day is due: the end of its working hours where its owner is, or of the next working day's; UTC, naive.

    Where hours of the clock are counted, every day is a working day.

    >>> from policy.policy import load_policy
    >>> end_of(date(2026, 5, 9), "UTC", load_policy().tasks).isoformat()  # a Saturday
    '2026-05-11T17:00:00'
    """
    return _end(day, zone, tasks, _next_day)


def end_by(day: date, zone: str | None, tasks: Tasks) -> datetime:
    """The same for a day that must not pass: the end of its working hours, or of the last working day's before it."""
    return _end(day, zone, tasks, _last_day)


def _end(day: date, zone: str | None, tasks: Tasks, other: Callable[[datetime, BusinessHours], datetime]) -> datetime:
    open_, begins = tasks.business_hours, datetime.combine(day, time())
    if tasks.count == "business_hours" and not _works(begins, open_):
        begins = other(begins, open_)
    # The wall clock of the place first, and only then UTC: its midnight is not ours.
    closes = _at(begins, open_.to_hour).replace(tzinfo=ZoneInfo(zone or "UTC"))
    return closes.astimezone(UTC).replace(tzinfo=None)


def _after(begun: datetime, left: timedelta, open_: BusinessHours) -> datetime:
    """The wall clock after so much time of working days, each of which has 24 hours."""
    moment = begun if _works(begun, open_) else _next_day(begun, open_)
    while moment + left >= (ends := datetime.combine(moment + timedelta(days=1), time())):
        left -= ends - moment
        moment = _next_day(moment, open_)
    return moment + left


def _attended(moment: datetime, begun: datetime, open_: BusinessHours) -> datetime:
    """The moment itself within working hours, else the last working moment before it or, if need be, the next."""
    opens, closes = _at(moment, open_.from_hour), _at(moment, open_.to_hour)
    if opens <= moment <= closes:
        return moment
    last = closes if moment > closes else _at(_last_day(moment, open_), open_.to_hour)
    if last > begun:
        return last
    return opens if moment < opens else _at(_next_day(moment, open_), open_.from_hour)


def _works(moment: datetime, open_: BusinessHours) -> bool:
    return WEEKDAYS[moment.weekday()] in open_.weekdays


def _next_day(moment: datetime, open_: BusinessHours) -> datetime:
    """Midnight of the next working day."""
    day = datetime.combine(moment + timedelta(days=1), time())
    while not _works(day, open_):
        day += timedelta(days=1)
    return day


def _last_day(moment: datetime, open_: BusinessHours) -> datetime:
    """The working day before."""
    day = moment - timedelta(days=1)
    while not _works(day, open_):
        day -= timedelta(days=1)
    return day


def _at(day: datetime, hour: int) -> datetime:
    return datetime.combine(day, time()) + timedelta(hours=hour)
