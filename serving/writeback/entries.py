"""A row that was claimed to be sent, and what becomes of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from serving.writeback.canonical import NEVER_A_CHANGE
from serving.writeback.destination import Kind, Outgoing, Row
from serving.writeback.staged import Staged
from serving.writeback.texts import Text, plain, text_of

REASON_LENGTH = 500


@dataclass(slots=True)
class Entry:
    """A claimed row. `attempts` counts this one; `send` is None where it must be read and decided anew;
    `agreed` are fields that were then found to hold our value already; `before` what those to write showed when the
    row was first decided, None where it is created; `was` the as_of confirmed then. `restores`: a rollback's row.
    `seen`: what the fields showed when the row was decided anew."""

    id: int
    row: Staged
    attempts: int
    send: Row | None
    create: bool
    job: str | None
    before: Row | None = None
    was: str = ""
    restores: bool = False
    agreed: Row = field(default_factory=dict)
    seen: Row | None = None

    def outgoing(self) -> Outgoing:
        """The row as the destination gets it."""
        send = self.send or {}
        if self.create:
            return Outgoing(self.row.key, self.row.account_id, send, True)
        seen = plain(self.before or {}) if self.seen is None else self.seen
        compared = {name: value for name, value in seen.items() if name in send and name not in NEVER_A_CHANGE}
        return Outgoing(self.row.key, self.row.account_id, send, False, compared)


@dataclass(slots=True)
class Answer:
    """What becomes of a claimed row. A row going back to `pending` is read anew before it is sent, unless `keep`.

    `in_doubt`: nobody knows what became of its write, so a job that was saved for it stays.
    """

    entry: Entry
    state: Literal["done", "skipped", "dead", "pending"]
    code: str = ""
    reason: str = ""
    next_at: float = 0.0
    keep: bool = False
    uncounted: bool = False
    in_doubt: bool = False
    remote_id: str | None = None
    seen: Row | None = None

    def as_line(self) -> tuple[object, ...]:
        """What of it the outbox is told; rows that fared alike have equal lines."""
        waits = self.state == "pending"
        before = text_of(self.entry.before) if waits and self.entry.before is not None else None
        of_row = (self.state, self.code, self.reason[:REASON_LENGTH], self.next_at, self.remote_id)
        return (*of_row, int(self.uncounted), int(waits), int(self.keep), before, int(waits and self.in_doubt))


def claimed(kind: Kind, line: tuple[Any, ...], fields: Row, attempts: int) -> Entry:
    """The entry of a line of the outbox."""
    number, key, account_id, as_of, _, send, job, before, was, restores = line
    names = None if send is None or send == "*" else _names(send)
    chosen = None if send is None else fields if names is None else {name: fields[name] for name in names}
    row, past = Staged(kind, key, account_id, as_of, fields), None if before is None else Text(before)
    return Entry(number, row, attempts, chosen, send == "*", job, past, was, bool(restores))


@lru_cache(maxsize=256)  # most rows of a run change the same fields
def listed(names: tuple[str, ...]) -> str:
    """The names of the fields to write, as the outbox keeps them."""
    return json.dumps(names)


@lru_cache(maxsize=256)
def _names(send: str) -> tuple[str, ...]:
    return tuple(json.loads(send))
