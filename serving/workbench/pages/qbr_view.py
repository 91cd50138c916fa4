"""Business reviews: who is owed one, when the last was held, and the briefs that are ready."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """An account that is owed a review every so many days. `last_on` is null where none is on record.

    `on_list` says whether it is owed one each quarter; `brief` is the file of a brief that is ready, null for none.
    """

    account_id: str
    name: str
    owner: str | None
    arr: float | None
    every_days: int
    last_on: date | None
    due_on: date
    overdue_days: int
    on_list: bool
    brief: str | None


@dataclass(frozen=True, slots=True)
class QbrView:
    """The page: `lines` had a review before, the longest overdue first; `never` had none on record, the largest ARR first.

    `owed`, `quarterly` and `overdue` (of those that had one) count all of them, the `_more` are not shown. `completion` is the share of reviews due that were held in time, null where none was due; over `due`."""

    owed: int
    quarterly: int
    overdue: int
    lines: tuple[ReviewLine, ...]
    lines_more: int
    never: tuple[ReviewLine, ...]
    never_more: int
    completion: float | None
    due: int
    on_time_days: int
    minutes: tuple[tuple[str, int, int], ...]
