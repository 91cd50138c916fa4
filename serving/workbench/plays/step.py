"""One step of a play: what is due when, by whom, and the task it becomes in the CRM."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Literal

import pandas as pd

from policy.policy import Policy
from policy.work import Play
from serving.tasks import COLUMNS
from serving.workbench.plays.account import Account

State = Literal["open", "overdue", "done", "snoozed", "missed"]
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Step:
    """A step that stands. Times are UTC and naive.

    `kind` is the playbook: prevention, renewal, expansion, win_back or onboarding. `owner_type` is a role of the
    policy, for a breach that was passed on a level of its escalation. `level` is who looks at it now (I11). `draft` is the message to the customer, null where nothing may be said.
    """

    account_id: str
    kind: str
    play: str
    step: str
    period: str
    subject: str
    body: str
    owner_type: str
    due_at: datetime
    state: State = "open"
    since: date | None = None
    level: str | None = None
    success_metric: str | None = None
    snoozed_until: date | None = None
    snoozed_why: str | None = None
    draft: str | None = None
    note: str | None = None
    owner_id: str | None = None
    delivered: bool = True
    """Whether it may become a task; a step that `churn score` has made a task of already may not."""

    @property
    def key(self) -> str:
        """The key of its task: it does not change between the runs that find the step."""
        return f"{self.account_id}|{self.play}:{self.step}|{self.period}"

    def judged(self, as_of: date, done: bool) -> Step:
        """The step with its state: done, overdue once its time has passed, else open."""
        if done:
            return replace(self, state="done")
        late = self.due_at < datetime.combine(as_of, time())
        return replace(self, state="overdue" if late else "open")


def account_in(key: str) -> str:
    """The account of a task, by its key.

    >>> account_in("acme|east|renewal:stage_90|2026-07-01")
    'acme|east'
    """
    return key.rsplit("|", 2)[0]


def step_in(key: str, play: str) -> str | None:
    """The step of a play that a task's key names; null where it is of another play.

    >>> step_in("a|renewal:stage_90|2026-07-01", "renewal"), step_in("a|renewal:stage_90|2026-07-01", "win back")
    ('stage_90', None)
    """
    of_play, _, step = key.rsplit("|", 2)[1].rpartition(":") if key.count("|") > 1 else ("", "", "")
    return step if of_play == play else None


def owner_type(play: Play, policy: Policy) -> str:
    """Who does a play; the first role of the policy where the play names none."""
    return play.owner_type or policy.segments.owner_types[0]


def steps_text(play: Play) -> str:
    """A play's steps as a numbered list, each with its day."""
    days = play.step_days or (None,) * len(play.steps)
    return "\n".join(
        f"{place}. {step}" + ("" if day is None else f" (within {day} day{'' if day == 1 else 's'})")
        for place, (step, day) in enumerate(zip(play.steps, days, strict=True), 1)
    )


def frame_of(steps: Iterable[Step]) -> pd.DataFrame:
    """The steps as `plays.parquet` holds them: one row each, with its key."""
    names = [name for name in Step.__dataclass_fields__ if name != "delivered"]
    rows = [{"task_key": step.key, **{name: getattr(step, name) for name in names}} for step in steps]
    found = pd.DataFrame(rows, columns=["task_key", *names])
    return found.astype({"due_at": "datetime64[us]"} | dict.fromkeys(("level", "draft", "note", "owner_id"), "string"))


def tasks_of(
    steps: Iterable[Step], accounts: Mapping[str, Account], known: Collection[str], as_of: date, run_id: str
) -> pd.DataFrame:
    """The tasks for the CRM, as serving/tasks.py has them: steps that fall due in the week before or after this day.

    A step is told once it is near and not before, and what is long overdue is listed and does not flood a first load.
    `known` are the accounts that some run has scored: a task of any other would meet a CRM that may lack the account.
    """
    first, last = datetime.combine(as_of, time()) - WEEK, datetime.combine(as_of, time()) + WEEK
    rows = []
    for step in steps:
        if not step.delivered or step.state not in ("open", "overdue") or step.account_id not in known:
            continue
        if not first <= step.due_at < last:
            continue
        account = accounts.get(step.account_id)
        rows.append(
            {
                "task_key": step.key,
                "account_id": step.account_id,
                "as_of": as_of,
                "run_id": run_id,
                "play": step.play,
                "step": step.step,
                "subject": step.subject,
                "body": f"For: {step.owner_type.replace('_', ' ')}\n\n{step.body}",
                "owner_id": step.owner_id,
                # The contract of tasks: never due before the snapshot that tells of it.
                "due_at": pd.Timestamp(max(step.due_at, datetime.combine(as_of, time()))),
                "priority": "high" if account is not None and account.tier == "red" else "normal",
            }
        )
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.sort_values(["due_at", "task_key"], ignore_index=True).astype({"due_at": "datetime64[us]"})
