"""How records are created, changed and upserted: at most 200 at a time, each on its own or all or none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.crm.salesforce_ids import record_id
from tests.crm.salesforce_store import DELETED, ID, Org, Plan, Row, Table, is_set, now
from tests.crm.salesforce_values import LEAVE, Refused

if TYPE_CHECKING:
    from tests.crm.salesforce_faults import Faults

AT_ONCE = 200
ROLLED_BACK = "Record rolled back because not all records were valid and the request was using AllOrNone header"


@dataclass(frozen=True, slots=True)
class Saved:
    """A record that was written."""

    id: str
    created: bool


@dataclass(frozen=True, slots=True)
class Change:
    """One record as asked for: which fields, which values, or the refusal that reading it already met."""

    plan: Plan
    values: Sequence[Any]
    unread: Refused | None = None


Outcome = Saved | Refused


class Transaction:
    """Up to 200 records of one object, written under the org's lock."""

    def __init__(self, org: Org, table: Table, faults: Faults | None = None, *, by: str | None = None) -> None:
        self.org, self.table, self.faults = org, table, faults
        self.by, self.at = by or org.robot, now()
        self.undo: list[tuple[int, Row | None]] = []
        places = table.places
        self.stamps = [(places["lastmodifieddate"], self.at), (places["systemmodstamp"], self.at)]
        self.stamps.append((places["lastmodifiedbyid"], self.by))
        self.born = [(places["createddate"], self.at), (places["createdbyid"], self.by)]

    def save(self, operation: str, key: int, changes: Sequence[Change], *, all_or_none: bool = False) -> list[Outcome]:
        """Write the records in their order; a refused one leaves the others as they are, unless all or none."""
        outcomes: list[Outcome] = []
        twice = self._twice(operation, key, changes)
        for change in changes:
            try:
                outcomes.append(self._one(operation, key, change, twice))
            except Refused as refused:
                outcomes.append(refused)
        if all_or_none and any(isinstance(outcome, Refused) for outcome in outcomes):
            self._roll_back()
            other = Refused("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK)
            return [outcome if isinstance(outcome, Refused) else other for outcome in outcomes]
        return outcomes

    def _twice(self, operation: str, key: int, changes: Sequence[Change]) -> set[Any]:
        """The keys that stand on more than one record of the call: every one of those records is refused."""
        if operation == "insert":
            return set()
        counted = Counter(
            self.table.folded(key, change.values[i])
            for change in changes
            if change.unread is None and (i := change.plan.at.get(key)) is not None and is_set(change.values[i])
        )
        return {value for value, times in counted.items() if times > 1} if len(counted) < len(changes) else set()

    def _one(self, operation: str, key: int, change: Change, twice: set[Any]) -> Outcome:
        if change.unread is not None:
            raise change.unread
        if operation == "insert":
            if ID in change.plan.at and is_set(change.values[change.plan.at[ID]]):
                raise Refused("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", ["Id"])
            self._fault(change)
            return self._create(change.plan, change.values)
        table, i = self.table, change.plan.at.get(key)
        value = change.values[i] if i is not None else None
        name = table.fields[key].name
        if not is_set(value) and operation == "upsert" and key == ID:
            return self._create(change.plan, change.values)
        if not is_set(value):
            asked = "Id not specified in an update call" if operation == "update" else f"{name} not specified"
            raise Refused("MISSING_ARGUMENT", asked, [name])
        if twice and table.folded(key, value) in twice:
            raise Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", [name])
        self._fault(change)
        if key == ID:
            return self._update(self._by_id(str(value)), change.plan, change.values)
        found = table.find(key, value)
        if len(found) > 1:
            ids = ", ".join(table.rows[number][ID] for number in found)
            raise Refused(
                "DUPLICATE_EXTERNAL_ID", f"{name}: more than one record found for external id field: [{ids}]", [name]
            )
        if found:
            return self._update(found[0], change.plan, change.values)
        return self._create(change.plan, change.values)

    def _fault(self, change: Change) -> None:
        if self.faults is not None and self.faults.rows and (refused := self.faults.for_row(self.table, change)):
            raise refused

    def _by_id(self, value: str) -> int:
        number = self.table.number(value)
        if number is None:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        # A merged account's loser is deleted too: what is sent to its id comes back with the same code.
        if self.table.rows[number][DELETED]:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted", [])
        return number

    def _create(self, plan: Plan, values: Sequence[Any]) -> Saved:
        table = self.table
        if plan.unmade:
            raise _unable(plan.unmade)
        row = table.blank[:]
        row[table.places["ownerid"]] = self.by
        for place, value in zip(plan.places, values, strict=True):
            if value is not LEAVE:
                row[place] = value
        missing = [table.fields[place].name for place in table.required if row[place] is None]
        if missing:
            raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)
        self._check(plan, values, None)
        for place, value in (*self.born, *self.stamps):
            row[place] = value
        row[ID] = record_id(table.prefix, len(table.rows))
        self._finish(row)
        table.rows.append(row)
        for i, place in plan.indexed:
            if values[i] is not LEAVE:
                table.remember(place, row[place], len(table.rows) - 1)
        self.undo.append((len(table.rows) - 1, None))
        return Saved(row[ID], created=True)

    def _update(self, number: int, plan: Plan, values: Sequence[Any]) -> Saved:
        table = self.table
        if plan.fixed:
            raise _unable(plan.fixed)
        old = table.rows[number]
        for i, field in plan.filled:
            if values[i] is None and field.kind != "id":
                if field.name == "OwnerId":
                    raise Refused("INVALID_CROSS_REFERENCE_KEY", "Owner ID: owner cannot be blank", ["OwnerId"])
                raise Refused("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", [field.name])
        self._check(plan, values, number)
        row = old[:]
        for place, value in zip(plan.places, values, strict=True):
            if value is not LEAVE and place != ID:
                row[place] = value
        for place, value in self.stamps:
            row[place] = value
        self._finish(row)
        for _, place in plan.indexed:
            if row[place] != old[place]:
                table.forget(place, old[place], number)
                table.rows[number] = row
                table.remember(place, row[place], number)
        table.rows[number] = row
        self.undo.append((number, old))
        return Saved(row[ID], created=False)

    def _check(self, plan: Plan, values: Sequence[Any], number: int | None) -> None:
        table = self.table
        for i, field in plan.references:
            if is_set(values[i]):
                self.org.referred(field, values[i])
        for i, place in plan.indexed:
            if is_set(values[i]) and table.fields[place].unique:
                for other in table.find(place, values[i]):
                    if other != number:
                        name, taken = table.fields[place].name, table.rows[other][ID]
                        message = f"duplicate value found: {name} duplicates value on record with id: {taken}"
                        raise Refused("DUPLICATE_VALUE", message, [])

    def _finish(self, row: Row) -> None:
        """What the platform works out itself, and what the org's validation rules say of the result."""
        table = self.table
        if table.name == "Task":
            places = table.places
            row[places["isclosed"]] = row[places["status"]] == "Completed"
            row[places["ishighpriority"]] = row[places["priority"]] == "High"
            what = row[places["whatid"]]
            row[places["accountid"]] = what if what and what.startswith("001") else None
        if self.org.rules and (refused := self.org.broken_rule(table, row)):
            raise refused

    def _roll_back(self) -> None:
        table = self.table
        for number, old in reversed(self.undo):
            for place in table.index:
                table.forget(place, table.rows[number][place], number)
            if old is None:
                del table.rows[number]
                continue
            table.rows[number] = old
            for place in table.index:
                table.remember(place, old[place], number)
        self.undo = []


def _unable(names: Sequence[str]) -> Refused:
    listed = ", ".join(names)
    message = (
        f"Unable to create/update fields: {listed}. Please check the security settings of this field and verify "
        "that it is read/write for your profile or permission set."
    )
    return Refused("INVALID_FIELD_FOR_INSERT_UPDATE", message, list(names))


def change_of(table: Table, values: dict[str, Any], read: Any) -> Change:
    """A record from JSON: names in any case, `attributes` set aside, each value read by its field."""
    places, kept = [], []
    unread: Refused | None = None
    for name, value in values.items():
        if name == "attributes":
            continue
        place = table.place(name)
        if place is None:
            unread = unread or Refused("INVALID_FIELD", f"No such column '{name}' on sobject of type {table.name}", [])
            continue
        try:
            kept.append(read(table.fields[place], value))
            places.append(place)
        except Refused as refused:
            unread = unread or refused
    return Change(table.plan(places), kept, unread)
