"""Every error a user may meet, with its exit code.

ChurnError
├── UsageError (2)          the command line asks for something that does not exist
├── SettingsError (3)       churn.toml or the policy cannot be used
├── ContractStop (4)        a source table breaks its contract in a way that must not go on
│   ├── LeakFound (4)       the proof found that the data or the pipeline know the future
│   └── ModelAlert (4)      the model no longer fits its data, and the caller asked to be stopped by that
├── NotEnoughData (5)       a refusal: the book is too small for an honest answer
├── DeliveryIncomplete (6)  some rows did not reach the destination
└── Locked (7)              another run holds the warehouse or the destination
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class ChurnError(Exception):
    """What went wrong, where, and the cure. Exit code 1 means a bug of ours."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, where: str = "", cure: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.cure = cure

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head} {self.cure}".strip()


class UsageError(ChurnError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class SettingsError(ChurnError):
    """churn.toml, a variable or the policy cannot be used."""

    exit_code = 3


class ContractStop(ChurnError):
    """A table breaks its data contract where the contract says: stop."""

    exit_code = 4


class LeakFound(ContractStop):
    """The data or the pipeline know the future: the promise that all figures rest on is broken."""


class ModelAlert(ContractStop):
    """The data, or what became of the scores, are no longer what the model was trained for."""


class NotEnoughData(ChurnError):
    """An honest refusal: fewer churned accounts or weeks than the answer needs."""

    exit_code = 5


class DeliveryIncomplete(ChurnError):
    """Some staged rows are not confirmed in the destination; the ledger says which."""

    exit_code = 6


class Locked(ChurnError):
    """Another run holds the lock; nothing was done."""

    exit_code = 7


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean …?` with the nearest known spelling, or the list of what is known.

    >>> did_you_mean("horizon_day", ["horizon_days", "gap_days"])
    'Did you mean `horizon_days`?'
    >>> did_you_mean("zzz", ["b", "a"])
    'Known: a, b.'
    """
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(names)}."
