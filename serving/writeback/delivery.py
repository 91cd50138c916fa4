"""Apply: every row decided and staged in one transaction, then sent, with every row accounted for.

A row is acknowledged only after it was seen in the destination. What an interrupted attempt may have written is read
back before anything is written again; a batch refused whole is halved until the guilty row stands alone.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Capabilities, Destination, Key, Kind
from serving.writeback.ledger import Ledger, open_ledger
from serving.writeback.lock import only_delivery
from serving.writeback.outbox import Outbox
from serving.writeback.sending import Sender, breaker_trips
from serving.writeback.sheet import clear, decisions
from serving.writeback.staged import Staged

PATIENCE = 300.0
"""Seconds that one delivery may wait for the destination in all; then the rest is deferred to the next run."""
POINTS = (
    "before_stage_commit",
    "after_stage_commit",
    "after_claim",
    "before_write",
    "after_write",
    "before_ack",
    "after_ack",
    "after_shadow",
)
"""Where tests kill the process. Nothing of an acknowledgement is durable before `after_shadow`."""
_SPACE_OR_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}


@dataclass(frozen=True, slots=True)
class Applied:
    """What a delivery did. `rejected` rows are quarantined (`ledger.rejections`), `deferred` ones wait for another run.

    `edited` lists (kind, key, field) that a person changed and that were left alone; `stale` is a part of `skipped`.
    """

    run: str
    staged: int
    written: int
    skipped: int
    rejected: int
    deferred: int
    stale: int = 0
    edited: tuple[tuple[Kind, Key, str], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether every row is accounted for: written, skipped for a reason, or quarantined with one."""
        return self.deferred == 0 and self.staged == self.written + self.skipped + self.rejected

    def as_json(self) -> dict[str, str | int]:
        """The object that `churn apply --json` prints."""
        return {"run": self.run, **self.counts()}

    def counts(self) -> dict[str, int]:
        """The counts alone."""
        return {name: getattr(self, name) for name in ("staged", "written", "skipped", "rejected", "deferred")}


def apply(
    rows: Iterable[Staged],
    destination: Destination,
    ledger_path: Path,
    *,
    run_id: str,
    progress: Callable[[int, int], None] | None = None,
    at: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
) -> Applied:
    """Deliver `rows`, and what earlier runs left unfinished. `progress(done, total)` follows the rows to be sent.

    Raises `Locked`, `SettingsError` before anything is sent, and `DeliveryIncomplete` at the breaker: at least 20 rows
    and more than 5 % quarantined (nothing is sent) or rejected by the destination (the rest waits for the next run).

    >>> import tempfile
    >>> from serving.writeback.memory import MemoryCrm
    >>> score = Staged("score", "a1", "a1", "2025-01-06", {"name": "Fjord", "risk_tier": "red"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     crm, ledger = MemoryCrm(), Path(folder, "ledger.sqlite")
    ...     print(apply([score], crm, ledger, run_id="r1").as_json())
    ...     print(apply([score], crm, ledger, run_id="r2").as_json())
    {'run': 'r1', 'staged': 1, 'written': 1, 'skipped': 0, 'rejected': 0, 'deferred': 0}
    {'run': 'r2', 'staged': 1, 'written': 0, 'skipped': 1, 'rejected': 0, 'deferred': 0}
    """
    accepts = destination.describe()
    at = at or _nowhere
    try:
        with only_delivery(ledger_path, accepts.name), closing(open_ledger(ledger_path)) as db:
            outbox = Outbox(Ledger(db, accepts.name, clock))
            sender = Sender(destination, accepts, outbox, progress or _unseen, at, clock, sleep, patience)
            intake = _Intake(destination, accepts, outbox, run_id, sender)
            intake.stage(rows, at)
            try:
                sender.drain("score")
                sender.drain("task")
            finally:
                applied = intake.applied()
                outbox.ledger.finish_run(applied.counts())
            return applied
    except sqlite3.OperationalError as exc:
        if getattr(exc, "sqlite_errorcode", 0) & 0xFF not in _SPACE_OR_DISK:
            raise
        cure = "Free some space or give write access, then apply again: it goes on where this stopped."
        message = f"the ledger cannot be written: {exc}."
        raise DeliveryIncomplete(message, where=ledger_path.name, cure=cure) from exc


@dataclass(slots=True)
class _Intake:
    """The staging of one run, and its counts."""

    destination: Destination
    accepts: Capabilities
    outbox: Outbox
    run_id: str
    sender: Sender
    staged: int = 0
    skipped: int = 0
    stale: int = 0

    def stage(self, rows: Iterable[Staged], at: Callable[[str], None]) -> None:
        ledger = self.outbox.ledger
        quarantined = 0
        with ledger.transaction():
            ledger.start_run(self.run_id)
            self.outbox.prune()
            for chunk in decisions(rows, self.destination, self.accepts, ledger):
                self.outbox.stage(chunk)
                self.staged += len(chunk)
                quarantined += sum(decision.verdict == "dead" for decision in chunk)
                self.skipped += sum(decision.verdict in ("unchanged", "stale", "deleted") for decision in chunk)
                self.stale += sum(decision.verdict == "stale" for decision in chunk)
                self.sender.kept.update((d.row.kind, d.row.key, name) for d in chunk for name in d.edits)
            clear(ledger)
            tripped = breaker_trips(quarantined, self.staged)
            if tripped:
                self.outbox.withdraw()
                ledger.finish_run(self.applied().counts())
            else:
                self.staged += self.outbox.adopt()
            at("before_stage_commit")
        at("after_stage_commit")
        if tripped:
            raise DeliveryIncomplete(
                f"{quarantined} of {self.staged} rows are quarantined, more than 5 %; nothing was sent.",
                where=self.accepts.name,
                cure="The rejected rows carry their reasons; correct the scores and apply again.",
            )
        self.sender.total = self.outbox.states().get("pending", 0)

    def applied(self) -> Applied:
        states = self.outbox.states()
        return Applied(
            run=self.run_id,
            staged=self.staged,
            written=states.get("done", 0),
            skipped=self.skipped + states.get("skipped", 0),
            rejected=states.get("dead", 0),
            deferred=sum(states.get(name, 0) for name in ("pending", "claimed", "withdrawn")),
            stale=self.stale,
            edited=tuple(sorted(self.sender.kept)),
        )


def _nowhere(point: str) -> None:
    """What `at` is outside the tests."""


def _unseen(done: int, total: int) -> None:
    """What `progress` is when nobody watches."""
