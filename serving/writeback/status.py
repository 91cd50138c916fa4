"""What the ledger knows of a destination, told without calling it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from serving.writeback import undo
from serving.writeback.destination import Key, Kind
from serving.writeback.ledger import COUNTS, Ledger, Rejection
from serving.writeback.ledger_schema import LIVE
from serving.writeback.place import Place, place_of
from serving.writeback.store import Store

RUNS, EXAMPLES = 10, 5


@dataclass(frozen=True, slots=True)
class RunLine:
    """One delivery or rollback; `finished_at` is null where it was killed or still runs."""

    run_id: str
    what: str
    started_at: str
    finished_at: str | None
    staged: int
    skipped: int
    written: int
    rejected: int
    deferred: int


@dataclass(slots=True)
class Status:
    """The last deliveries, what is still on its way, what the last one could not deliver and why.

    `rejected` counts the last delivery's rejected rows by code, `examples` are some of them. `paused_until` is null
    where the destination may be called. `undoable`: runs that can be rolled back, in this order.
    """

    destination: str
    runs: list[RunLine] = field(default_factory=list)
    waiting: dict[str, int] = field(default_factory=dict)
    rejected: dict[str, int] = field(default_factory=dict)
    examples: list[Rejection] = field(default_factory=list)
    paused_until: str | None = None
    undoable: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The object that `churn status --json` prints."""
        return {**asdict(self), "examples": [line._asdict() for line in self.examples]}


def status(destination: str, ledger: Place | Path, now: float) -> Status:
    """What is known of the destination of this name; `now` is a Unix time."""
    with place_of(ledger).reading(destination) as store:
        memory = Ledger(store, destination, lambda: now)
        found = Status(destination)
        columns = ", ".join(COUNTS)
        sql = f"SELECT run_id, what, started_at, finished_at, {columns} FROM run WHERE dest=? ORDER BY run DESC LIMIT ?"
        for run_id, what, began, ended, *counts in store.rows(sql, (destination, RUNS)):
            found.runs.append(RunLine(run_id, what, began, ended, **dict(zip(COUNTS, counts, strict=True))))
        sql = f"SELECT kind, count(*) FROM outbox WHERE dest=? AND {LIVE} GROUP BY kind ORDER BY kind"
        found.waiting = {str(kind): int(count) for kind, count in store.rows(sql, (destination,))}
        dead = _dead(store, destination)
        found.rejected = dict(Counter(line.code for line in dead).most_common())
        found.examples = dead[:EXAMPLES]
        until = memory.paused_until()
        found.paused_until = datetime.fromtimestamp(until, UTC).isoformat(timespec="seconds") if until > now else None
        found.undoable = undo.undoable(memory)
    return found


def undelivered(destination: str, ledger: Place | Path) -> Collection[tuple[Kind, Key]]:
    """(kind, key) of what is on its way, and of what the last delivery saw rejected."""
    with place_of(ledger).reading(destination) as store:
        waiting = store.rows(f"SELECT kind, key FROM outbox WHERE dest=? AND {LIVE}", (destination,))
        return {*((kind, key) for kind, key in waiting), *((line.kind, line.key) for line in _dead(store, destination))}


def _dead(store: Store, destination: str) -> list[Rejection]:
    sql = (
        "SELECT kind, key, code, reason FROM outbox WHERE state='dead' AND dest=?"
        " AND run = (SELECT max(run) FROM run WHERE dest=?) ORDER BY id"
    )
    return [Rejection(*line) for line in store.rows(sql, (destination, destination))]
