"""What the record says of a step that is not done: somebody put it off, or it was due before anybody looked (I7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, time

from policy.work import Tasks
from serving.episodes import Level
from serving.workbench.plays.said import Snooze, Words, snooze
from serving.workbench.plays.step import Step

BEFORE = "not done before the first run"


def attended(
    step: Step, words: Words, levels: Mapping[date, Level], first_run: date | None, as_of: date, tasks: Tasks
) -> Step:
    """The step as snoozed where a snooze stands, as missed where it fell due before the first run that ever looked.

    Nobody could know of a missed one: it is listed, and passed on to nobody. A snooze that does not stand says why.
    """
    if step.state == "done":
        return step
    put_off = _snoozed(step, words, levels, as_of, tasks)
    if put_off is not None and put_off.stands:
        return replace(step, state="snoozed", level=None, snoozed_until=put_off.until, snoozed_why=put_off.why)
    notes = [step.note, None if put_off is None else put_off.refused]
    if step.state == "overdue" and first_run is not None and step.due_at < datetime.combine(first_run, time()):
        step = replace(step, state="missed", level=None)
        notes.append(BEFORE)
    return replace(step, note="; ".join(filter(None, notes)) or None)


def _snoozed(step: Step, words: Words, levels: Mapping[date, Level], as_of: date, tasks: Tasks) -> Snooze | None:
    said = words.get(step.key)
    if said is None:
        return None
    now = levels[max(levels)] if levels else Level(0, False)
    before = [day for day in levels if day <= said.on.date()]
    return snooze(said, levels[max(before)] if before else now, now, as_of, tasks)
