"""Who may grow: accounts with a chance, whether it is the time to talk of it, and what may be offered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ChanceLine:
    """An account with a sign of growth since a day. `shut_by` says what speaks against talking of it now."""

    account_id: str
    name: str
    owner: str | None
    arr: float | None
    since: date
    shows: tuple[str, ...]
    tactics: tuple[str, ...]
    shut_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExpansionView:
    """The page: `ready` may be talked to, `waiting` not yet, and `waiting_more` of these are not shown.

    The discount is the policy's for longer terms, as shares.
    """

    ready: tuple[ChanceLine, ...]
    waiting: tuple[ChanceLine, ...]
    waiting_more: int
    discount: tuple[float, float]
