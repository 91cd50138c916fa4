"""The churn-prevention play of an account, step by step: assess, reach out, diagnose, plan, check in until it is well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any

from policy.errors import UsageError
from policy.policy import Policy
from policy.work import Play
from serving.due import due
from serving.episodes import Level, episode_began
from serving.workbench.plays import escalation
from serving.workbench.plays.account import Account
from serving.workbench.plays.attention import attended
from serving.workbench.plays.closing import QUESTIONS, action_text, close, recorded
from serving.workbench.plays.message import draft_in
from serving.workbench.plays.reentry import round_of
from serving.workbench.plays.said import Words
from serving.workbench.plays.step import Step, owner_type, steps_text
from serving.workbench.plays.success import Scores, green_on, recovered_on

EARLY = ("assess", "reach_out")
"""Steps whose tasks the scoring run itself makes."""
BY_ITS_STAGES = "What prepares the renewal stands in its own steps, by their stages."


@dataclass(frozen=True)
class Begun:
    """A play's round: the run that asked for it, when that was published, its tasks by step, and how it began before.

    `reach_out` is what its task to reach out says.
    """

    account_id: str
    play: str
    on: date
    published_at: datetime
    due_at: Mapping[str, datetime]
    keys: Mapping[str, str]
    reach_out: str
    earlier: Sequence[date] = ()
    ended: Sequence[date] = ()

    @property
    def period(self) -> str:
        """The part of its keys that tells this round from others."""
        return self.keys["assess"].rpartition("|")[2]


Levels = Mapping[date, Level]


def rounds(
    tasks: Iterable[Mapping[str, Any]],
    published: Mapping[date, datetime],
    levels: Mapping[str, Levels],
    *,
    runs: int,
) -> list[Begun]:
    """The play that was asked for last in the episode that goes on, one for each account.

    `tasks` are rows of the tasks of all runs so far, with `on`, the day of the run. Those of an episode that is over
    are told as earlier rounds.
    """
    found: dict[tuple[str, str], dict[date, list[Mapping[str, Any]]]] = {}
    for row in tasks:
        of_play = found.setdefault((str(row["account_id"]), str(row["play"])), {})
        of_play.setdefault(row["on"], []).append(row)
    begun = []
    for (account, play), by_day in sorted(found.items()):
        start = episode_began(levels.get(account, {}), runs)
        current = [day for day in by_day if start is not None and day >= start]
        if not current:
            continue
        day = max(current)
        steps = {str(r["step"]): r for r in by_day[day]}
        if set(EARLY) - set(steps):
            continue
        begun.append(
            Begun(
                account,
                play,
                day,
                published[day],
                {s: r["due_at"] for s, r in steps.items()},
                {s: str(r["task_key"]) for s, r in steps.items()},
                str(steps["reach_out"]["body"]),
                tuple(sorted(by_day)),
                tuple(ended_on(levels.get(account, {}), runs)),
            )
        )
    # Two plays of one account are one story: its newest is gone on with, the tasks of the other stand as they are.
    newest: dict[str, Begun] = {}
    for one in begun:
        if one.account_id not in newest or one.on > newest[one.account_id].on:
            newest[one.account_id] = one
    return list(newest.values())


def ended_on(levels: Levels, runs: int) -> list[date]:
    """The runs at which an episode of risk was over: the last of `runs` calm ones."""
    return _episodes(levels, runs)[0]


def goes_on(levels: Levels, runs: int) -> bool:
    """Whether an episode of risk goes on: one calm run alone does not end it."""
    return _episodes(levels, runs)[1]


def _episodes(levels: Levels, runs: int) -> tuple[list[date], bool]:
    found, calm, ill = [], 0, False
    for day in sorted(levels):
        calm = 0 if levels[day].at_risk else calm + 1
        ill = ill or levels[day].at_risk
        if ill and calm == runs:
            found.append(day)
            ill = False
    return found, ill


def prevention(
    one: Begun,
    account: Account,
    levels: Levels,
    scores: Scores,
    words: Words,
    contacts: Sequence[date],
    as_of: date,
    policy: Policy,
    renewing: bool = False,
) -> list[Step]:
    """The steps of a round in order, up to the first that is open; done ones are listed with it.

    `contacts` are days of calls and meetings with the customer, which count as check-ins. Check-ins are weekly from
    the plan on and end with the recovery; each one missed stays overdue. Without a recorded cause and an answer to
    whether the account can be saved the play stays open, whatever else is done (I3, I4).
    While the account is `renewing`, what prepares a renewal stands in the stages of that, by their own days, and not
    here a second time.
    """
    tasks, play = policy.tasks, _play(one.play, policy)
    # It was green when it began, for its risk alone: it is well again once that is no longer high.
    risky = {day for day in levels if levels[day].risk} if green_on(scores, one.on, policy) else set()
    recovered = recovered_on(scores, one.on, policy, risky)
    plan_due = due(one.published_at, tasks.plan_hours, account.zone, tasks)
    said = {step: words.get(_key(one, step)) for step in (*EARLY, "diagnose", "plan")}
    cause, answer = recorded(said["diagnose"], [s for s in said.values() if s is not None], tasks)
    lacks = _lacks(cause, answer, policy)
    what = BY_ITS_STAGES if renewing and play == policy.plays["contract"] else steps_text(play)
    found = []
    for step, due_at, subject, body in (
        ("assess", one.due_at["assess"], "Assess what the data show", what),
        ("reach_out", one.due_at["reach_out"], "Reach out about what we noticed", one.reach_out),
        (
            "diagnose",
            due(one.published_at, tasks.diagnose_hours, account.zone, tasks),
            "Find the cause, and whether the account can be saved",
            "Ask:\n" + "\n".join(f"- {q}" for q in QUESTIONS),
        ),
        ("plan", plan_due, "Agree a plan with dates", f"{action_text(cause, tasks)}\n\n{what}"),
    ):
        word = said[step]
        done = word is not None and word.over and not (step == "diagnose" and lacks)
        found.append(_step(one, account, step, subject, body, due_at, done, as_of, policy))
    message = draft_in(one.reach_out)
    found[1] = replace(found[1], draft=message.text, note=message.held_back)
    if lacks:
        found[2] = replace(found[2], note=lacks)
    if recovered is None or recovered > as_of:
        found += _check_ins(one, account, plan_due, words, contacts, as_of, policy)
    elif not lacks:
        found = [replace(step, state="done") for step in found]
    found = _looked_at(found, one, account, levels, words, as_of, policy)
    passed_on = _passed_on(found, one, account, words, as_of, policy)
    return [*found, *(attended(step, words, levels, None, as_of, tasks) for step in passed_on)]


def _check_ins(
    one: Begun,
    account: Account,
    plan_due: datetime,
    words: Words,
    contacts: Sequence[date],
    as_of: date,
    policy: Policy,
) -> list[Step]:
    """Those that have fallen due, and the next."""
    every, found = timedelta(days=policy.tasks.check_in_days), []
    for place in count(1):
        due_at, step = plan_due + place * every, f"check_in_{place}"
        word = words.get(_key(one, step))
        held = any((due_at - every).date() < day <= due_at.date() for day in contacts)
        body = "Ask what has changed since the last talk, and celebrate what went well."
        done = held or (word is not None and word.over)
        made = _step(one, account, step, f"Check in, time {place}", body, due_at, done, as_of, policy)
        # One that was missed has been told when it was the next; it is listed, and only the next is told again.
        found.append(replace(made, delivered=made.state == "open"))
        if due_at >= datetime.combine(as_of, time()):
            return found
    return found


def _step(
    one: Begun,
    account: Account,
    step: str,
    subject: str,
    body: str,
    due_at: datetime,
    done: bool,
    as_of: date,
    policy: Policy,
) -> Step:
    play = _play(one.play, policy)
    return Step(
        account.account_id,
        "prevention",
        one.play,
        step,
        one.period,
        f"{subject}: {one.play}",
        body,
        owner_type(play, policy),
        due_at,
        since=one.on,
        success_metric=play.success_metric,
        delivered=step not in EARLY,
    ).judged(as_of, done)


def _looked_at(
    steps: list[Step], one: Begun, account: Account, levels: Levels, words: Words, as_of: date, policy: Policy
) -> list[Step]:
    """The steps with who looks at each, and those that were put off."""
    again, found = round_of(one.earlier, one.ended, policy.tasks), []
    for step in steps:
        seen = attended(step, words, levels, None, as_of, policy.tasks)
        if seen.state in ("done", "snoozed"):
            found.append(seen)
            continue
        place = max(escalation.level(step.due_at, account.touch, account.zone, as_of, policy.tasks), again.to_manager)
        notes = [n for n in (seen.note, again.note) if n]
        found.append(replace(seen, level=escalation.name(place, policy.tasks), note="; ".join(notes) or None))
    return found


def _passed_on(
    steps: Sequence[Step], one: Begun, account: Account, words: Words, as_of: date, policy: Policy
) -> list[Step]:
    """A step for every level that a breach has reached beyond the first: somebody else has to see it, not only the owner.

    It is due as soon as an assessment is: so many hours after the oldest breach, or for the last level after it.
    """
    late = [step for step in steps if step.state == "overdue"]
    if not late:
        return []
    oldest, found, tasks = min(step.due_at for step in late), [], policy.tasks
    reached = escalation.level(oldest, account.touch, account.zone, as_of, tasks)
    for place in range(1, reached + 1):
        since = oldest if place == 1 else due(oldest, tasks.executive_after_hours, account.zone, tasks)
        role, due_at = escalation.name(place, tasks), due(since, tasks.assess_hours, account.zone, tasks)
        body = "Past due:\n" + "\n".join(f"- {s.subject}, since {s.due_at:%Y-%m-%d %H:%M} UTC" for s in late)
        step = f"escalation_{role}"
        done = (word := words.get(_key(one, step))) is not None and word.over
        made = _step(
            one, account, step, f"For the {role}: {len(late)} steps are past due", body, due_at, done, as_of, policy
        )
        found.append(replace(made, owner_type=role, level=role))
    return found


def _lacks(cause: str | None, answer: str | None, policy: Policy) -> str | None:
    """Why the play cannot be closed; null where it can."""
    try:
        close(cause, answer, policy.tasks)
    except UsageError as error:
        return str(error)
    return None


def _key(one: Begun, step: str) -> str:
    return one.keys.get(step) or f"{one.account_id}|{one.play}:{step}|{one.period}"


def _play(name: str, policy: Policy) -> Play:
    return next((play for play in policy.plays.values() if play.play == name), policy.plays["default"])
