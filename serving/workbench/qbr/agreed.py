"""What was agreed with the customer, and what we set ourselves: goals, actions and tasks with their status (Q1, Q4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pandas as pd

from serving.episodes import UNDER_WAY
from serving.reasons import long_date
from serving.workbench.qbr.records import Goal, OurTask

KINDS = ("goal", "task")
RANK = {"overdue": 0, "open": 1, "reached": 2}


def agreed(milestones: pd.DataFrame | None, account: str, as_of: date) -> tuple[Goal, ...]:
    """Every goal and agreed task of the account as known before as_of; overdue ones first, then by date."""
    if milestones is None:
        return ()
    own = milestones[(milestones["account_id"] == account) & milestones["kind"].isin(KINDS)]
    found = [
        _goal(str(r["milestone"]), str(r["kind"]), _day(r["due_on"]), _day(r["reached_at"]), as_of)
        for r in own.to_dict("records")
    ]
    return tuple(sorted(found, key=lambda g: (RANK[g.status], g.reached_on or g.due_on or date.max, g.name)))


def of_the_period(goals: Iterable[Goal], since: date) -> list[Goal]:
    """Those that were not reached yet, or reached since the period began."""
    return [g for g in goals if g.status != "reached" or (g.reached_on is not None and g.reached_on >= since)]


def our_tasks(tasks: Sequence[Mapping[str, Any]], feedback: pd.DataFrame | None, account: str) -> tuple[OurTask, ...]:
    """Tasks of earlier runs, the newest first, with the last word on each that was known; without one they are open."""
    words = _last_words(feedback, account)
    own = sorted((t for t in tasks if t["account_id"] == account), key=lambda t: str(t["as_of"]), reverse=True)
    found, seen = [], set()
    for task in own:
        key = str(task["task_key"])
        if key in seen:
            continue
        seen.add(key)
        word, reason, on = words.get(key, (None, None, None))
        status = "open" if word is None or word in UNDER_WAY else word.replace("_", " ")
        due = _day(task["due_at"])
        told = f"{task['subject']}: {status}"
        told += f" on {long_date(on)}" if on and status != "open" else f", due {long_date(due)}" if due else ""
        told += f", because of {reason.replace('_', ' ')}" if reason else ""
        found.append(OurTask(str(task["subject"]), str(task["play"]), due, status, reason, f"{told}."))
    return tuple(found)


def _last_words(feedback: pd.DataFrame | None, account: str) -> dict[str, tuple[str | None, str | None, date | None]]:
    if feedback is None:
        return {}
    rows = feedback[(feedback["account_id"] == account) & (feedback["kind"] == "task_outcome")]
    rows = rows[rows["task_key"].notna()].sort_values(["recorded_at", "feedback_id"], kind="stable")
    return {
        str(r["task_key"]): (
            None if pd.isna(r["value"]) else str(r["value"]).strip().lower(),
            None if pd.isna(r["reason"]) else str(r["reason"]),
            _day(r["recorded_at"]),
        )
        for r in rows.to_dict("records")
    }


def _goal(name: str, kind: str, due: date | None, reached: date | None, as_of: date) -> Goal:
    shown = name.replace("_", " ")
    status = "reached" if reached else "overdue" if due and due < as_of else "open"
    if reached:
        told = f"{shown}: reached on {long_date(reached)}"
        told += f", due {long_date(due)}" if due and due != reached else ""
    elif due:
        told = f"{shown}: {'was due' if status == 'overdue' else 'open, due'} {long_date(due)}"
        told += ", not reached yet" if status == "overdue" else ""
    else:
        told = f"{shown}: open, no date agreed"
    return Goal(shown, "goal" if kind == "goal" else "task", status, due, reached, f"{told[0].upper()}{told[1:]}.")  # type: ignore[arg-type]


def _day(value: Any) -> date | None:
    return None if value is None or pd.isna(value) else pd.Timestamp(value).date()
