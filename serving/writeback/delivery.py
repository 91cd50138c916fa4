"""Apply: every row decided and staged in one transaction, then sent, with every row accounted for.

A row is acknowledged only after it was seen in the destination. What an interrupted attempt may have written is read
back before anything is written again; a batch refused whole is halved until the guilty row stands alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from policy.delivery import Delivery
from policy.errors import DeliveryIncomplete
from serving.writeback import undo
from serving.writeback.breakers import SourceMove, Trip, Watch, default_limits, stopping
from serving.writeback.decision import Decision
from serving.writeback.destination import Destination, Key, Kind
from serving.writeback.garbage import sweep, swept_between
from serving.writeback.ledger import Ledger
from serving.writeback.outbox import Outbox
from serving.writeback.owners import Assigned, ownerless
from serving.writeback.patient import PATIENCE, Deferred, Patient
from serving.writeback.place import Place, place_of
from serving.writeback.sending import Sender
from serving.writeback.sheet import clear, decisions, newly_tasked
from serving.writeback.staged import Staged

log = logging.getLogger(__name__)
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
    ledger: Place | Path,
    *,
    run_id: str,
    settings: str = "",
    verify: bool = False,
    limits: Delivery | None = None,
    sources: Sequence[SourceMove] = (),
    accepted: Collection[str] = (),
    progress: Callable[[int, int], None] | None = None,
    at: Callable[[str], None] | None = None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
) -> Applied:
    """Deliver `rows`, and what earlier runs left unfinished. `progress(done, total)` follows the rows to be sent.

    A run that was delivered whole, under the same `settings` (any text), is not looked at again where looking costs
    calls, unless with `verify`. `limits` are the policy's (default: the default policy's); `sources` say what moved
    before these scores; breakers named in `accepted` may trip without stopping.

    Raises `Locked`, `SettingsError` before anything is sent, and `DeliveryIncomplete` where a breaker trips: before
    anything is sent, or while the destination rejects too many rows (the rest waits for the next run).

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
    with place_of(ledger).delivery(destination.name) as store, swept_between():
        memory = Ledger(store, destination.name, clock)
        patient = Patient(destination, memory, clock, sleep, patience)
        if destination.costs_calls and not verify and (rows_then := memory.delivered(run_id, settings)) is not None:
            return Applied(run_id, staged=rows_then, written=0, skipped=rows_then, rejected=0, deferred=0)
        watched = progress or _unseen, at or _nowhere
        try:
            sender = Sender(patient, patient.describe(), Outbox(memory), limits or default_limits(), *watched, clock)
            intake = _Intake(sender, run_id, settings, sources, accepted)
            assigned = Assigned(rows, sender.accepts.owners)
            intake.stage(assigned)
        except Deferred as later:
            memory.pause(later.until)  # what was staged is taken back, and with it what was noted meanwhile
            raise
        if assigned.unknown:
            log.warning("%s", ownerless(assigned.unknown, destination.name))
        try:
            sender.drain()
            patient.finish()
        finally:
            applied = intake.applied()
            memory.finish_run(applied.counts())
        return applied


@dataclass(slots=True)
class _Intake:
    """The staging of one run, and its counts."""

    sender: Sender
    run_id: str
    settings: str
    sources: Sequence[SourceMove]
    accepted: Collection[str]
    watch: Watch = field(default_factory=Watch)
    staged: int = 0
    skipped: int = 0
    stale: int = 0

    def stage(self, rows: Iterable[Staged]) -> None:
        sender, outbox, limits = self.sender, self.sender.outbox, self.sender.limits
        ledger = outbox.ledger
        with ledger.transaction():
            ledger.start_run(self.run_id, settings=self.settings)
            outbox.prune()
            undo.prune(ledger, limits.undo_runs)
            for chunk in decisions(rows, sender.destination, sender.accepts, ledger):
                outbox.stage(chunk)
                self._count(chunk)
                sweep()
            tasked = newly_tasked(ledger)
            clear(ledger)
            trips = self.watch.trips(limits, tasked, ledger.usually_tasked(limits.usual_runs), self.sources)
            stops = stopping(trips, self.accepted)
            if stops:
                outbox.withdraw(ledger.run)
                ledger.finish_run(self.applied().counts())
            else:
                ledger.tasked(tasked)
                self.staged += outbox.adopt()
            sender.at("before_stage_commit")
        sender.at("after_stage_commit")
        if stops:
            raise stopped(stops, sender.accepts.name)
        sender.total = outbox.states().get("pending", 0)

    def _count(self, chunk: Sequence[Decision]) -> None:
        self.staged += len(chunk)
        for decision in chunk:
            self.watch.see(decision)
            self.skipped += decision.verdict in ("unchanged", "stale", "deleted")
            self.stale += decision.verdict == "stale"
            self.sender.kept.update((decision.row.kind, decision.row.key, name) for name in decision.edits)

    def applied(self) -> Applied:
        states = self.sender.outbox.states()
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


def stopped(trips: Sequence[Trip], destination: str) -> DeliveryIncomplete:
    """The error of a delivery that a breaker stopped before it sent anything."""
    names = sorted({trip.breaker for trip in trips})
    told = "; ".join(trip.message for trip in trips)
    accept = " ".join(f"--accept {name}" for name in names)
    return DeliveryIncomplete(
        f"{told}; nothing was sent.",
        where=destination,
        cure=f"See `churn plan` and `churn status`. If it is as it should be: `churn apply {accept}`.",
    )


def _nowhere(point: str) -> None:
    """What `at` is outside the tests."""


def _unseen(done: int, total: int) -> None:
    """What `progress` is when nobody watches."""
