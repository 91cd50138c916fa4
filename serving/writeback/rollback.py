"""Rollback: every field that a run wrote shows again what it showed before, unless a person has edited it since."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from policy.delivery import Delivery
from serving.writeback import undo
from serving.writeback.breakers import default_limits
from serving.writeback.canonical import same
from serving.writeback.decision import Confirmed, Doubt, decide
from serving.writeback.destination import Destination, Key, Kind, Row
from serving.writeback.ledger import Ledger
from serving.writeback.outbox import Outbox
from serving.writeback.patient import PATIENCE, Deferred, Patient
from serving.writeback.place import Place, place_of
from serving.writeback.sending import Sender
from serving.writeback.sheet import CHUNK
from serving.writeback.staged import Staged


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did. `kept` rows hold nothing of the run any more: a person edited them, or they are gone.

    `edited` lists (kind, key, field) that a person changed since and that were left alone.
    """

    run: str
    rows: int
    restored: int
    kept: int
    rejected: int
    deferred: int
    edited: tuple[tuple[Kind, Key, str], ...] = ()

    @property
    def complete(self) -> bool:
        """Whether nothing is left of the run that should not be."""
        return self.rejected == self.deferred == 0

    def as_json(self) -> dict[str, str | int]:
        """The object that `churn rollback --json` prints."""
        names = ("run", "rows", "restored", "kept", "rejected", "deferred")
        return {name: getattr(self, name) for name in names}


def rollback(
    run_id: str,
    destination: Destination,
    ledger: Place | Path,
    *,
    limits: Delivery | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    at: Callable[[str], None] = lambda point: None,
    clock: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    patience: float = PATIENCE,
) -> RolledBack:
    """Take the last run that wrote back, and withdraw what of it is still on its way. Killed, it is run again.

    Raises UsageError where the run is not the last one that wrote, or is too old to know what was there before.
    """
    with place_of(ledger).delivery(destination.name) as store:
        memory = Ledger(store, destination.name, clock)
        patient = Patient(destination, memory, clock, sleep, patience)
        outbox = Outbox(memory)
        run_id = undo.full_name(memory, run_id)
        try:
            sender = Sender(patient, patient.describe(), outbox, limits or default_limits(), progress, at, clock)
            with memory.transaction():
                _settle(run_id, patient, memory)
                runs = undo.last_run(memory, run_id)
                memory.start_run(run_id, "rollback")
                outbox.prune()
                for rows in undo.replaced(memory, runs, CHUNK):
                    outbox.restore(rows)
                sender.total = outbox.states().get("pending", 0)
                at("before_stage_commit")
        except Deferred as later:
            memory.pause(later.until)
            raise
        at("after_stage_commit")
        try:
            sender.drain()
            patient.finish()
        finally:
            done = _rolled_back(run_id, sender)
            counts = {"staged": done.rows, "written": done.restored, "skipped": done.kept}
            memory.finish_run({**counts, "rejected": done.rejected, "deferred": done.deferred})
        if done.complete:
            undo.drop(memory, runs)
        return done


def _settle(run_id: str, destination: Destination, ledger: Ledger) -> None:
    """Find out what became of the rows that the run tried to write and never heard of, and withdraw the rest of it."""
    numbers = [
        run for (run,) in ledger.store.rows("SELECT run FROM run WHERE dest=? AND run_id=?", (ledger.dest, run_id))
    ]
    outbox = Outbox(ledger)
    for number in numbers:
        ledger.run = int(number)
        for lines in outbox.in_doubt(CHUNK):
            kinds: tuple[Kind, ...] = ("score", "task")
            for kind in kinds:
                _settled(kind, [line for line in lines if line[0].kind == kind], destination, ledger)
        outbox.withdraw(int(number))


def _settled(kind: Kind, lines: list[tuple[Staged, Row | None, str]], destination: Destination, ledger: Ledger) -> None:
    if not lines:
        return
    keys = [row.key for row, _, _ in lines]
    found, confirmed = destination.read(kind, keys), ledger.confirmed(kind, keys)
    for row, before, was in lines:
        shown = found.get(row.key)
        if shown is None:
            continue
        ours = decide(row, shown, confirmed.get(row.key), in_doubt=Doubt(row.fields)).agreed
        wrote = [
            name for name in ours if before is None or (name in before and not same(before[name], row.fields[name]))
        ]
        if wrote:
            ledger.confirm(kind, {row.key: Confirmed(row.as_of, ours)})
            undo.keep(ledger, kind, [(row, before, was)])


def _rolled_back(run_id: str, sender: Sender) -> RolledBack:
    codes = sender.outbox.codes()
    return RolledBack(
        run=run_id,
        rows=sum(codes.values()),
        restored=sum(n for (state, _), n in codes.items() if state == "done") + codes.get(("skipped", "unchanged"), 0),
        kept=sum(n for (state, code), n in codes.items() if state == "skipped" and code != "unchanged"),
        rejected=sum(n for (state, _), n in codes.items() if state == "dead"),
        deferred=sum(n for (state, _), n in codes.items() if state in ("pending", "claimed")),
        edited=tuple(sorted(sender.kept)),
    )
