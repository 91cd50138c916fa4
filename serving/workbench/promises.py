"""What is promised to accounts by the tasks of scoring runs, and what people said should be left alone for now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple

from policy.policy import Policy
from serving.episodes import Level, episode_began
from serving.workbench.capacity import play_hours, play_role
from serving.workbench.plays.closing import recorded
from serving.workbench.plays.said import Said, Snooze, Words, snooze

Levels = Mapping[date, Level]
LOST = "no"
"""The answer to whether an account can be saved that ends the work on it."""


@dataclass(frozen=True)
class Promise:
    """A play that was asked for and has an open task: how long it takes and whose it is. `due_at` is UTC, naive."""

    account_id: str
    play: str
    due_at: datetime
    hours: float
    role: str


class Aside(NamedTuple):
    """An account that nobody should choose this week, by what people said; `until` is exclusive, null for this episode."""

    status: Literal["snoozed", "settled"]
    until: date | None
    why: str


def promises(
    tasks: Iterable[Mapping[str, Any]],
    levels: Mapping[str, Levels],
    words: Words,
    as_of: date,
    policy: Policy,
) -> tuple[list[Promise], dict[str, Aside]]:
    """(promises by due time, accounts to be left alone), of accounts that were scored on the day.

    `tasks` are rows of the tasks of all runs so far, with `on`, the day of the run. A promise stands until people say
    that all its tasks are over, or the account's episode of risk has ended; one whose open tasks are all put off by a
    snooze that counts waits. An account is settled where every task of the episode is over and it did not get worse
    since, or where a diagnosis says that it cannot be saved; a promise that stands outweighs both.
    """
    by_play: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for task in tasks:
        account = str(task["account_id"])
        own = levels.get(account, {})
        began = episode_began(own, policy.tasks.recovery.runs)
        if as_of in own and began is not None and task["on"] >= began:
            by_play.setdefault((account, str(task["play"])), []).append(task)
    found: list[Promise] = []
    waiting: dict[str, list[Snooze]] = {}
    for (account, play), rows in sorted(by_play.items()):
        open_ = [t for t in rows if not _over(words.get(str(t["task_key"])))]
        put_off = {str(t["task_key"]): _standing(words, t, levels[account], as_of, policy) for t in open_}
        due = [t["due_at"] for t in open_ if put_off[str(t["task_key"])] is None]
        if due:
            found.append(Promise(account, play, min(due), play_hours(play, policy), play_role(play, policy)))
        waiting.setdefault(account, []).extend(s for s in put_off.values() if s is not None)
    promised = {p.account_id for p in found}
    aside = {}
    for account, snoozes in waiting.items():
        if account in promised:
            continue
        if snoozes:
            last = max(snoozes, key=lambda s: s.until or date.min)
            aside[account] = Aside("snoozed", last.until, last.why or "")
        else:
            rows = [t for (a, _), of_play in by_play.items() if a == account for t in of_play]
            if (why := _settled(rows, levels[account], words, as_of, policy)) is not None:
                aside[account] = Aside("settled", None, why)
    return sorted(found, key=lambda p: (p.due_at, p.account_id, p.play)), aside


def _over(said: Said | None) -> bool:
    return said is not None and said.over


def _standing(words: Words, task: Mapping[str, Any], levels: Levels, as_of: date, policy: Policy) -> Snooze | None:
    said = words.get(str(task["task_key"]))
    if said is None:
        return None
    before = [day for day in levels if day <= said.on.date()]
    then = levels[max(before)] if before else levels[as_of]
    found = snooze(said, then, levels[as_of], as_of, policy.tasks)
    return found if found is not None and found.stands else None


def _settled(
    rows: Iterable[Mapping[str, Any]], levels: Levels, words: Words, as_of: date, policy: Policy
) -> str | None:
    worst, last = Level(0, False), None
    for task in rows:
        key = str(task["task_key"])
        _, answer = recorded(words.get(f"{key.rpartition(':')[0]}:diagnose|{key.rpartition('|')[2]}"), (), policy.tasks)
        if answer == LOST:
            return "its diagnosis says that it cannot be saved"
        then, said = levels.get(task["on"], Level(0, False)), words[key]
        worst = Level(max(worst.health, then.health), worst.risk or then.risk)
        last = said.on.date() if last is None else max(last, said.on.date())
    return None if levels[as_of].worse_than(worst) else f"its tasks were done by {last}"
