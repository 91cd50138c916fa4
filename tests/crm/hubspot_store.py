"""One HubSpot account in memory: definitions, records, their unique values, associations, merges, the recycling bin.

Nothing here knows of HTTP. The lock is the caller's: one request is one step, as it would be in a database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_values import Property, checked, defaults, iso

KINDS = {"companies": ("0-2", "COMPANY"), "tasks": ("0-27", "TASK")}
SPELLINGS = {"companies": "companies", "company": "companies", "0-2": "companies", "tasks": "tasks", "task": "tasks"}
SPELLINGS["0-27"] = "tasks"
REQUIRED = {"companies": ("name", "domain"), "tasks": ("hs_timestamp",)}
KEPT_VERSIONS = 20
MOST_UNIQUE = 10


@dataclass(frozen=True)
class Options:
    """How this account is set up. Every switch of which the documents do not decide has its harder value first."""

    token: str
    control_token: str
    scopes: tuple[str, ...] = ()  # none named: all
    portal: int = 891936587
    version: str = "2026-03"
    ten_secondly: int = 190
    daily: int = 625_000
    window_seconds: float = 10.0
    search_per_second: int = 5
    retry_after: bool = False  # for a 429 the guides promise no such header to a client
    search_lag_seconds: float = 5.0
    task_unique: str = "off"  # off: refused; silent: made, but not unique; on
    conflict_status: int = 409  # or 400
    conflict_rejects: str = "batch"  # or row, which needs trace ids
    groups_errors: bool = True  # inputs with one message share one error
    errors_in_200: bool = False  # 2026-09: a 200 may carry errors
    echoes_trace: bool = True
    shuffles_results: bool = True
    trims_text: bool = True
    folds_case: bool = False  # whether "A1" and "a1" are one unique value; on for a look at what it would do
    requires_name: bool = True
    keeps_merged_id: bool = False  # a public beta keeps the primary record's id; without it a merge makes a new one
    locks_above: int = 0  # rows written within two seconds before a 423; 0 is never
    owners: tuple[str, ...] = ("101", "102", "103")
    archived_owners: tuple[str, ...] = ()  # cannot be given anything
    owner_emails: dict[str, str] = field(default_factory=dict)  # by their ids; who has none is without one
    zone: str = "UTC"  # in which its pages show a moment
    raw_kept: int = 200


@dataclass
class Record:
    """One company or task; `history` holds what each property was, newest first, and who wrote it."""

    id: str
    kind: str
    created: int
    updated: int
    properties: dict[str, str] = field(default_factory=dict)
    history: dict[str, list[tuple[int, str, str]]] = field(default_factory=dict)
    archived: int | None = None
    merged: list[str] = field(default_factory=list)
    visible: int = 0  # when search begins to find its present state


class Store:
    """The state of one account."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.lock = threading.RLock()
        self.clock_offset = 0.0
        self.revoked = False
        self.definitions = {kind: defaults(kind) for kind in KINDS}
        self.groups = {"companies": {"companyinformation": "Company information"}, "tasks": {"task": "Task"}}
        self.records: dict[str, dict[str, Record]] = {kind: {} for kind in KINDS}
        self.unique: dict[tuple[str, str], dict[str, str]] = {}
        self.became: dict[str, str] = {}
        self.links: dict[tuple[str, str], dict[str, None]] = {}
        self._last_id = 40_000_000_000

    def now(self) -> int:
        """Milliseconds since 1970 on the account's own clock, which a test can put forward."""
        return round((time.time() + self.clock_offset) * 1000)

    def next_id(self) -> str:
        # Gaps, so that no client can count on consecutive numbers.
        self._last_id += 7
        return str(self._last_id)

    def define(self, kind: str, definition: Property) -> None:
        """Add or replace a definition; an index is built when its values must be unique."""
        self.definitions[kind][definition.name] = definition
        self.unique.pop((kind, definition.name), None)
        if definition.hasUniqueValue:
            values = {self.fold(r.properties.get(definition.name, "")): r.id for r in self.alive(kind)}
            values.pop("", None)
            self.unique[kind, definition.name] = values

    def fold(self, value: str) -> str:
        """The form of a unique value in which two are compared."""
        return value.casefold() if self.options.folds_case else value

    def drop(self, kind: str, name: str) -> None:
        self.definitions[kind].pop(name, None)
        self.unique.pop((kind, name), None)

    def alive(self, kind: str) -> Iterator[Record]:
        return (r for r in self.records[kind].values() if r.archived is None)

    def find(self, kind: str, wanted: str, id_property: str | None, *, archived: bool = False) -> Record | None:
        """The record of an id or of a unique value; an id that was merged away leads to the record it became."""
        if id_property:
            wanted = self.index(kind, id_property).get(self.fold(wanted), "")
        while wanted in self.became:
            wanted = self.became[wanted]
        record = self.records[kind].get(wanted)
        return record if record is not None and (record.archived is not None) == archived else None

    def index(self, kind: str, name: str) -> dict[str, str]:
        """Record ids by unique value; refused for a property whose values may repeat, `hs_object_id` among them."""
        found = self.unique.get((kind, name))
        if found is None:
            raise errors.not_unique(name, KINDS[kind][0], self.options.portal)
        return found

    def problems(self, kind: str, properties: dict[str, str]) -> tuple[dict[str, str], list[dict[str, str]]]:
        """The values as they would be stored, and what is wrong with them."""
        stored, wrong = {}, []
        known, owners = self.definitions[kind], frozenset(self.options.owners)
        for name, value in properties.items():
            if (definition := known.get(name)) is None:
                told = {"message": f'Property "{name}" does not exist', "error": "PROPERTY_DOESNT_EXIST"}
                wrong.append({**told, "name": name})
                continue
            stored[name], error, message = checked(definition, value, trims=self.options.trims_text, owners=owners)
            if error:
                wrong.append({"message": message, "error": error, "name": name})
        return stored, wrong

    def lacking(self, kind: str, properties: dict[str, str]) -> list[str]:
        """What a new record needs and does not have: a task's due date; a company's name or domain."""
        needed = REQUIRED[kind]
        if any(properties.get(name) for name in needed) or (kind == "companies" and not self.options.requires_name):
            return []
        return list(needed)

    def clash(self, record_id: str, kind: str, properties: dict[str, str]) -> errors.Refused | None:
        """The refusal when a value that must be unique is another record's."""
        for name, value in properties.items():
            holder = self.unique.get((kind, name), {}).get(self.fold(value))
            if holder is not None and holder != record_id:
                label, portal = KINDS[kind][1], self.options.portal
                status = self.options.conflict_status
                return errors.value_taken(status, label, name, value, record_id or "a new record", holder, portal)
        return None

    def insert(self, kind: str, properties: dict[str, str], source: str = "INTEGRATION") -> Record:
        """A new record; values are taken as they are."""
        now = self.now()
        record = Record(self.next_id(), kind, now, now)
        self.records[kind][record.id] = record
        own = {"hs_object_id": record.id, "createdate": iso(now), "hs_createdate": iso(now)}
        if kind == "tasks":
            own.setdefault("hs_task_status", "NOT_STARTED")
        self.write(record, {**own, **properties}, source)
        return record

    def write(self, record: Record, properties: dict[str, str], source: str = "INTEGRATION") -> None:
        """Set values, as they are, and keep the unique ones' index and the history."""
        now = self.now()
        for name, value in {**properties, "hs_lastmodifieddate": iso(now)}.items():
            index = self.unique.get((record.kind, name))
            if index is not None:
                if index.get(old := self.fold(record.properties.get(name, ""))) == record.id:
                    del index[old]
                if value:
                    index[self.fold(value)] = record.id
            if value:
                record.properties[name] = value
            else:
                record.properties.pop(name, None)
            versions = record.history.setdefault(name, [])
            versions.insert(0, (now, value, source))
            del versions[KEPT_VERSIONS:]
        record.updated, record.visible = now, now + round(self.options.search_lag_seconds * 1000)

    def archive(self, record: Record) -> None:
        """Into the recycling bin: its unique values are free again, so an upsert makes a second record."""
        record.archived = self.now()
        for (kind, name), index in self.unique.items():
            value = self.fold(record.properties.get(name, ""))
            if kind == record.kind and index.get(value) == record.id:
                del index[value]

    def restore(self, record: Record) -> None:
        """Out of the bin; a unique value that was taken meanwhile is lost to the record."""
        record.archived = None
        for (kind, name), index in self.unique.items():
            value = record.properties.get(name, "")
            if kind != record.kind or not value:
                continue
            if index.setdefault(self.fold(value), record.id) != record.id:
                del record.properties[name]

    def merge(self, primary: Record, other: Record, *, keeps_id: bool | None = None) -> Record:
        """Two records become one with the primary's values; both old ids lead to it.

        The other's unique values are nobody's afterwards: no document says that they lead anywhere, so an upsert by
        one makes a new record. A property that the primary lacks is taken from the other, unless it must be unique.
        """
        keeps = self.options.keeps_merged_id if keeps_id is None else keeps_id
        kind = primary.kind
        values = {k: v for k, v in other.properties.items() if (kind, k) not in self.unique and not k.startswith("hs_")}
        values |= {k: v for k, v in primary.properties.items() if not k.startswith("hs_object_id")}
        gone = [*primary.merged, *other.merged, other.id, *([] if keeps else [primary.id])]
        for record in (other,) if keeps else (primary, other):
            self.archive(record)
        merged = primary if keeps else self.insert(kind, {})
        created = min(primary.created, other.created)
        self.write(merged, {**values, "hs_merged_object_ids": ";".join(gone)}, "MERGE_OBJECTS")
        merged.created, merged.merged = created, gone
        for old in (other.id,) if keeps else (primary.id, other.id):
            self.became[old] = merged.id
            del self.records[kind][old]
            self._take_links(old, merged.id)
        return merged

    def link(self, one: Record, two: Record) -> None:
        self.links.setdefault((one.id, two.kind), {})[two.id] = None
        self.links.setdefault((two.id, one.kind), {})[one.id] = None

    def unlink(self, one: Record, two: Record) -> None:
        self.links.get((one.id, two.kind), {}).pop(two.id, None)
        self.links.get((two.id, one.kind), {}).pop(one.id, None)

    def linked(self, record: Record, kind: str) -> list[str]:
        """Ids of the records of a kind that are associated with this one, without those in the bin."""
        known = self.records[kind]
        return [i for i in self.links.get((record.id, kind), {}) if i in known and known[i].archived is None]

    def _take_links(self, old: str, new: str) -> None:
        for kind in KINDS:
            for other in self.links.pop((old, kind), {}):
                for back in KINDS:
                    ends = self.links.get((other, back), {})
                    if old in ends:
                        del ends[old]
                        ends[new] = None
                self.links.setdefault((new, kind), {})[other] = None

    def shown(self, record: Record, wanted: Any = (), histories: Any = ()) -> dict[str, Any]:
        """A record as the interface returns it; a property without a value does not appear."""
        names = {"hs_object_id", "hs_lastmodifieddate", "createdate", *wanted}
        known = self.definitions[record.kind]
        names = {n for n in names if n in known}
        at = {"createdAt": iso(record.created), "updatedAt": iso(record.updated)}
        told = {"id": record.id, **at, "archived": record.archived is not None}
        told["properties"] = {n: v for n, v in record.properties.items() if n in names}
        if record.archived is not None:
            told["archivedAt"] = iso(record.archived)
        if histories:
            told["propertiesWithHistory"] = {
                n: [{"timestamp": iso(t), "value": v, "sourceType": s} for t, v, s in record.history.get(n, [])]
                for n in histories
                if n in known
            }
        return told
