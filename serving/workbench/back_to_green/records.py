"""What an account's way back to green is told as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Status = Literal["green", "reachable", "not_reachable", "unrated", "term_ends_first", "gone"]
"""green: nothing is needed; reachable: one of the goals; unrated: too little is known for a tier, and no change of one
input mends that; term_ends_first: before the day, and nobody knows yet whether another follows; gone: scored, but by
today's sources and settings no account of that day any more."""

Aim = Literal["health", "probability"]
"""Health at or above green; or a churn probability below the lowest that counts as high risk."""

Why = Literal["not_known", "nothing_to_gain", "no_further", "too_few_similar", "not_delivered", "no_segment"]
"""Why an input is not offered: nothing is known of it, it has all points, similar accounts got no further, too few are
known, its column is not delivered, or without a revenue there is no segment to be compared in."""


@dataclass(frozen=True)
class Offer:
    """An input that can be moved: how far, and how many similar accounts that rests on."""

    indicator: str
    value: float
    bound: float
    """The furthest value that the window allows and similar accounts reached."""
    similar_accounts: int


@dataclass(frozen=True)
class Change:
    """One input of the chosen set, before and after, in its own unit and in words."""

    indicator: str
    what: str
    before: float
    after: float
    bound: float
    before_text: str
    after_text: str
    hours: float
    similar_accounts: int


@dataclass(frozen=True)
class Goal:
    """What one of the two goals would take: the cheapest changes found, or where none reach it, what comes nearest.

    `every_set` says whether no cheaper set is left that was not tried: always so for health, for the probability where
    the sets are few enough to ask the model about all of them. Scores and probability are those of the changed row on
    the day; null where there is none.
    """

    aim: Aim
    reachable: bool
    every_set: bool
    hours: float
    changes: tuple[Change, ...]
    score_after: float | None
    probability_after: float | None


@dataclass(frozen=True)
class WayBack:
    """Whether an account can be back to green in time, and what that would take.

    `goals` holds each goal that the account has: health where it is not green, the probability where its risk is high and
    a model is there. `aim`, `hours`, `changes`, `score_after` and `probability_after` are those of the cheaper one that is
    reachable; where none is, of the first: everything within reach that adds to it, and the best there is. All scores are
    unrounded and computed anew from the row as it would stand on the day. Probabilities are null without a model,
    `probability_cut` is the lowest that counts as high risk.
    """

    account_id: str
    as_of: date
    by: date
    """Last day of the time that a recovery may take."""
    on: date
    """The last run within it: when the changed score would be seen."""
    term_ends_on: date | None
    """Where the term ends before that run and it is open whether another follows; scores then suppose that one does."""
    status: Status
    health_tier: str
    score: float | None
    score_at_rest: float | None
    """The score on the day if nothing is done: ages have grown, and what is past due is so for longer."""
    green_from: float
    aim: Aim | None
    score_after: float | None
    hours: float | None
    changes: tuple[Change, ...]
    goals: tuple[Goal, ...]
    similar_accounts: int
    """Other accounts of its segment whose whole score once stood as near as an input has to."""
    rose_as_much: int
    """Those of them whose score then rose in the same time by as much as the changes together would raise this one's."""
    not_offered: Mapping[str, Why]
    """Indicator → why it is not offered; `told.WHY` has the words."""
    risk_tier: str | None
    probability: float | None
    probability_after: float | None
    probability_cut: float | None
    headline: str
    """The answer in one short sentence, with which `sentence` begins."""
    sentence: str

    @property
    def below_cut(self) -> bool | None:
        """Whether the probability of the changed row would no longer count as high risk; null where unknown."""
        if self.probability_after is None or self.probability_cut is None:
            return None
        return self.probability_after < self.probability_cut
