"""The time zone that each account's owner works in, and a moment told in it."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipelines.deliver import rows_of
from pipelines.settings import Project

Zones = dict[str, str]


def zones_of(project: Project, as_of: str) -> Zones:
    """Account → IANA name of its owner's time zone, where one is known.

    From the book of the day; one that was scored before it held zones is helped out by the owners kept with the signals.
    """
    rows = rows_of(project, "book", as_of)
    if not (rows and "timezone" in rows[0]):
        kept = project.state / "signals" / f"as_of={as_of}" / "owners.parquet"
        rows = rows_of(project, "signals", as_of, "owners") if kept.exists() else []
    return {str(row["account_id"]): row["timezone"] for row in rows if row["timezone"]}


def in_zone(moment: datetime, zone: str | None) -> datetime:
    """The moment in a zone; naive moments are UTC, and so is what is told of nobody's zone.

    >>> in_zone(datetime(2026, 12, 1, 16, 0), "Europe/Berlin").isoformat(), in_zone(datetime(2026, 12, 1), None).isoformat()
    ('2026-12-01T17:00:00+01:00', '2026-12-01T00:00:00+00:00')
    """
    known = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return known.astimezone(_place(zone))


def _place(zone: str | None) -> tzinfo:
    try:
        return UTC if zone is None else ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        # The contract sets rows with other names apart; a file that was written before the contract did may hold one.
        return UTC
