"""What people recorded about a play's tasks: the last word on each, and whether one was put off."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple

from policy.work import Tasks
from serving.episodes import UNDER_WAY, Level
from serving.workbench.plays.rows import Row, day_of

SNOOZED = "snoozed"
"""The outcome that puts a task off: with a reason, and in `expires_on` the day it comes back.

A CRM whose tasks have no such field takes it as one text: `snoozed until 2026-06-20: waits for the budget`.
"""
IN_ONE_TEXT = re.compile(rf"{SNOOZED}\s*(?:until\s+)?(?P<until>\d{{4}}-\d\d-\d\d)?\s*[:,–-]?\s*(?P<why>.*)", re.DOTALL)


class Said(NamedTuple):
    """The last outcome of a task; `reason` is the root cause where it ends a play."""

    value: str
    reason: str | None
    on: datetime
    expires_on: date | None = None

    @property
    def over(self) -> bool:
        """Whether the task is done with; one that is put off is not."""
        return self.value not in UNDER_WAY and self.value != SNOOZED


class Snooze(NamedTuple):
    """A play that is put off until a day (exclusive); `refused` says why it does not count, null where it does."""

    until: date | None
    why: str | None
    refused: str | None = None

    @property
    def stands(self) -> bool:
        """Whether it hides the play for now."""
        return self.refused is None


def last_words(feedback: Iterable[Row]) -> dict[str, Said]:
    """Task key → the last outcome recorded of it."""
    rows = [r for r in feedback if r["kind"] == "task_outcome" and r.get("task_key") and r.get("value")]
    rows.sort(key=lambda r: (r["recorded_at"], str(r.get("feedback_id") or "")))
    return {str(r["task_key"]): _said(r) for r in rows}


def _said(row: Row) -> Said:
    text = str(row["value"]).strip()
    put_off = IN_ONE_TEXT.fullmatch(text[:1].lower() + text[1:])
    if put_off is None:
        return Said(text.lower(), row.get("reason"), row["recorded_at"], day_of(row.get("expires_on")))
    until = day_of(row.get("expires_on")) or _day(put_off["until"])
    return Said(SNOOZED, put_off["why"].strip() or row.get("reason"), row["recorded_at"], until)


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        return None


def snooze(said: Said | None, then: Level, now: Level, as_of: date, tasks: Tasks) -> Snooze | None:
    """The snooze of a task on a day; null where nobody put it off.

    It needs a reason and an end, ends after `snooze_most_days` at the latest, and is lifted the moment the account is
    worse than it was when it was put off: it never hides a red account that got worse.
    """
    if said is None or said.value != SNOOZED:
        return None
    reason = (said.reason or "").strip()
    if not reason or said.expires_on is None:
        lacks = "a reason" if not reason else "an end date"
        return Snooze(None, reason or None, f"a snooze needs {lacks}: add it, or do the task")
    until = min(said.expires_on, said.on.date() + timedelta(days=tasks.snooze_most_days))
    if as_of >= until:
        most = "" if until == said.expires_on else f", {tasks.snooze_most_days} days are the most"
        return Snooze(until, reason, f"its snooze ended on {until.isoformat()}{most}")
    if now.worse_than(then):
        return Snooze(until, reason, "the account got worse since: it is not hidden")
    return Snooze(until, reason)


Words = Mapping[str, Said]
