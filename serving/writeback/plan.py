"""The dry run: the same decisions as a delivery, from a reader; nothing is written anywhere."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policy.delivery import Delivery
from serving.writeback.breakers import TIERS, SourceMove, Trip, Watch, default_limits, stopping
from serving.writeback.decision import Decision
from serving.writeback.destination import Destination, Key, Kind
from serving.writeback.ledger import Ledger, Rejection
from serving.writeback.patient import PATIENCE, Patient
from serving.writeback.place import Place, place_of
from serving.writeback.sheet import decisions, left_over, newly_tasked
from serving.writeback.staged import Staged

DATES = frozenset({"as_of", "expires_on"})
"""They move with every snapshot: a row where nothing else moves is refreshed, not changed."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows of one kind a delivery would create, change, refresh (dates only), leave, pass over or refuse.

    `stale`: the CRM already has a newer as_of. `deleted`: a task that a person deleted, which stays deleted.
    """

    new: int = 0
    changed: int = 0
    refreshed: int = 0
    unchanged: int = 0
    stale: int = 0
    deleted: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that a delivery would change."""

    kind: Kind
    key: Key
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class FieldEdit:
    """One field that a person edited since our last write: `theirs` stays, `ours` is not written."""

    kind: Kind
    key: Key
    field: str
    ours: Any
    theirs: Any


@dataclass(slots=True)
class Plan:
    """What `apply` would do with the same rows now.

    `resumed` counts rows that an earlier run left unfinished and that would be sent along. `stops`: the breakers
    because of which a delivery would send nothing.
    """

    destination: str
    scores: Tally = field(default_factory=Tally)
    tasks: Tally = field(default_factory=Tally)
    new_accounts: list[Key] = field(default_factory=list)
    new_tasks: list[Key] = field(default_factory=list)
    existing_tasks: list[Key] = field(default_factory=list)
    changes: list[FieldChange] = field(default_factory=list)
    tier_moves: list[FieldChange] = field(default_factory=list)
    unowned: list[Key] = field(default_factory=list)
    edited: list[FieldEdit] = field(default_factory=list)
    rejected: list[Rejection] = field(default_factory=list)
    resumed: int = 0
    stops: list[Trip] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The object that `churn plan --json` prints: counts first, then the lists."""
        lists = ("changes", "tier_moves", "edited")
        return {
            "destination": self.destination,
            "scores": _as_dict(self.scores),
            "tasks": _as_dict(self.tasks),
            "resumed": self.resumed,
            "stops": [trip._asdict() for trip in self.stops],
            "new_accounts": self.new_accounts,
            "new_tasks": self.new_tasks,
            "existing_tasks": self.existing_tasks,
            "unowned": self.unowned,
            **{name: [_as_dict(line) for line in getattr(self, name)] for name in lists},
            "rejected": [line._asdict() for line in self.rejected],
        }


def plan(
    rows: Iterable[Staged],
    destination: Destination,
    ledger: Place | Path,
    *,
    limits: Delivery | None = None,
    sources: Sequence[SourceMove] = (),
    accepted: Collection[str] = (),
) -> Plan:
    """What a delivery of `rows` would do. Writes to neither the destination nor the ledger.

    >>> from serving.writeback.memory import MemoryCrm
    >>> score = Staged("score", "a1", "a1", "2025-01-06", {"owner_id": None, "risk_tier": "red"})
    >>> found = plan([score], MemoryCrm(), Path("no-ledger-yet.sqlite"))
    >>> found.scores.new, found.unowned
    (1, ['a1'])
    """
    limits = limits or default_limits()
    counts: dict[Kind, dict[str, int]] = {"score": _as_dict(Tally()), "task": _as_dict(Tally())}
    found, watch = Plan(destination.name), Watch()
    with place_of(ledger).reading(destination.name) as store:
        memory = Ledger(store, destination.name, time.time)
        patient = Patient(destination, memory, time.time, time.sleep, PATIENCE, remembers=False)
        for chunk in decisions(rows, patient, patient.describe(), memory):
            for decision in chunk:
                watch.see(decision)
                _enter(found, decision, counts)
        found.resumed = left_over(memory)
        trips = watch.trips(limits, newly_tasked(memory), memory.usually_tasked(limits.usual_runs), sources)
    found.scores, found.tasks = Tally(**counts["score"]), Tally(**counts["task"])
    found.stops = stopping(trips, accepted)
    return found


def _enter(found: Plan, decision: Decision, counts: dict[Kind, dict[str, int]]) -> None:
    kind, key = decision.row.kind, decision.row.key
    counts[kind][_heading(decision)] += 1
    if decision.verdict == "dead":
        found.rejected.append(Rejection(kind, key, decision.code, decision.reason))
        return
    if decision.verdict == "new":
        (found.new_accounts if kind == "score" else found.new_tasks).append(key)
    elif kind == "task":
        found.existing_tasks.append(key)
    for name, (before, after) in decision.changes.items():
        if name not in DATES:
            found.changes.append(FieldChange(kind, key, name, before, after))
        if name in TIERS and before is not None:
            found.tier_moves.append(FieldChange(kind, key, name, before, after))
    found.edited.extend(FieldEdit(kind, key, name, ours, theirs) for name, (ours, theirs) in decision.edits.items())
    if kind == "score" and not decision.after("owner_id"):
        found.unowned.append(key)


def _heading(decision: Decision) -> str:
    if decision.verdict == "dead":
        return "rejected"
    if decision.verdict == "changed" and decision.changes.keys() <= DATES:
        return "refreshed"
    return decision.verdict


def _as_dict(line: Tally | FieldChange | FieldEdit) -> dict[str, Any]:
    return {name: getattr(line, name) for name in line.__slots__}
