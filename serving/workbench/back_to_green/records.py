"""What an account's way back to green is told as."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Status = Literal["green", "reachable", "not_reachable", "unrated"]
"""green: nothing is needed; unrated: too little is known for a tier, and no change of one input mends that."""

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
class WayBack:
    """Whether an account's health can be green again in time, with the cheapest changes that it would go with.

    `changes` are the cheapest set where the status is reachable; where it is not, everything within reach that adds to
    the score, and `score_after` is the best score. All scores are unrounded; `score_after` is computed anew from the
    changed row. Probabilities are null without a model, `probability_cut` is the lowest that counts as high risk.
    """

    account_id: str
    as_of: date
    by: date
    """Last day of the time that a recovery may take."""
    on: date
    """The last run within it: when the changed score would be seen."""
    status: Status
    health_tier: str
    score: float | None
    green_from: float
    score_after: float | None
    hours: float | None
    changes: tuple[Change, ...]
    similar_accounts: int
    """Other accounts of its segment whose whole score once stood as near as an input has to."""
    rose_as_much: int
    """Those of them whose score then rose in the same time by as much as all changes together would raise this one's."""
    not_offered: Mapping[str, Why]
    """Indicator → why it is not offered; `told.WHY` has the words."""
    risk_tier: str | None
    probability: float | None
    probability_after: float | None
    probability_cut: float | None
    sentence: str

    @property
    def below_cut(self) -> bool | None:
        """Whether the probability of the changed row would no longer count as high risk; null where unknown."""
        if self.probability_after is None or self.probability_cut is None:
            return None
        return self.probability_after < self.probability_cut
