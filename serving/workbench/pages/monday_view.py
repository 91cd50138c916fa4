"""The Monday list: whom each owner works on this week, what is just below the line, and where the views disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Status = Literal[
    "due", "chosen", "breached", "below_the_line", "unknown", "nobody", "not_worth_it", "snoozed", "settled"
]


@dataclass(frozen=True, slots=True)
class Item:
    """An account on the list. `saves` is the ARR that working on it is expected to keep, null where not known.

    `due_at` is what was promised for this week in the zone of who looks after the account, null where nothing was; `late`
    where that has passed. `first_step` is where its play begins. `note` says what is not known of it, or why it is left
    alone, `until` which day.
    """

    account_id: str
    name: str
    status: Status
    why: str
    play: str
    first_step: str
    hours: float
    arr: float | None
    probability: float | None
    saves: float | None
    due_at: datetime | None
    late: bool = False
    note: str = ""
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """Where the line falls: the first account left out, the hours missing for it and the ARR it would keep."""

    account_id: str
    name: str
    missing_hours: float
    saves: float


@dataclass(frozen=True, slots=True)
class OwnerWeek:
    """One owner's week: hours for plays, what is worked on, promises that do not fit, and what is left out.

    `unknown` cannot be weighed, `aside` is left alone by what people said. Lists are cut; the numbers count all of them.
    `day_hours` is null where nothing is known of a day, else it keeps `day_promises` more and saves `day_saves`.
    """

    owner: str
    hours: float
    hours_used: float
    saves: float | None
    work: tuple[Item, ...]
    breached: tuple[Item, ...]
    left_out: tuple[Item, ...]
    line: Line | None
    day_hours: float | None
    day_saves: float | None
    day_promises: int = 0
    unknown: tuple[Item, ...] = ()
    aside: tuple[Item, ...] = ()
    breached_accounts: int = 0
    left_out_accounts: int = 0
    unknown_accounts: int = 0
    aside_accounts: int = 0


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An account that the views do not see alike; a view is null where it has nothing to say.

    `rate` is the share of past weeks of such a pair of tiers after which the customer decided to leave; of `accounts`
    accounts that were seen so `churned` left. Null where too few are known.
    """

    account_id: str
    name: str
    owner: str | None
    arr: float | None
    rule: str | None
    model: str | None
    csm: str | None
    commercial: str | None
    rate: float | None
    accounts: int | None
    churned: int | None


@dataclass(frozen=True, slots=True)
class MondayView:
    """The page. `effects` says in a sentence what the expected savings rest on.

    Of the `desk_more` disagreements that are not shown, `desk_near` are but one step apart.
    """

    week_of: date
    owners: tuple[OwnerWeek, ...]
    unowned: tuple[Item, ...]
    desk: tuple[Disagreement, ...]
    desk_more: int
    effects: str
    desk_near: int = 0
    unowned_accounts: int = 0

    @property
    def saves(self) -> float | None:
        """The ARR that the whole list is expected to keep; null where nothing can be weighed yet."""
        known = [owner.saves for owner in self.owners if owner.saves is not None]
        return sum(known) if known or not self.owners else None
