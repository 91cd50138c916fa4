"""What a CRM must be able to do, and what it may answer: the one seam between the delivery and any CRM."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

Kind = Literal["score", "task"]
Key = str
Scalar = str | int | float | bool | None
Row = Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One row as the destination gets it: only the fields to write, and whether the row was absent when last read.

    With `create` false the row existed: write the fields, do not create it anew (answer `unknown` if it is gone).
    `seen` is what fields among them showed when they were read: a destination that can compare writes only while they
    still do, and else answers `retry(code="changed")`, so that a person's edit of this moment is not overwritten.
    """

    key: Key
    account_id: str
    fields: Row
    create: bool
    seen: Row = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one row of a batch.

    >>> Outcome.retry(after=30).answer, Outcome.reject("too_long", "`name` takes 40 characters").code
    ('retry', 'too_long')
    """

    answer: Literal["ok", "retry", "reject", "unknown"]
    after: float | None = None
    code: str = ""
    reason: str = ""
    named: bool = True
    remote_id: str | None = None

    @classmethod
    def ok(cls, remote_id: str | None = None) -> Outcome:
        """Stored; `remote_id` is the CRM's own id, where it has one."""
        return cls("ok", remote_id=remote_id)

    @classmethod
    def retry(cls, after: float | None = None, code: str = "busy") -> Outcome:
        """Not stored, try later: `after` seconds hold for the whole destination (a rate limit), None for this row."""
        return cls("retry", after=after, code=code)

    @classmethod
    def reject(cls, code: str, reason: str, *, named: bool = True) -> Outcome:
        """Will never be stored as it is. `named=False`: the batch was refused whole, and this row need not be why."""
        return cls("reject", code=code, reason=reason, named=named)

    @classmethod
    def unknown(cls, code: str = "no_answer") -> Outcome:
        """Perhaps stored (a timeout, a lost connection): it is read back before it is written again."""
        return cls("unknown", code=code)


class Busy(Exception):
    """Raised by `describe` and `read` where the destination cannot answer now: a rate limit, a 5xx, a lost connection.

    `after`: seconds for which it asked not to be called, None where it said nothing.
    """

    def __init__(self, after: float | None = None, code: str = "busy") -> None:
        super().__init__(code)
        self.after = after
        self.code = code


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the destination; `max_length` counts characters, `decimals` those it keeps behind the point."""

    max_length: int | None = None
    writable: bool = True
    decimals: int | None = None


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a destination is and takes, asked before anything is written.

    `name` is the destination's. `open_fields`: a field it does not list is created on the way. `reserved` names are its
    own and cannot be sent. `only`: the fields that it is told of, where it is not told of all; the others of a run are
    left out. `max_key`: characters of a key. `owners`: of a kind whose owner goes by the destination's own ids, what may
    stand for each (`serving.writeback.owners`).
    """

    name: str
    fields: Mapping[Kind, Mapping[str, Field]] = field(default_factory=dict)
    open_fields: bool = False
    reserved: frozenset[str] = frozenset()
    only: Mapping[Kind, Collection[str]] | None = None
    batch_size: int = 100
    max_key: int = 255
    key_unique: bool = True
    creates_accounts: bool = False
    owners: Mapping[Kind, Mapping[str, str]] = field(default_factory=dict, repr=False)


class Handle(Protocol):
    """The ledger's memory of one batch: a remote job's id is saved here *before* anything is uploaded to it."""

    @property
    def job(self) -> str | None:
        """The job saved for this batch by an earlier attempt, if any."""

    def save(self, job: str) -> None:
        """Keep the job's id, durably, before the upload."""


class Destination(Protocol):
    """A CRM. Whatever is hard (diff, retry, bisect, quarantine, resume) is not here but in `delivery`.

    A read that fails for the moment raises `Busy`. All methods raise `policy.errors.DeliveryIncomplete` where going on is pointless (a revoked token, a full
    disk); the rows concerned stay in doubt and the next run reads them back first.
    """

    @property
    def name(self) -> str:
        """Identifies it in the ledger for good: no machine path, no secret; known without a call."""

    @property
    def costs_calls(self) -> bool:
        """Whether asking it costs calls that somebody counts: then a run that was delivered is not looked at again."""

    def describe(self) -> Capabilities:
        """What it is and takes; creates and changes nothing."""

    def read(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, Row]:
        """The rows that exist among `keys`, in our types; creates and changes nothing."""

    def write(self, kind: Kind, batch: Sequence[Outgoing], handle: Handle) -> list[Outcome]:
        """Store the rows by their key (never twice) and answer exactly one Outcome per row, in order."""

    def finish(self) -> None:
        """Called when a delivery or rollback ends, complete or not: whatever is made once from all rows."""

    def close(self) -> None:
        """Give back what it holds; it may be used again."""
