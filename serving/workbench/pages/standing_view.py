"""What stands for one account beside its score: steps of its plays, contacts it is owed, its renewal, plan and wins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step that is not done, due at `due_at` in the owner's time zone. `who` is a role in words.

    `late_days` counts whole days since it was due, null while it is not overdue; `passed_to` says who looks at it
    instead of its owner, empty where nobody does. `put_off_until` is null where it was not put off. `draft` is the
    checked message to the customer; where there is none for a step that has one, `no_draft` says why. `note` is what
    else is to be known of it.
    """

    play: str
    subject: str
    who: str
    due_at: datetime
    late_days: int | None = None
    passed_to: str = ""
    put_off_until: date | None = None
    put_off_why: str = ""
    text: str = ""
    draft: str | None = None
    no_draft: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ContactLine:
    """A contact that the account's service owes it; `last_on` is null where none is on record."""

    kind: str
    last_on: date | None
    due_on: date
    overdue_days: int


@dataclass(frozen=True, slots=True)
class RenewalLine:
    """The renewal of a term that ends `days` from now: `stage` is the last one entered, `outcome` null while open."""

    term_ends_on: date
    days: int
    stage: int
    arr: float
    outcome: str | None
    new_arr: float | None
    discount: float | None
    needs_approval: bool


@dataclass(frozen=True, slots=True)
class PlanLine:
    """The success plan; `kind` is null where the ARR is not known, `review_due_on` where no review is owed."""

    kind: str | None
    present: tuple[str, ...]
    missing: tuple[str, ...]
    reviewed_on: date | None
    review_due_on: date | None
    overdue_days: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Steps in the order of their due times, what was put off last; what there is not is null or empty.

    `shut_by` is what keeps talk of growth shut: empty where it may begin, null where nobody looked or nothing shows a
    chance. `wins` are (day, sentence), the newest first.
    """

    steps: tuple[StepLine, ...] = ()
    renewal: RenewalLine | None = None
    plan: PlanLine | None = None
    wins: tuple[tuple[date, str], ...] = ()
    shut_by: tuple[str, ...] | None = None
