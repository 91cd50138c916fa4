"""Who may grow: accounts with a chance, whether it is the time to talk of it, and what may be offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ChanceLine:
    """An account with a sign of growth since a day. `shut_by` says what speaks against talking of it now,
    `beside` which payment and renewal warnings stand: these do not."""

    account_id: str
    name: str
    owner: str | None
    arr: float | None
    since: date
    shows: tuple[str, ...]
    tactics: tuple[str, ...]
    shut_by: tuple[str, ...]
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExpansionView:
    """The page: `ready` may be talked to, with `ready_arr` in all, `waiting` not yet; `_more` of these are not shown.

    The discount is the policy's for longer terms, as shares.
    """

    ready: tuple[ChanceLine, ...]
    ready_more: int
    ready_arr: float
    waiting: tuple[ChanceLine, ...]
    waiting_more: int
    discount: tuple[float, float]
