"""Whether what is scheduled has run: what a watchdog asks, since a machine that stands still tells nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pipelines.run_report import reports
from pipelines.settings import Project
from pipelines.settings_schedule import NEVER, last_due

WATCHED = ("weekly", "daily", "monthly")
GRACE = timedelta(hours=6)
"""How long after it was due a run may still be on its way."""
SHOWN = ("run", "started", "finished", "outcome", "code", "page")


def due_runs(project: Project, now: datetime) -> list[dict[str, Any]]:
    """Each run of [schedule]: `due`, the last time it was, more than `GRACE` ago; `late`, where none that began since
    then has ended well; `run`, its last one whatever became of it, null where there was none.
    """
    section, found = project.settings.schedule, []
    for what in WATCHED:
        cron = getattr(section, what)
        if cron == NEVER:
            continue
        due = last_due(cron, section.timezone, now - GRACE)
        made = list(reports(project, what))
        done = any(one["outcome"] == "done" and datetime.fromisoformat(one["started"]) >= due for one in made)
        last = {name: made[0][name] for name in SHOWN} if made else None
        found.append({"what": what, "cron": cron, "due": due.isoformat(), "late": not done, "run": last})
    return found
