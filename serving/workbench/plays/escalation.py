"""Who a breach is passed on to: CSM, manager, and an executive where the account is served that closely (I11)."""

from __future__ import annotations

from datetime import date, datetime, time

from policy.work import Tasks
from serving.due import due


def level(due_at: datetime, touch: str | None, zone: str | None, as_of: date, tasks: Tasks) -> int:
    """0 while a step is not past due, 1 once it is, 2 after `executive_after_hours` more; never beyond the levels.

    The last level exists for `executive_touch_models` alone, and only where there are three. A step that is due this
    moment is not breached yet.
    """
    now = datetime.combine(as_of, time())
    if due_at >= now:
        return 0
    highest = len(tasks.escalation) - 1
    if touch not in tasks.executive_touch_models:
        highest = min(highest, 1)
    further = due(due_at, tasks.executive_after_hours, zone, tasks) < now
    return min(highest, 2 if further else 1)


def name(place: int, tasks: Tasks) -> str:
    """Who stands at a level; the last one where there are fewer.

    >>> from policy.policy import load_policy
    >>> [name(place, load_policy().tasks) for place in (0, 1, 2, 9)]
    ['csm', 'manager', 'executive', 'executive']
    """
    return tasks.escalation[min(place, len(tasks.escalation) - 1)]
