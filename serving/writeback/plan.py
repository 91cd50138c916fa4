"""The dry run: the same decisions as a delivery, from a reader; nothing is written anywhere."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from policy.delivery import Delivery
from serving.writeback.breakers import TIERS, SourceMove, Trip, Watch, default_limits, stopping
from serving.writeback.decision import Decision
from serving.writeback.destination import Destination, Key, Kind
from serving.writeback.ledger import Ledger, Rejection
from serving.writeback.lines import Lines
from serving.writeback.owners import OWNER, Assigned
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

    `resumed` counts rows that an earlier run left unfinished and that would be sent along, `unknown_owners` those that
    would go without an owner because the destination does not know theirs. `unowned`: accounts of nobody's, where the
    destination is told of owners. `stops`: the breakers
    because of which a delivery would send nothing.
    """

    destination: str
    scores: Tally = field(default_factory=Tally)
    tasks: Tally = field(default_factory=Tally)
    new_accounts: Lines[Key] = field(default_factory=lambda: Lines(_key))
    new_tasks: Lines[Key] = field(default_factory=lambda: Lines(_key))
    existing_tasks: Lines[Key] = field(default_factory=lambda: Lines(_key))
    changes: Lines[FieldChange] = field(default_factory=lambda: Lines(_change))
    tier_moves: Lines[FieldChange] = field(default_factory=lambda: Lines(_change))
    unowned: Lines[Key] = field(default_factory=lambda: Lines(_key))
    edited: Lines[FieldEdit] = field(default_factory=lambda: Lines(_edit))
    rejected: Lines[Rejection] = field(default_factory=lambda: Lines(Rejection._make))
    resumed: int = 0
    unknown_owners: int = 0
    stops: list[Trip] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The object that `churn plan --json` prints: counts first, then the lists."""
        return {**self._counts(), **{name: list(lines) for name, lines in self._lists()}}

    def pieces(self) -> Iterator[str]:
        """The text of that object, piece by piece, for its lists may be too long for memory."""
        yield json.dumps(self._counts(), allow_nan=False)[:-1]
        for name, lines in self._lists():
            yield f', "{name}": ['
            for number, line in enumerate(lines):
                yield (", " if number else "") + json.dumps(line, allow_nan=False, default=str)
            yield "]"
        yield "}"

    def _counts(self) -> dict[str, Any]:
        return {
            "destination": self.destination,
            "scores": _as_dict(self.scores),
            "tasks": _as_dict(self.tasks),
            "resumed": self.resumed,
            "unknown_owners": self.unknown_owners,
            "stops": [trip._asdict() for trip in self.stops],
        }

    def _lists(self) -> Iterator[tuple[str, Iterable[Any]]]:
        for name in ("new_accounts", "new_tasks", "existing_tasks", "unowned"):
            yield name, getattr(self, name)
        for name in ("changes", "tier_moves", "edited"):
            yield name, map(_as_dict, getattr(self, name))
        yield "rejected", (line._asdict() for line in self.rejected)


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
    >>> found.scores.new, list(found.unowned)
    (1, ['a1'])
    """
    limits = limits or default_limits()
    counts: dict[Kind, dict[str, int]] = {"score": _as_dict(Tally()), "task": _as_dict(Tally())}
    found, watch = Plan(destination.name), Watch()
    with place_of(ledger).reading(destination.name) as store:
        memory = Ledger(store, destination.name, time.time)
        patient = Patient(destination, memory, time.time, time.sleep, PATIENCE, remembers=False)
        accepts = patient.describe()
        assigned = Assigned(rows, accepts.owners)
        for chunk in decisions(assigned, patient, accepts, memory):
            for decision in chunk:
                watch.see(decision)
                _enter(found, decision, counts)
        found.resumed, found.unknown_owners = left_over(memory), assigned.unknown
        trips = watch.trips(limits, newly_tasked(memory), memory.usually_tasked(limits.usual_runs), sources)
    found.scores, found.tasks = Tally(**counts["score"]), Tally(**counts["task"])
    found.stops = stopping(trips, accepted)
    return found


def _enter(found: Plan, decision: Decision, counts: dict[Kind, dict[str, int]]) -> None:
    kind, key = decision.row.kind, decision.row.key
    counts[kind][_heading(decision)] += 1
    if decision.verdict == "dead":
        found.rejected.append(kind, key, decision.code, decision.reason)
        return
    if decision.verdict == "new":
        (found.new_accounts if kind == "score" else found.new_tasks).append(key)
    elif kind == "task":
        found.existing_tasks.append(key)
    for name, (before, after) in decision.changes.items():
        if name not in DATES:
            found.changes.append(kind, key, name, before, after)
        if name in TIERS and before is not None:
            found.tier_moves.append(kind, key, name, before, after)
    for name, (ours, theirs) in decision.edits.items():
        found.edited.append(kind, key, name, ours, theirs)
    # Where the destination is not told of owners, nothing is known of them.
    told = OWNER in decision.row.fields or OWNER in (decision.found or {})
    if kind == "score" and told and not decision.after(OWNER):
        found.unowned.append(key)


def _heading(decision: Decision) -> str:
    if decision.verdict == "dead":
        return "rejected"
    if decision.verdict == "changed" and decision.changes.keys() <= DATES:
        return "refreshed"
    return decision.verdict


def _as_dict(line: Tally | FieldChange | FieldEdit) -> dict[str, Any]:
    return {name: getattr(line, name) for name in line.__slots__}


def _key(values: list[Any]) -> Key:
    return str(values[0])


def _change(values: list[Any]) -> FieldChange:
    return FieldChange(*values)


def _edit(values: list[Any]) -> FieldEdit:
    return FieldEdit(*values)
