"""The table of churn.toml that says when what runs, and when it should have run."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from pipelines.section import Section

NEVER = ""
"""In place of a cron expression: that one is not scheduled."""


class ScheduleSection(Section):
    """[schedule]: cron expressions of `churn deploy`, and what `churn status` holds runs against; empty: not at all."""

    weekly: str = "0 5 * * 1"
    daily: str = "0 4 * * *"
    monthly: str = "0 2 1 * *"
    # Owners are not told at their night, and night is not the same hour for all of them.
    alerts: str = "30 * * * *"
    timezone: str = Field(default="UTC")

    @field_validator("weekly", "daily", "monthly", "alerts")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        try:
            if cron != NEVER:
                CronSim(cron, datetime(2026, 1, 1))  # noqa: DTZ001 - only whether it can be read
        except CronSimError as exc:
            raise PydanticCustomError(
                "cron", 'no cron expression: {why}. Five fields as "0 5 * * 1", or "" for never', {"why": str(exc)}
            ) from exc
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as exc:
            raise PydanticCustomError("zone", 'no time zone: one as "Europe/Berlin" or "UTC"') from exc
        return name


def last_due(cron: str, timezone: str, now: datetime) -> datetime:
    """The last moment before `now` (with its time zone) that a cron expression names.

    >>> from datetime import UTC
    >>> last_due("0 5 * * 1", "UTC", datetime(2026, 6, 3, 12, tzinfo=UTC)).isoformat()
    '2026-06-01T05:00:00+00:00'
    """
    return next(CronSim(cron, now.astimezone(ZoneInfo(timezone)), reverse=True))
