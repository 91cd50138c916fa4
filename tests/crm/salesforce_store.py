"""The records of the emulated org: one list per record, an index per external id, one lock for all."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.crm.salesforce_ids import record_id, record_number
from tests.crm.salesforce_schema import PREFIXES, STANDARD, TEXTS, Field, changed, make_field
from tests.crm.salesforce_values import LEAVE, Refused

ID, DELETED = 0, 1
Row = list[Any]


def now() -> str:
    """This moment as the REST API writes it."""
    at = datetime.now(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


class Table:
    """One object: its fields, its records in the order they were made, and what finds them."""

    def __init__(self, name: str, specs: Iterable[dict[str, Any]]) -> None:
        self.name, self.prefix = name, PREFIXES[name]
        self.fields: list[Field] = [make_field(spec) for spec in specs]
        self.rows: list[Row] = []
        self.index: dict[int, dict[Any, Any]] = {}
        self.plans: dict[tuple[int, ...], Plan] = {}
        self.arrange()

    def arrange(self) -> None:
        """Find the fields' places anew, after a field was made or changed."""
        self.places = {f.name.lower(): place for place, f in enumerate(self.fields) if not f.hidden}
        self.blank = [f.default for f in self.fields]
        self.required = [place for place, f in enumerate(self.fields) if f.required]
        self.plans = {}
        for place, f in enumerate(self.fields):
            if f.looked_up and place not in self.index:
                self.index[place] = {}
                for number, row in enumerate(self.rows):
                    self.remember(place, row[place], number)

    def place(self, name: str) -> int | None:
        """Where a field stands in a record, its name in any case; None for one that is not there or not shown."""
        return self.places.get(name.lower())

    def change_field(self, name: str, change: dict[str, Any]) -> None:
        """Make a field, or change one as an administrator would: what is stored stays."""
        for place, old in enumerate(self.fields):
            if old.name.lower() == name.lower():
                self.fields[place] = changed(old, change)
                break
        else:
            self.fields.append(make_field({"name": name, **change}))
            for row in self.rows:
                row.append(self.fields[-1].default)
        self.arrange()

    def folded(self, place: int, value: Any) -> Any:
        """A value as the index knows it: case counts only where the field says so."""
        f = self.fields[place]
        return value.lower() if f.kind in TEXTS and not f.case_sensitive and isinstance(value, str) else value

    def remember(self, place: int, value: Any, number: int) -> None:
        """Let the index lead from a value to a record."""
        if value is None or self.rows[number][DELETED]:
            return
        known, value = self.index[place], self.folded(place, value)
        had = known.get(value)
        known[value] = number if had is None else [*had, number] if isinstance(had, list) else [had, number]

    def forget(self, place: int, value: Any, number: int) -> None:
        """Let the index no longer lead from a value to a record."""
        if value is None:
            return
        known, value = self.index[place], self.folded(place, value)
        had = known.get(value)
        if isinstance(had, list):
            rest = [n for n in had if n != number]
            known[value] = rest[0] if len(rest) == 1 else rest
        elif had == number:
            del known[value]

    def find(self, place: int, value: Any) -> list[int]:
        """The records, none of them deleted, whose indexed field has the value."""
        had = self.index[place].get(self.folded(place, value))
        return [] if had is None else sorted(had) if isinstance(had, list) else [had]

    def number(self, text: str) -> int | None:
        """Which record an id names, deleted or not."""
        number = record_number(self.prefix, text)
        return number if number is not None and 0 <= number < len(self.rows) else None

    def live(self) -> Iterator[Row]:
        """The records that are not in the recycle bin."""
        return (row for row in self.rows if not row[DELETED])

    def plan(self, places: Sequence[int]) -> Plan:
        """What has to be looked at when these fields are written."""
        key = tuple(places)
        if key not in self.plans:
            if len(self.plans) > 1_000:
                self.plans.clear()
            self.plans[key] = Plan.of(self, key)
        return self.plans[key]


