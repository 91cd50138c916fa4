"""Create, update, upsert, read and archive up to a hundred records in one call.

Without trace ids one bad input rejects the whole call and nothing is written. With a different `objectWriteTraceId` on
every input the answer is 207: the guide promises that for creates, a public probe of a real account saw it for
upserts, and the documents list 207 for updates and reads. Repeated ids reject the whole call in any case (same probe),
and so does a value that must be unique and is another record's, unless the account's options say otherwise.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_associations import ends
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_store import KINDS, Record, Store
from tests.crm.hubspot_values import checked, iso

LOCK_MS = 2000
UPSERTED = {"id", "idProperty", "properties", "objectWriteTraceId"}
Answer = tuple[int, dict[str, Any] | None]


@dataclass
class Row:
    """One input on its way: the record that it meets, what it will store, and why it cannot."""

    given: dict[str, Any]
    record: Record | None = None
    values: dict[str, str] = field(default_factory=dict)
    wrong: list[dict[str, str]] = field(default_factory=list)
    linked: list[Record] = field(default_factory=list)
    refused: errors.Refused | None = None
    missing: str = ""

    @property
    def trace(self) -> str:
        return str(self.given.get("objectWriteTraceId") or "")


class Batches:
    """The batch routes of one account."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._written: list[tuple[int, int]] = []
        self._locked_until = 0

    def create(self, call: Call, kind: str) -> Answer:
        rows = [Row(given) for given in call.batch()]
        for row in rows:
            self._take_values(call, kind, row, None)
            self._take_ends(call, kind, row)
        return self._write(kind, rows, 201)

    def update(self, call: Call, kind: str) -> Answer:
        rows = [Row(given) for given in call.batch()]
        ids = [call.text(row.given.get("id"), "id") for row in rows]
        for row, wanted in zip(rows, ids, strict=True):
            id_property = row.given.get("idProperty")
            row.record = self.store.find(kind, self._key(kind, id_property, wanted), id_property)
            row.missing = "" if row.record else wanted
            self._take_values(call, kind, row, None)
        # An id that was merged away and the id that it became are one record.
        self._refuse_repeated([row.record.id if row.record else wanted for row, wanted in zip(rows, ids, strict=True)])
        return self._write(kind, rows, 200)

    def upsert(self, call: Call, kind: str) -> Answer:
        rows = [Row(given) for given in call.batch()]
        names = {row.given.get("idProperty") for row in rows}
        if len(names) > 1 or not all(isinstance(n, str) and n for n in names):
            # Undocumented for mixed batches: the harder answer.
            raise errors.bad("Every input of an upsert needs one and the same idProperty.")
        name = str(names.pop())
        keys = [self._key(kind, name, call.text(row.given.get("id"), "id")) for row in rows]
        self._refuse_repeated(keys)
        for row, key in zip(rows, keys, strict=True):
            if unknown := sorted(set(row.given) - UPSERTED):
                # Not refused, and without effect: `associations` are for creates alone.
                call.violations.append(f"an upsert takes no {', '.join(unknown)}")
            row.record = self.store.find(kind, key, name)
            if not key:
                row.refused = errors.bad(f"The id of an input is empty; it must be a value of {name}.")
            self._take_values(call, kind, row, (name, key))
        return self._write(kind, rows, 200, upserts=True)

    def read(self, call: Call, kind: str) -> Answer:
        body, started = call.body(), self.store.now()
        name, archived = body.get("idProperty"), call.flag("archived")
        wanted = dict.fromkeys(call.text(one.get("id"), "id") for one in call.batch())
        found = {w: self.store.find(kind, self._key(kind, name, w), name, archived=archived) for w in wanted}
        names, histories = (self._list(body, member) for member in ("properties", "propertiesWithHistory"))
        names = [*names, *([name] if name else [])]
        # Two ids of a merge are one record, which is answered once.
        records = {r.id: r for r in found.values() if r is not None}
        results = [self.store.shown(r, names, histories) for r in records.values()]
        absent = [w for w, record in found.items() if record is None]
        told = [errors.not_in_batch(KINDS[kind][1]).of_inputs({"ids": absent})] if absent else []
        return self._answer(results, told, started, 200)

    def archive(self, call: Call, kind: str) -> Answer:
        """204 whatever the records were before."""
        for one in call.batch():
            if record := self.store.find(kind, call.text(one.get("id"), "id"), None):
                self.store.archive(record)
        return 204, None

    def _key(self, kind: str, name: Any, value: str) -> str:
        """The value as it would be stored, so that a lookup and a write agree on what is the same."""
        definition = self.store.definitions[kind].get(name or "")
        return (
            checked(definition, value, trims=self.store.options.trims_text, owners=frozenset())[0]
            if definition
            else value
        )

    def _list(self, body: dict[str, Any], member: str) -> list[str]:
        found = body.get(member, [])
        if not isinstance(found, list) or not all(isinstance(n, str) for n in found):
            raise errors.malformed(f"`{member}` must be a list of strings")
        return found

    def _take_values(self, call: Call, kind: str, row: Row, key: tuple[str, str] | None) -> None:
        given = call.values(row.given)
        if key:
            given.setdefault(*key)
        row.values, row.wrong = self.store.problems(kind, given)

    def _take_ends(self, call: Call, kind: str, row: Row) -> None:
        try:
            row.linked = ends(self.store, call, kind, row.given.get("associations") or [])
        except errors.Refused as refused:
            row.refused = refused

    def _refuse_repeated(self, ids: list[str]) -> None:
        folded = [self.store.fold(i) for i in ids]
        if repeated := sorted({i for i, one in zip(ids, folded, strict=True) if folded.count(one) > 1}):
            raise errors.duplicate_ids(repeated)

    def _judge(self, kind: str, rows: list[Row]) -> None:
        """Fill in each row's refusal; nothing is written yet."""
        store, taken = self.store, dict[tuple[str, str], Row]()
        for row in rows:
            if row.missing:
                row.refused = errors.not_in_batch(KINDS[kind][1])
            elif row.wrong:
                row.refused = errors.invalid_values(row.wrong, store.options.portal)
            elif row.record is None and row.refused is None and (lacking := store.lacking(kind, row.values)):
                row.refused = errors.missing_values(KINDS[kind][1], lacking)
            if row.refused is not None:
                continue
            row.refused = store.clash(row.record.id if row.record else "", kind, row.values)
            for name, value in row.values.items():
                one = (name, store.fold(value))
                if (kind, name) in store.unique and value and taken.setdefault(one, row) is not row:
                    status, label, portal = store.options.conflict_status, KINDS[kind][1], store.options.portal
                    row.refused = errors.value_taken(status, label, name, value, "an input", "another input", portal)

    def _write(self, kind: str, rows: list[Row], status: int, *, upserts: bool = False) -> Answer:
        started = self.store.now()
        self._check_lock(len(rows))
        self._judge(kind, rows)
        traces = {row.trace for row in rows}
        each = len(traces) == len(rows) and "" not in traces
        self._reject_all(rows, each)
        results = [self._stored(kind, row, upserts) for row in rows if row.refused is None]
        if self.store.options.shuffles_results:
            # A real account's results were seen in another order than its inputs.
            random.Random(started).shuffle(results)
        return self._answer(results, self._told(rows, each), started, status)

    def _reject_all(self, rows: list[Row], each: bool) -> None:
        """Raise what refuses the whole call: anything without trace ids, a conflict also with them."""
        options = self.store.options
        refused = [row.refused for row in rows if row.refused and not row.missing]
        conflicts = [one for one in refused if one.conflict and options.conflict_rejects == "batch"]
        wrong = [problem for row in rows for problem in row.wrong]
        if wrong and not each:
            raise errors.invalid_values(wrong, options.portal)
        for one in conflicts if each else refused:
            raise one

    def _stored(self, kind: str, row: Row, upserts: bool) -> dict[str, Any]:
        new = row.record is None
        record = row.record or self.store.insert(kind, row.values)
        if not new:
            self.store.write(record, row.values)
        for other in row.linked:
            self.store.link(record, other)
        shown = self.store.shown(record, [*row.values, *(["hs_task_status"] if kind == "tasks" else [])])
        shown |= {"new": new} if upserts else {}
        return shown | ({"objectWriteTraceId": row.trace} if row.trace and self.store.options.echoes_trace else {})

    def _told(self, rows: list[Row], each: bool) -> list[dict[str, Any]]:
        """The errors of a 207; inputs with one message share one of them, as the list of trace ids in it suggests."""
        told: dict[object, dict[str, Any]] = {}
        for number, row in enumerate(rows):
            if row.refused is None:
                continue
            context = {"ids": [row.missing]} if row.missing else dict[str, list[str]]()
            context |= {"objectWriteTraceId": [row.trace]} if each else {}
            key = row.refused.body["message"] if self.store.options.groups_errors else number
            if key in told:
                for name, values in context.items():
                    told[key]["context"].setdefault(name, []).extend(values)
            else:
                told[key] = row.refused.of_inputs(context)
        return list(told.values())

    def _answer(self, results: list[Any], told: list[Any], started: int, status: int) -> Answer:
        times = {"startedAt": iso(started), "completedAt": iso(self.store.now())}
        body = {"status": "COMPLETE", "results": results, **times}
        if not told:
            return status, body
        return status if self.store.options.errors_in_200 else 207, {**body, "numErrors": len(told), "errors": told}

    def _check_lock(self, rows: int) -> None:
        now, most = self.store.now(), self.store.options.locks_above
        if not most:
            return
        if now < self._locked_until:
            raise errors.locked()
        self._written = [(at, n) for at, n in self._written if at > now - LOCK_MS]
        if sum(n for _, n in self._written) + rows > most:
            self._locked_until = now + LOCK_MS
            raise errors.locked()
        self._written.append((now, rows))
