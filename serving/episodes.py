"""Whether an account needs a play's tasks (again): once an episode of risk, and anew where it got worse than they knew.

An episode goes on from run to run until enough runs in a row find the account at no risk (`tasks.recovery.runs`). It is
read from what earlier runs published and what people said of their tasks before this one, so a replay gives the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

UNDER_WAY = frozenset(
    {"open", "not started", "not_started", "in progress", "in_progress", "waiting", "waiting on someone else"}
)
"""What is said of a task that is still being worked on, in small letters; whatever else is said of one, it is over."""


class Level(NamedTuple):
    """How bad it is: health 2 red, 1 yellow, 0 neither; whether the risk is high."""

    health: int
    risk: bool

    @property
    def at_risk(self) -> bool:
        """Yellow, red, or of high risk."""
        return self.health > 0 or self.risk

    def worse_than(self, other: Level) -> bool:
        """In health or in risk.

        >>> level("red", "low").worse_than(level("yellow", "high")), level("yellow", "low").worse_than(level("red", "high"))
        (True, False)
        """
        return self.health > other.health or (self.risk and not other.risk)


class Published(NamedTuple):
    """A task of an earlier run."""

    account_id: str
    as_of: date
    play: str
    task_key: str


class Asked(NamedTuple):
    """A play that was asked for in the episode that goes on: whether a task of it is open, and how bad it was at worst."""

    open: bool
    level: Level

    def again(self, now: Level) -> bool:
        """Whether it is asked for once more."""
        return not self.open and now.worse_than(self.level)


Standing = Mapping[tuple[str, str], Asked]
"""By account and play."""


def level(health_tier: object, risk_tier: object) -> Level:
    """Of two tiers; an unknown one is none."""
    rank = {"red": 2, "yellow": 1}.get(health_tier, 0) if isinstance(health_tier, str) else 0
    return Level(rank, isinstance(risk_tier, str) and risk_tier == "high")


def standing(
    levels: Mapping[str, Mapping[date, Level]], tasks: Iterable[Published], over: Collection[str], *, runs: int
) -> Standing:
    """The plays asked for in the episode that goes on, from each account's levels at the runs before this one.

    `over` are the keys of tasks that are done with; of an episode without a run that saw it nothing stands.
    """
    found: dict[tuple[str, str], Asked] = {}
    began = {account: episode_began(known, runs) for account, known in levels.items()}
    for task in tasks:
        start = began.get(task.account_id)
        if start is None or task.as_of < start:
            continue
        then = levels[task.account_id].get(task.as_of, Level(0, False))
        known = found.get((task.account_id, task.play), Asked(False, then))
        worst = Level(max(known.level.health, then.health), known.level.risk or then.risk)
        found[task.account_id, task.play] = Asked(known.open or task.task_key not in over, worst)
    return found


def episode_began(levels: Mapping[date, Level], runs: int) -> date | None:
    """The first run of the episode that goes on, a few calm ones before it perhaps; null where there is none."""
    calm, began = 0, None
    for day in sorted(levels, reverse=True):
        calm = 0 if levels[day].at_risk else calm + 1
        if calm == runs:
            break
        began = day
    return began
