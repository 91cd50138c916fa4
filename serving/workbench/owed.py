"""What is owed to accounts before a week ends: contacts of the cadence, steps of the playbooks, promised plays."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

import pandas as pd

from policy.policy import Policy
from serving.workbench.capacity import play_hours
from serving.workbench.journey.cadence import Owed
from serving.workbench.plays.renewal import PLAY as RENEWAL
from serving.workbench.plays.step import WEEK, Step
from serving.workbench.promises import Promise

COLUMNS = ["account_id", "what", "role", "hours", "due_on", "overdue"]
CHECK_IN, UNPAID = re.compile(r"check_in_\d+"), re.compile(r"mail_\d+|escalation_.*")
ROUND = ("assess", "reach_out", "diagnose", "plan")
"""The steps among which the hours of a prevention play are shared; its check-ins take their own."""


def owed_work(
    contacts: Iterable[Owed], steps: Iterable[Step], promised: Iterable[Promise], policy: Policy, as_of: date
) -> pd.DataFrame:
    """COLUMNS of everything that falls due before the week from `as_of` on ends; overdue where it fell due before it.

    `contacts` are those of the cadence (S3, S6), `steps` those of the plays. Role is null for what falls to the
    account's owner. Nothing counts twice: an account has one check-in at most, whoever asks for it, and one this week
    makes up for those that were missed; steps of a play that is promised are in its hours, and so is the renewal where
    preparing it is promised. A promise counts in full this week, whenever it is or was due. Mails go out by themselves,
    and the policy gives nobody hours for being told of a breach.
    """
    ends = datetime.combine(as_of, time()) + WEEK
    plays = list(promised)
    rows: list[tuple[Any, ...]] = [(p.account_id, "play", p.role, p.hours, p.due_at.date(), False) for p in plays]
    asked = {(p.account_id, p.play) for p in plays}
    calls: dict[str, tuple[Any, ...]] = {}

    def check_in(account: str, role: str | None, due_on: date) -> None:
        row = (account, "check_in", role, policy.capacity.check_in_hours, due_on, due_on < as_of)
        held = calls.get(account)
        if held is None or (held[5], held[4]) > (row[5], row[4]):
            calls[account] = row

    for contact in contacts:
        if contact.due_on >= ends.date():
            continue
        if contact.kind == "check_in":
            check_in(contact.account_id, None, contact.due_on)
        elif contact.kind == "review":
            late = contact.due_on < as_of
            rows.append((contact.account_id, "qbr", None, policy.capacity.qbr_hours, contact.due_on, late))
    for step in steps:
        if step.state not in ("open", "overdue") or step.due_at >= ends:
            continue
        if UNPAID.fullmatch(step.step):
            continue
        due_on = step.due_at.date()
        if CHECK_IN.fullmatch(step.step):
            check_in(step.account_id, step.owner_type, due_on)
        elif (step.account_id, _work(step, policy)) not in asked:
            what = "onboarding" if step.kind == "onboarding" else "step"
            late = step.due_at < datetime.combine(as_of, time())
            rows.append((step.account_id, what, step.owner_type, _hours(step, policy), due_on, late))
    rows += calls.values()
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.astype({"role": object, "hours": float, "overdue": bool})


def _work(step: Step, policy: Policy) -> str:
    """The play whose work the step is."""
    return policy.plays["contract"].play if step.play == RENEWAL else step.play


def _hours(step: Step, policy: Policy) -> float:
    """Hours of one step: those of its play, shared evenly among its steps."""
    if step.kind == "onboarding":
        return policy.capacity.onboarding_hours
    name = _work(step, policy)
    steps = next((p.steps for p in policy.plays.values() if p.play == name), policy.plays["default"].steps)
    return play_hours(name, policy) / max(len(ROUND if step.kind == "prevention" else steps), 1)
