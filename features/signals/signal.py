"""One signal, declared once: what causes it, the numbers that show it, and the sentence for the CSM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from features.expression import Expr
from features.indicator import Unit

BLOCK = 28  # days; changes and shares are taken over blocks of four weeks


@dataclass(frozen=True)
class Cause:
    """One way in which a signal can be caused.

    It holds where `holds` is 1; null is no. `before` and `after` are the account's own numbers, `since` the days back to
    the date they turn on; {before}, {after} and {since} of `says` are filled with them. With `surprise`, the Poisson
    probability of `after` or more where `before` is expected must also lie below it.
    """

    what: str
    unit: Unit
    holds: Expr
    after: Expr
    since: Expr
    says: str
    before: Expr | None = None
    surprise: float | None = None


@dataclass(frozen=True)
class Peers:
    """What the account's segment did at the same run: a fall that most share says nothing of the account.

    `fall` is null where an account has too little to say; at least `accounts` must have it.
    """

    fall: Expr
    least: float
    accounts: int


@dataclass(frozen=True)
class Signal:
    """A warning or a chance; it is caused by any of its causes, the first that holds gives the sentence."""

    id: str
    name: str
    title: str
    kind: Literal["warning", "expansion"]
    causes: tuple[Cause, ...]
    peers: Peers | None = None
    stages: tuple[int, ...] = ()
    weekly: bool = True
    confirmatory: bool = False
    play: str | None = None

    def stage(self, after: float | None) -> int | None:
        """The stage that so many days belong to: each begins at its number of days, inclusive."""
        return min((s for s in self.stages if after is not None and after <= s), default=None)

    @property
    def columns(self) -> Mapping[str, Expr]:
        """Column → expression of everything that a run must compute for it."""
        found: dict[str, Expr] = {}
        for place, cause in enumerate(self.causes):
            found[column(self, place, "holds")] = cause.holds
            found[column(self, place, "after")] = cause.after
            found[column(self, place, "since")] = cause.since
            if cause.before is not None:
                found[column(self, place, "before")] = cause.before
        if self.peers is not None:
            found[f"{self.id}__fall"] = self.peers.fall
        return found


def column(signal: Signal, place: int, role: str) -> str:
    """Name of one of a cause's columns."""
    return f"{signal.id}_{place}__{role}"
