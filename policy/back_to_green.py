"""What the way back to green is made of: inputs of the health score that a team's work goes with, and what they cost (I8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, model_validator

from policy.frozen import Amount, Frozen, Share, rule

NOT_OURS = frozenset(
    {
        "nps",
        "csat",
        "sponsor_rating",
        "message_mood_28d",
        "arr_percentile",
        "arr_change_364d",
        "term_length_days",
        "days_to_term_end",
    }
)
"""Inputs that no hour of work goes with: opinions are the customer's, the rest is the contract's or the calendar's."""


class Lever(Frozen):
    """One input that work goes with, and its hours: some to begin with, and some for each step it moves."""

    what: str = rule("I8", "What it is, in a customer-success manager's words.", min_length=1)
    cost_hours: Amount = rule("I8", "Hours to begin with, however far it moves.")
    hours_per_step: Amount | None = rule(
        "I8", "And hours for each `step` that it moves, in proportion; null: none.", default=None
    )
    step: Annotated[float, Field(gt=0)] | None = rule("I8", "A step, in the unit of the indicator.", default=None)

    @model_validator(mode="after")
    def _both(self) -> Lever:
        if (self.hours_per_step is None) != (self.step is None):
            raise ValueError(f"{self.what}: hours_per_step and step belong together, give both or neither")
        return self

    def hours(self, distance: float) -> float:
        """Hours of moving so far; 0 for not moving.

        >>> Lever(what="meetings", cost_hours=1, hours_per_step=2, step=0.1).hours(0.3)
        7.0
        """
        if not distance:
            return 0.0
        steps = abs(distance) / self.step if self.step else 0.0
        return round(self.cost_hours + (self.hours_per_step or 0.0) * steps, 6)


class BackToGreen(Frozen):
    """I8: the cheapest changes that would bring an account back to green, none further than similar accounts got."""

    inputs: Mapping[str, Lever] = rule(
        "I8", "Indicator → what moving it costs. Inputs of the health score, or its caps."
    )
    percentile: Share = rule("I8", "No further than this share of similar accounts moved in the same time.")
    least_similar: int = rule("I8", "Similar accounts below which an input is not offered.", ge=1)
    similar_points: Amount = rule("I8", "An account is similar where its input earned points so near, of 100.")
    past_periods: Annotated[int, Field(ge=1)] = rule(
        "I8", "How many past periods, as long as a recovery may take, are looked at for what accounts moved in each."
    )

    @model_validator(mode="after")
    def _ours(self) -> BackToGreen:
        strange = sorted(set(self.inputs) & NOT_OURS)
        if strange:
            raise ValueError(
                f"{', '.join(strange)} cannot be moved by work: take it out; only what a team can do belongs here"
            )
        return self
