"""The customer's way: who is onboarding and how far, which contacts are owed, surveys, wishes, and who speaks for us."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from policy.journey import JourneyStatus


@dataclass(frozen=True, slots=True)
class BoardLine:
    """An account in its first days. `activated` is null while it can still become so, `status` where no steps are known."""

    account_id: str
    name: str
    owner: str | None
    day: int
    status: JourneyStatus | None
    missed: tuple[str, ...]
    key_actions: int
    key_actions_wanted: int
    activated: bool | None
    first_value_on: date | None
    completeness: float | None
    lacking: tuple[str, ...]
    next_step: str | None
    next_on: date | None
    next_overdue: bool = False


@dataclass(frozen=True, slots=True)
class OwedLine:
    """A contact that is overdue or due this week; `last_on` is null where none is on record, and `arr` where not known."""

    account_id: str
    name: str
    owner: str | None
    kind: str
    last_on: date | None
    due_on: date
    overdue_days: int
    arr: float | None = None


@dataclass(frozen=True, slots=True)
class OwedCount:
    """How many accounts are owed a kind of contact, how many this week, and how many are overdue."""

    kind: str
    owed: int
    this_week: int
    overdue: int


@dataclass(frozen=True, slots=True)
class AskLine:
    """Who is asked what: how many people of an account, why, and from when."""

    account_id: str
    name: str
    kind: str
    why: str
    people: int
    due_on: date


@dataclass(frozen=True, slots=True)
class RateLine:
    """Of so many occasions to be asked, how many were answered; the rate is null where there was none."""

    kind: str
    occasions: int
    answered: int
    rate: float | None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class WishLine:
    """A feature that customers asked for: by how many accounts, with how much ARR, how much of it of accounts that are yellow, red or at high
    risk: the whole ARR of these, not ARR × probability."""

    wish: str
    accounts: int
    arr: float
    arr_unwell: float
    requests: int
    answered: int
    overdue: int


@dataclass(frozen=True, slots=True)
class AdvocateLine:
    """A customer that may be asked to speak for us, and for what; `or_earlier`: nobody looked further back."""

    account_id: str
    name: str
    owner: str | None
    green_since: date | None
    nps: float | None
    champions: int | None
    referrals: int | None
    asks: tuple[str, ...]
    or_earlier: bool = False


@dataclass(frozen=True, slots=True)
class JourneyView:
    """The page. What rests on a table that is not delivered is null, and said; `_more` are how many are not shown.

    `owed` are contacts that were held before, the longest overdue first; `never` those of which none is on record, the
    largest ARR first. `statuses` counts the whole board.
    """

    board: tuple[BoardLine, ...]
    board_more: int
    statuses: Mapping[str | None, int]
    counts: tuple[OwedCount, ...] | None
    owed: tuple[OwedLine, ...]
    owed_more: int
    never: tuple[OwedLine, ...]
    never_more: int
    asks: tuple[AskLine, ...] | None
    asks_more: int
    rates: tuple[RateLine, ...] | None
    wishes: tuple[WishLine, ...] | None
    wishes_more: int
    routed_to: str | None
    advocates: tuple[AdvocateLine, ...] | None
    advocates_more: int

    def with_status(self, status: str | None) -> int:
        """How many onboarding accounts have a status."""
        return self.statuses.get(status, 0)