@dataclass(frozen=True, slots=True)
class Plan:
    """For one set of fields to write: which need more than being copied, and where they stand among the values."""

    places: tuple[int, ...]
    fields: tuple[Field, ...]
    at: dict[int, int]
    references: tuple[tuple[int, Field], ...]
    indexed: tuple[tuple[int, int], ...]
    filled: tuple[tuple[int, Field], ...]
    fixed: tuple[str, ...]
    unmade: tuple[str, ...]

    @classmethod
    def of(cls, table: Table, places: tuple[int, ...]) -> Plan:
        """Look at the fields once."""
        pairs = [(i, table.fields[place]) for i, place in enumerate(places)]
        return cls(
            places,
            tuple(f for _, f in pairs),
            {place: i for i, place in enumerate(places)},
            tuple((i, f) for i, f in pairs if f.kind == "reference"),
            tuple((i, place) for i, place in enumerate(places) if place in table.index),
            tuple((i, f) for i, f in pairs if f.required or not f.nillable),
            tuple(f.name for _, f in pairs if not f.updateable and f.kind != "id"),
            tuple(f.name for _, f in pairs if not f.createable and f.kind != "id"),
        )


class Org:
    """Everything the server remembers: tables, people, and the switches a test may turn."""

    def __init__(self, custom: dict[str, list[dict[str, Any]]] | None = None) -> None:
        self.lock = threading.RLock()
        self.tables = {name: Table(name, [*specs, *(custom or {}).get(name, [])]) for name, specs in STANDARD.items()}
        self.person, self.robot = record_id(PREFIXES["User"], 0), record_id(PREFIXES["User"], 1)
        self.rules: list[dict[str, Any]] = []
        people = [["person@example.org", "person@example.org"], ["robot@example.org", "robot@example.org"]]
        self.seed("User", ["Username", "Email"], people)

    def table(self, name: str) -> Table | None:
        """An object by its name in any case."""
        return next((t for key, t in self.tables.items() if key.lower() == name.lower()), None)

    def referred(self, f: Field, value: str) -> None:
        """Refuse a reference to what is not there, is of another kind, or lies in the recycle bin."""
        of = next((kind for kind, prefix in PREFIXES.items() if value.startswith(prefix)), None)
        if of not in f.reference_to:
            raise Refused("FIELD_INTEGRITY_EXCEPTION", f"{f.label}: id value of incorrect type: {value}", [f.name])
        table = self.tables.get(of or "")
        number = table.number(value) if table else None
        if table is None or number is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [f.name])
        # Documented with the status code: "You can't reference an object that has been deleted".
        if table.rows[number][DELETED]:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted", [f.name])
        # Documented with the status code: "The owner of the specified item is an inactive user".
        if of == "User" and f.name == "OwnerId" and not table.rows[number][table.places["isactive"]]:
            raise Refused("INACTIVE_OWNER_OR_USER", "The owner is an inactive user", [f.name])

    def broken_rule(self, table: Table, row: Row) -> Refused | None:
        """The first validation rule that the record breaks: a rule names a field and the values it does not allow."""
        for rule in self.rules:
            if rule["object"] == table.name and row[table.places[rule["field"].lower()]] in rule["values"]:
                where = [rule["error_field"]] if rule.get("error_field") else []
                return Refused("FIELD_CUSTOM_VALIDATION_EXCEPTION", rule["message"], where)
        return None

    def seed(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Records as they were before the client came: values are taken as they are."""
        table = self.tables[name]
        places = [table.places[column.lower()] for column in columns]
        stamps = {table.places[n.lower()]: now() for n in ("CreatedDate", "LastModifiedDate", "SystemModstamp")}
        of_a_person = [n for n in ("createdbyid", "lastmodifiedbyid", "ownerid") if n in table.places]
        stamps |= {table.places[n]: self.person for n in of_a_person}
        blank = table.blank[:]
        for place, value in stamps.items():
            blank[place] = value
        indexed = [place for place in places if place in table.index]
        with self.lock:
            start = len(table.rows)
            for number, values in enumerate(rows, start):
                row = blank[:]
                row[ID] = record_id(table.prefix, number)
                for place, value in zip(places, values, strict=True):
                    row[place] = value
                table.rows.append(row)
                for place in indexed:
                    table.remember(place, row[place], number)
            return len(table.rows) - start


def is_set(value: Any) -> bool:
    """Whether a value is one to write and not null."""
    return value is not None and value is not LEAVE
