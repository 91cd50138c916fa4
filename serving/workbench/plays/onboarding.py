"""What is due in an account's first days: the tasks (O1), the e-mails and the check-ins (O2), by its touch model."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from policy.journey import mails_due
from policy.policy import Policy
from serving.due import end_of
from serving.workbench.plays.account import Account
from serving.workbench.plays.rows import Row, day_of
from serving.workbench.plays.step import Step

PLAY = "onboarding"
MAILS_BY = "cs_operations"
"""Who sees to the mails, which go out by themselves."""
CALLS = frozenset({"call", "meeting"})


@dataclass(frozen=True)
class FirstDays:
    """What is on record of an account's beginning, all of it before as_of.

    `reached` are names of milestones that were reached, in small letters; the others are days since the start.
    """

    reached: Collection[str] = ()
    first_value: bool = False
    mails: tuple[date, ...] = ()
    calls: tuple[date, ...] = ()
    trained: bool = False


def first_days(milestones: Iterable[Row], touches: Iterable[Row], started_on: date) -> FirstDays:
    """What is on record, from the account's milestones and touchpoints."""
    steps = [row for row in milestones if row.get("reached_at") is not None]
    since = [(row, day) for row in touches if (day := day_of(row["occurred_at"])) is not None and day >= started_on]
    ours = [(row, day) for row, day in since if row["direction"] == "ours"]
    return FirstDays(
        frozenset(plain_name(str(row["milestone"])) for row in steps),
        any(row["kind"] == "first_value" for row in steps),
        tuple(sorted(day for row, day in ours if row["kind"] == "email")),
        tuple(sorted(day for row, day in ours if row["kind"] in CALLS and row.get("attended") is not False)),
        any(row["kind"] == "training" and row.get("attended") is not False for row, _ in since),
    )


def onboarding_steps(account: Account, seen: FirstDays, over: Iterable[str], as_of: date, policy: Policy) -> list[Step]:
    """Every step of the account's first days with its due time; once they are over, what was left undone, for a while.

    Touch models of `mail_only` get the e-mails alone. A step is done where a milestone of its name is reached or its
    task is closed; the n-th mail and check-in also where so many have gone out. Whatever is past due and on no record
    is told as overdue.
    """
    rule, days = policy.onboarding, account.days(as_of)
    if days is None or days >= rule.tenure_days + rule.grace_days or account.started_on is None:
        return []
    done, steps, touch = set(over), [], account.touch
    planned: list[tuple[str, str, int, str, bool]] = []
    if touch not in rule.mail_only:
        for task in rule.tasks:
            planned.append((_slug(task.task), task.task, task.due_day, task.owner_type, _is_done(task.task, seen)))
    due = mails_due(touch or "", rule)
    for kind, made, what, role in (
        ("mail", seen.mails, "Send the e-mail", MAILS_BY),
        ("check_in", seen.calls, "Check in", policy.segments.owner_types[0]),
    ):
        for place, day in enumerate(due[kind], 1):
            planned.append((f"{kind}_{day}", f"{what} of day {day}", day, role, len(made) >= place))
    for step, text, day, role, is_done in planned:
        one = Step(
            account.account_id,
            "onboarding",
            PLAY,
            step,
            account.started_on.isoformat(),
            f"{text[0].upper()}{text[1:]}" + ("" if f"day {day}" in text else f" (day {day})"),
            f"Due by day {day} after the start.",
            role if role in policy.segments.owner_types else policy.segments.owner_types[0],
            end_of(account.started_on + timedelta(days=day), account.zone, policy.tasks),
            since=account.started_on,
            success_metric=policy.plays["onboarding"].success_metric,
        )
        steps.append(one.judged(as_of, is_done or one.key in done))
    if days >= rule.tenure_days:
        steps = [step for step in steps if step.state != "done"]
    return sorted(steps, key=lambda s: (s.due_at, s.step))


def _is_done(task: str, seen: FirstDays) -> bool:
    if any(names_task(name, task) for name in seen.reached):
        return True
    name = plain_name(task)
    return (
        (name == "first value reached" and seen.first_value)
        or (name == "training" and seen.trained)
        or (name == "welcome mail" and bool(seen.mails))
    )


def names_task(milestone: str, task: str) -> bool:
    """Whether a milestone is that task of the policy, however its name is written; what follows a colon may be missing.

    >>> names_task("Product_Setup", "product setup"), names_task("kickoff", "kickoff: goals, timeline")
    (True, True)
    """
    return plain_name(milestone) in (plain_name(task), plain_name(task.partition(":")[0]))


def plain_name(name: str) -> str:
    """A name in small letters and single spaces.

    >>> plain_name("Sales_Handoff: done")
    'sales handoff done'
    """
    return " ".join(re.findall(r"[a-z0-9]+", name.lower()))


def _slug(name: str) -> str:
    return plain_name(name).replace(" ", "_")
