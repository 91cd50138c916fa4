"""What should happen to one row, given what is wanted, what the CRM shows and what we last confirmed there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from serving.writeback.canonical import NEVER_A_CHANGE, TASK_WRITTEN_ONCE, mark, same
from serving.writeback.destination import Row, Scalar
from serving.writeback.staged import Staged
from serving.writeback.texts import plain

STATUS, OPEN, CANCELLED = "status", "open", "cancelled"
"""Of a task. What its owner makes of it otherwise is the owner's."""
Verdict = Literal["new", "changed", "unchanged", "stale", "deleted", "dead"]


class Change(NamedTuple):
    """A field's value in the CRM before and after."""

    before: Scalar
    after: Scalar


class Edit(NamedTuple):
    """A field that a person changed since our last write: what we would have written, and what is kept."""

    ours: Scalar
    theirs: Scalar


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What we last saw of ours in the destination: the as_of of the last full write, a mark per field, the CRM's id."""

    as_of: str
    marks: Mapping[str, bytes]
    remote_id: str | None = None


class Doubt(NamedTuple):
    """A row that an earlier attempt may have written: its fields, what they showed before (None: no row), as of when."""

    fields: Row
    before: Row | None = None
    was: str = ""


@dataclass(slots=True)
class Decision:
    """One row's verdict.

    `send` are the fields to write, `edits` the fields kept as a person left them, `agreed` the marks of our values
    that the CRM already shows and the ledger does not know yet. `advances`: unchanged, and confirmed as of a newer
    date. `forget`: the row vanished, what was confirmed is void.
    """

    row: Staged
    verdict: Verdict
    found: Row | None = None
    send: Row = field(default_factory=dict)
    changes: dict[str, Change] = field(default_factory=dict)
    edits: dict[str, Edit] = field(default_factory=dict)
    agreed: dict[str, bytes] = field(default_factory=dict)
    advances: bool = False
    forget: bool = False
    code: str = ""
    reason: str = ""
    was: str = ""
    """The as_of confirmed before us, empty where there is none."""
    replaced: Row | None = field(default_factory=dict)
    """What fields showed before an earlier attempt wrote them; None where that attempt created the row."""

    @property
    def before(self) -> dict[str, Scalar] | None:
        """What our fields showed before us; None where the row did not exist."""
        if self.verdict == "new" or self.replaced is None:
            return None
        return {**{name: (self.found or {}).get(name) for name in self.send}, **self.replaced}

    def after(self, name: str) -> Scalar:
        """The field's value in the CRM once this decision is carried out."""
        if name in self.edits:
            return self.edits[name].theirs
        if self.verdict in ("new", "changed", "unchanged") and name in self.row.fields:
            return self.row.fields[name]
        return (self.found or {}).get(name)


def decide(
    row: Staged,
    found: Row | None,
    confirmed: Confirmed | None,
    *,
    newest: str = "",
    in_doubt: Doubt | None = None,
    had_account: bool = True,
) -> Decision:
    """The verdict on one row.

    `newest` is the latest as_of known for this row beyond the confirmed one (its account's score, a row still on its
    way). `in_doubt` is what an earlier attempt may have written: its values are ours, not a person's edits.
    A confirmed task that is gone was deleted by a person and stays deleted, unless its account had gone with it.
    """
    if found is not None and confirmed is None:
        newest = max(newest, str(found.get("as_of") or "")[:10])
    if row.as_of < newest or (found is not None and confirmed is not None and row.as_of < confirmed.as_of):
        return Decision(row, "stale", found)
    if found is None:
        if row.kind == "task" and confirmed is not None and had_account:
            return Decision(row, "deleted")
        return Decision(row, "new", send=row.fields, forget=confirmed is not None)

    decision = Decision(row, "unchanged", found, was=confirmed.as_of if confirmed else "")
    fields = plain(row.fields)
    known = dict(confirmed.marks) if confirmed else {}
    if row.kind == "task" and found.get(STATUS) == CANCELLED and known.get(STATUS) == mark(CANCELLED):
        decision.changes[STATUS] = Change(CANCELLED, OPEN)  # we closed it, when its run was rolled back
    for name, value in (in_doubt.fields if in_doubt else {}).items():
        if name not in NEVER_A_CHANGE and same(found.get(name), value):
            known[name] = decision.agreed[name] = mark(value)
    if in_doubt and decision.agreed:
        decision.replaced = _written(in_doubt, decision.agreed)
        decision.was = decision.was if decision.replaced == {} else in_doubt.was
    for name, ours in fields.items():
        if name in NEVER_A_CHANGE:
            continue
        theirs = found.get(name)
        if theirs == ours or (theirs is not None and same(theirs, ours)):
            ours_mark = mark(ours)
            if known.get(name) != ours_mark:
                decision.agreed[name] = ours_mark
        elif name in known and known[name] != mark(theirs):
            decision.edits[name] = Edit(ours, theirs)
        elif not (row.kind == "task" and name in TASK_WRITTEN_ONCE):
            decision.changes[name] = Change(theirs, ours)
    if decision.changes:
        decision.verdict = "changed"
        who = {name: fields[name] for name in NEVER_A_CHANGE if name in fields}
        decision.send = {**{name: change.after for name, change in decision.changes.items()}, **who}
    else:
        decision.advances = confirmed is None or confirmed.as_of < row.as_of
    return decision


def decide_back(row: Staged, found: Row | None, confirmed: Confirmed | None, *, created: bool) -> Decision:
    """The verdict on a row to be rolled back; `row.fields` are the values from before the run.

    A field that no longer shows what we wrote was edited by a person since, and stays. A row that the run created
    stays too, for nothing is ever deleted: a task that nobody began is cancelled, a score's fields are emptied.
    """
    if found is None:
        return Decision(row, "deleted", was=row.as_of)
    decision = Decision(row, "unchanged", found, was=row.as_of)
    known = dict(confirmed.marks) if confirmed else {}
    wanted = row.fields
    if created and row.kind == "task":
        wanted, known = {STATUS: CANCELLED}, {**known, STATUS: mark(found.get(STATUS) or OPEN)}
        if found.get(STATUS) not in (None, OPEN):
            decision.edits[STATUS] = Edit(CANCELLED, found.get(STATUS))
            return decision
    elif created:
        wanted = dict.fromkeys([*known, *NEVER_A_CHANGE & found.keys()])
    who: dict[str, Change] = {}
    for name, value in wanted.items():
        theirs = found.get(name)
        if same(theirs, value):
            decision.agreed[name] = mark(value)
        elif name in NEVER_A_CHANGE:
            who[name] = Change(theirs, value)
        elif known.get(name) == mark(theirs):
            decision.changes[name] = Change(theirs, value)
        else:
            decision.edits[name] = Edit(value, theirs)
    if decision.changes:
        decision.verdict = "changed"
        decision.changes |= who
        decision.send = {name: change.after for name, change in decision.changes.items()}
    return decision


def _written(doubt: Doubt, agreed: Mapping[str, bytes]) -> Row | None:
    """What an attempt replaced, by what of it is there: nothing where none of its changes is."""
    if doubt.before is None:
        return None
    stored = doubt.before.keys() & agreed.keys()
    return {n: v for n, v in doubt.before.items() if n in stored or n in NEVER_A_CHANGE} if stored else {}
