"""Just before the write: which record each row is, whether it still shows what it did, and the values as they are sent.

A record is changed by its id, which is looked up here by the key, so that no account can be created. A task is made
by an upsert on its key, so that making it twice makes one. The same look compares `Outgoing.seen`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from serving.writeback.canonical import NEVER_A_CHANGE, TASK_WRITTEN_ONCE, same
from serving.writeback.destination import Key, Kind, Outcome, Outgoing, Scalar
from serving.writeback.salesforce_fields import OBJECTS, Layout
from serving.writeback.salesforce_query import Query
from serving.writeback.salesforce_values import Unfit

LOOKED_UP = 200


@dataclass(frozen=True, slots=True)
class Ready:
    """A row to be written: its place in the batch, and the record to change, or the key to create it by.

    `parent` is the account of a task: rows of one parent are written side by side, for each write locks it.
    """

    at: int
    id: str | None
    key: Key
    parent: str
    values: dict[str, Scalar]


class Preparing:
    """Looks rows up."""

    def __init__(self, query: Query, account: Layout) -> None:
        self.query, self.account = query, account

    def ready(
        self,
        kind: Kind,
        layout: Layout,
        batch: Sequence[Outgoing],
        outcomes: list[Outcome | None],
        *,
        size: int = LOOKED_UP,
    ) -> Iterator[list[Ready]]:
        """The rows without an outcome yet, `size` for each look-up; those that must not be written get theirs."""
        met: set[str] = set()
        todo = [at for at in range(len(batch)) if outcomes[at] is None]
        for start in range(0, len(todo), size):
            some = todo[start : start + size]
            found, folded = self._found(layout, [batch[at] for at in some])
            new = [at for at in some if batch[at].create and batch[at].key not in found]
            parents = self._accounts(kind, [batch[at].account_id for at in new])
            rows = []
            for at in some:
                row, record = batch[at], found.get(batch[at].key)
                parent = parents.get(row.account_id, "")
                made = (
                    self._changed(layout, row, record)
                    if record is not None or not row.create
                    else self._created(kind, layout, row, parent, folded, met)
                )
                if isinstance(made, Outcome):
                    outcomes[at] = made
                    continue
                identity = str(record["Id"]) if record is not None else None
                rows.append(Ready(at, identity, row.key, parent or identity or "", made))
            yield rows

    def _found(self, layout: Layout, rows: Sequence[Outgoing]) -> tuple[dict[Key, Any], set[str]]:
        """The records by their exact key; and every key that was found, without its case."""
        names = {layout.columns[name].theirs: None for row in rows for name in row.seen if name in layout.columns}
        wanted = {row.key for row in rows}
        found, folded = {}, set()
        for page in self.query.find(layout.object, layout.key, [row.key for row in rows], ["Id", *names]):
            for record in page:
                folded.add(str(record[layout.key]).lower())
                if record[layout.key] in wanted:
                    found[record[layout.key]] = record
        return found, folded

    def _accounts(self, kind: Kind, keys: Sequence[Key]) -> dict[Key, str]:
        if kind != "task" or not keys:
            return {}
        layout = self.account
        pages = self.query.find(OBJECTS["score"], layout.key, keys, ["Id"])
        return {record[layout.key]: str(record["Id"]) for page in pages for record in page}

    def _changed(self, layout: Layout, row: Outgoing, record: Any) -> dict[str, Scalar] | Outcome:
        if row.create:
            return Outcome.unknown("exists")
        if record is None:
            return Outcome.unknown("gone")
        there = True
        for name, seen in row.seen.items():
            column = layout.columns.get(name)
            if column is None:
                continue
            shown = record[column.theirs]
            shown = shown if column.plain else column.shown(shown)
            if there and same(shown, row.fields.get(name)):
                continue
            # Nearly always just what was seen: a million rows need no closer look.
            if not (shown == seen and type(shown) is type(seen)):
                if same(shown, row.fields.get(name)):
                    continue
                if not same(shown, seen):
                    return Outcome.retry(code="changed")
            there = False
        judged = [name for name in row.fields if name not in NEVER_A_CHANGE]
        if there and judged and all(name in row.seen for name in judged):
            return Outcome.ok(str(record["Id"]))  # an attempt that nobody heard of has written it meanwhile
        return _values(layout, row)

    def _created(
        self, kind: Kind, layout: Layout, row: Outgoing, parent: str, folded: set[str], met: set[str]
    ) -> dict[str, Scalar] | Outcome:
        if kind == "score" or not parent:
            return Outcome.reject("no_account", "Salesforce has no such account, and accounts are not created there")
        if len(row.key) > layout.key_length:
            return Outcome.reject("key_too_long", f"the key is longer than the {layout.key_length} of {layout.key}")
        if not layout.key_case:
            # An upsert would take "A|x" for "a|x" and write over it.
            if row.key.lower() in folded or row.key.lower() in met:
                return Outcome.reject(
                    "key_case", f"its key differs from another's in case alone, and {layout.key} cannot"
                )
            met.add(row.key.lower())
        values = _values(layout, row)
        return values if isinstance(values, Outcome) else {**values, "WhatId": parent}


def _values(layout: Layout, row: Outgoing) -> dict[str, Scalar] | Outcome:
    """The fields under Salesforce's names. A new task without an owner, status or due date gets the org's own."""
    values: dict[str, Scalar] = {}
    try:
        for name, value in row.fields.items():
            column = layout.columns.get(name)
            if column is None or (value is None and row.create and not column.nillable and name in TASK_WRITTEN_ONCE):
                continue
            values[column.theirs] = column.sent(value)
    except Unfit as unfit:
        return Outcome.reject(unfit.code, unfit.reason)
    return values
