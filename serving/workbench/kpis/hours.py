"""How long somebody waited, in hours in which somebody was there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from policy.work import BusinessHours
from serving.due import WEEKDAYS

SECONDS = 3600


def business_hours(begun: datetime, over: datetime, zone: str | None, open_: BusinessHours) -> float:
    """Hours between two moments (naive UTC) that lie in the working hours of a time zone (null: UTC), wall clock.

    >>> from policy.policy import load_policy
    >>> friday, monday = datetime(2026, 3, 27, 15, 0), datetime(2026, 3, 30, 8, 0)  # 16:00 and, after the change, 10:00
    >>> business_hours(friday, monday, "Europe/Berlin", load_policy().tasks.business_hours)
    2.0
    """
    place = ZoneInfo(zone or "UTC")
    start, end = (_wall(moment, place) for moment in (begun, over))
    found = timedelta()
    day = start.date()
    while day <= end.date():
        if WEEKDAYS[day.weekday()] in open_.weekdays:
            midnight = datetime.combine(day, time())
            opens = max(start, midnight + timedelta(hours=open_.from_hour))
            closes = min(end, midnight + timedelta(hours=open_.to_hour))
            found += max(closes - opens, timedelta())
        day += timedelta(days=1)
    return found.total_seconds() / SECONDS


def clock_hours(begun: datetime, over: datetime) -> float:
    """Hours of the clock between two moments."""
    return (over - begun).total_seconds() / SECONDS


def waits(tickets: pd.DataFrame, zones: Mapping[str, object], open_: BusinessHours | None) -> pd.Series:
    """Hours to the first answer of each ticket, null while there is none; of the clock where `open_` is null.

    `zones`: customer → the time zone of its owner.
    """
    answered = tickets[tickets["first_response_at"].notna()]
    found = []
    for account, opened, over in zip(
        answered["account_id"], answered["opened_at"], answered["first_response_at"], strict=True
    ):
        zone = zones.get(account)
        named = zone if isinstance(zone, str) else None
        found.append(clock_hours(opened, over) if open_ is None else business_hours(opened, over, named, open_))
    return pd.Series(found, index=answered.index, dtype="float64").reindex(tickets.index)


def _wall(moment: datetime, place: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=ZoneInfo("UTC")).astimezone(place).replace(tzinfo=None)
