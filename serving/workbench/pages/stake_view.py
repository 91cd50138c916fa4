"""What is at stake now: the book by its probability, the renewals ahead, and who has decided to leave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Leaver:
    """An account that has decided to leave, on its way out; null is not recorded. `page`: it has a page of its own."""

    account_id: str
    name: str
    owner: str | None
    arr: float
    known_on: date
    leaves_on: date
    kind: str | None
    reason: str | None
    page: bool


@dataclass(frozen=True, slots=True)
class RenewalAhead:
    """A term that ends soon and is not signed; tiers are null where the account is not scored.

    `unwell`: not green, or at high risk.
    """

    account_id: str
    name: str
    owner: str | None
    arr: float
    ends_on: date
    stage: int
    health: str | None
    risk: str | None
    needs_approval: bool
    page: bool

    @property
    def unwell(self) -> bool:
        """Whether anything speaks against it: a tier that is not known does."""
        return self.health != "green" or self.risk == "high"


@dataclass(frozen=True, slots=True)
class Stake:
    """`at_risk` is ARR × probability of `scored` accounts, null without a probability. `days` is how far renewals look.

    `ahead` holds what is still open, unwell ones first, then the largest; `signed` are (accounts, ARR) of terms that
    end in the same days and are settled to stay. Both and `leavers` are null where nobody looked for plays.
    """

    at_risk: float | None
    scored: int
    horizon_days: int
    days: int
    ahead: tuple[RenewalAhead, ...] | None
    signed: tuple[int, float]
    leavers: tuple[Leaver, ...] | None
