"""The brief of a business review: the sheet that the customer sees, and what is for us alone.

The two are records of their own: nothing of `ForUs` can reach a page that is made from a `Sheet`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal


@dataclass(frozen=True)
class Listed:
    """Lines of a list, cut to what the time allows; `more` counts those left out."""

    lines: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True)
class Part:
    """One of the six parts of the meeting, with its minutes."""

    key: str
    title: str
    minutes: int


@dataclass(frozen=True)
class Goal:
    """A goal, or an action agreed before, with its status as of the day."""

    name: str
    kind: Literal["goal", "task"]
    status: Literal["reached", "open", "overdue"]
    due_on: date | None
    reached_on: date | None
    told: str


@dataclass(frozen=True)
class Movement:
    """One figure at the beginning and the end of the period; null where it was not known."""

    indicator: str
    label: str
    before: float | None
    after: float | None
    before_text: str
    after_text: str
    direction: Literal["up", "down", "unchanged", "unknown"]
    for_the_better: bool | None
    """Null where it did not move enough to say, or where neither way is better."""


@dataclass(frozen=True)
class Benchmark:
    """The account's own value beside those of other accounts of its segment; never a value of one of them.

    Each figure of the peers is a mean of several of them. All three are null, with the reason in `withheld`, where there
    are too few.
    """

    indicator: str
    label: str
    own: float | None
    own_text: str
    peers: int
    lower: float | None
    median: float | None
    upper: float | None
    lower_text: str
    median_text: str
    upper_text: str
    withheld: str


@dataclass(frozen=True)
class Request:
    """A feature request of the account, and where it stands."""

    text: str
    asked_on: date
    status: Literal["answered", "open", "overdue"]
    answered_on: date | None
    answer_due: date | None
    told: str


@dataclass(frozen=True)
class Week:
    """Daily logins of one week; null where nothing is known."""

    begins: date
    logins: int | None


@dataclass(frozen=True)
class Recap:
    """What was agreed, and what became of it."""

    last_review: str
    goals: tuple[Goal, ...]
    goals_more: int
    actions: tuple[Goal, ...]
    actions_more: int


@dataclass(frozen=True)
class BusinessReview:
    """What the customer set out for, what was won in the period, and what is still open between us."""

    kickoff_goals: tuple[Goal, ...]
    kickoff_goals_more: int
    wins: Listed
    still_open: Listed
    questions: tuple[str, ...]


@dataclass(frozen=True)
class UsageReview:
    """How the product is used: before and after, by week, and beside similar customers."""

    movements: tuple[Movement, ...]
    weeks: tuple[Week, ...]
    benchmarks: tuple[Benchmark, ...]
    segment: str
    least_peers: int
    """Other customers below which nothing is compared."""


@dataclass(frozen=True)
class Roadmap:
    """The customer's wishes with their status, and what only the product team can fill in."""

    requests: tuple[Request, ...]
    requests_more: int
    to_fill_in: tuple[str, ...]


@dataclass(frozen=True)
class NextSteps:
    """What comes next: open goals and actions, trainings that the numbers speak for, further use where it is time."""

    goals: tuple[Goal, ...]
    goals_more: int
    no_goals: str
    """What to say where no goal goes on: all are reached, or none was ever recorded."""
    actions: tuple[Goal, ...]
    actions_more: int
    to_agree: tuple[str, ...]
    training: Listed
    further_use: str
    """Empty where it is not the time to talk of more."""


@dataclass(frozen=True)
class Feedback:
    """What the customer said before, and what is asked now."""

    heard: Listed
    questions: tuple[str, ...]
    routed: str


@dataclass(frozen=True)
class Sheet:
    """What the customer may see: their own numbers, goals and wishes. It holds nothing that we estimate of them."""

    name: str
    as_of: date
    since: date
    minutes: int
    parts: tuple[Part, ...]
    recap: Recap
    business_review: BusinessReview
    usage_review: UsageReview
    roadmap: Roadmap
    next_steps: NextSteps
    feedback: Feedback


@dataclass(frozen=True)
class OurTask:
    """A task of an earlier run, and what was said of it."""

    subject: str
    play: str
    due_on: date | None
    status: str
    reason: str | None
    told: str


@dataclass(frozen=True)
class ForUs:
    """Preparation, never shown: what we estimate, why, and what we did about it."""

    owner: str | None
    arr: float | None
    term_ends_on: date | None
    health_score: float | None
    health_tier: str
    health_parts: Mapping[str, float | None]
    risk_tier: str | None
    probability: float | None
    horizon_days: int | None
    reasons: tuple[str, ...]
    signals: tuple[str, ...]
    tasks: tuple[OurTask, ...]
    tasks_more: int
    expansion_allowed: bool
    expansion_reason: str
    recovery: str = ""
    """The way back to green in a sentence; empty where nobody has looked for it."""
    comments: Listed = field(default_factory=Listed)


@dataclass(frozen=True)
class Brief:
    """Both halves of one account's business review."""

    account_id: str
    sheet: Sheet
    ours: ForUs
