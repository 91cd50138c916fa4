"""Which of our fields Salesforce gets, under which names, and what it says of them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from policy.errors import SettingsError
from serving.writeback.destination import Capabilities, Field, Kind
from serving.writeback.names import Names, named
from serving.writeback.salesforce_values import IDS, KINDS, NUMBERS, TEXTS, Column

OBJECTS: Mapping[Kind, str] = {"score": "Account", "task": "Task"}
TASK_FIELDS = {
    **{"subject": "Subject", "body": "Description", "due_at": "ActivityDate"},
    **{"priority": "Priority", "status": "Status", "owner_id": "OwnerId"},
}
# Ours → the words of a new org's picklists; a word that is not here goes, and comes back, as it is.
WORDS: Mapping[str, Mapping[str, str]] = {
    "priority": {"high": "High", "normal": "Normal", "low": "Low"},
    "status": {"open": "Not Started", "cancelled": "Deferred", "done": "Completed"},
}
KEY_LENGTH, TEXT_LENGTH = 255, 255


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a field of ours must be in Salesforce: the type an admin chooses, and the types it may have been given."""

    type: str
    kinds: frozenset[str]
    length: int = 0


TEXT = Wanted("Text", TEXTS, TEXT_LENGTH)
NUMBER = Wanted("Number", frozenset(NUMBERS))
DATE = Wanted("Date", frozenset({"date"}))
MOMENT = Wanted("DateTime", frozenset({"datetime"}))
WANTED: Mapping[str, Wanted] = {
    **{"churn_probability": NUMBER, "health_score": NUMBER, "as_of": DATE, "expires_on": DATE, "published_at": MOMENT},
    "due_at": Wanted("Date", frozenset({"date", "datetime"})),
    "owner_id": Wanted("Text", TEXTS | IDS, TEXT_LENGTH),
}


def wanted(ours: str) -> Wanted:
    """What a field must be: text, where nothing else is said."""
    return WANTED.get(ours, TEXT)


@dataclass(frozen=True, slots=True)
class Layout:
    """One object as Salesforce describes it to the integration's user, held against what is to be written.

    `problems` keep anything from being written; `key_unique` false keeps repeats from being safe. `beside`: ours →
    theirs of fields that are read as they are and never written.
    """

    object: str
    key: str
    key_length: int
    key_unique: bool
    key_case: bool
    columns: Mapping[str, Column]
    problems: tuple[str, ...]
    beside: Mapping[str, str] = field(default_factory=dict)


def default_names(
    score: Mapping[str, str] | None = None, task: Mapping[str, str] | None = None, *, where: str = "salesforce"
) -> Names:
    """The usual names, and what the project says otherwise; an empty name leaves a field out.

    >>> default_names().score["risk_tier"], default_names().score["churn_probability"], default_names().task["body"]
    ('Churn_Risk_Tier__c', 'Churn_Probability__c', 'Description')
    """
    return named(lambda ours: f"Churn_{ours.removeprefix('churn_').title()}__c", TASK_FIELDS, score, task, where)


def checked_names(names: Names, keys: Mapping[Kind, str], where: str) -> None:
    """Raises SettingsError for a name that cannot be a field's: names become part of queries."""
    for name in (*names.shown("score").values(), *names.shown("task").values(), *keys.values()):
        if not re.fullmatch(r"[A-Za-z]\w{0,79}", name, re.ASCII):
            cure = "Names there are letters, digits and _, such as Churn_Risk_Tier__c."
            raise SettingsError(f"`{name[:80]}` cannot be the name of a field.", where=where, cure=cure)


def layout(kind: Kind, described: Mapping[str, Any], names: Names, key: str) -> Layout:
    """What `describe` says of an object, for the fields that are sent, and of those that are only read."""
    there: dict[str, Mapping[str, Any]] = {str(f["name"]): f for f in described["fields"]}
    name, problems, columns = str(described["name"]), [], {}
    for ours, theirs in names.of(kind).items():
        found, asked = there.get(theirs), wanted(ours)
        if found is None:
            problems.append(f"{name}.{theirs} is missing, or hidden from the integration's user")
        elif found["type"] not in asked.kinds & KINDS:
            problems.append(f"{name}.{theirs} is of type {found['type']}, not {asked.type}")
        else:
            columns[ours] = _column(kind, ours, found)
            if not columns[ours].writable:
                problems.append(f"{name}.{theirs} may not be edited by the integration's user")
    held = there.get(key)
    if held is None:
        problems.append(f"{name}.{key}, the key, is missing, or hidden from the integration's user")
        held = {}
    unique = bool(held.get("externalId") and held.get("unique"))
    length, case = int(held.get("length") or KEY_LENGTH), bool(held.get("caseSensitive"))
    beside = {ours: theirs for ours, theirs in names.shown(kind).items() if theirs in there and ours not in columns}
    return Layout(name, key, length, unique, case, columns, tuple(problems), beside)


def capabilities(name: str, layouts: Mapping[Kind, Layout], names: Names, batch_size: int) -> Capabilities:
    """Told to the engine. Raises SettingsError where a field is missing, hidden, read-only or of another type."""
    problems = [problem for held in layouts.values() for problem in held.problems]
    if problems:
        cure = "`salesforce_setup.setup` has the fields ready for an admin; a field with an empty name is left out."
        raise SettingsError(f"{'; '.join(problems)}; nothing was written.", where=name, cure=cure)
    fields = {
        kind: {c.ours: Field(c.length if c.kind in TEXTS else None, c.writable) for c in held.columns.values()}
        for kind, held in layouts.items()
    }
    return Capabilities(
        name,
        fields,
        only={kind: frozenset(names.of(kind)) for kind in layouts},
        batch_size=batch_size,
        max_key=max(held.key_length for held in layouts.values()),
        key_unique=all(held.key_unique for held in layouts.values()),
    )


def _column(kind: Kind, ours: str, field: Mapping[str, Any]) -> Column:
    writable = bool(field["updateable"]) and (kind == "score" or bool(field["createable"]))
    words = WORDS.get(ours, {}) if kind == "task" and field["type"] in ("picklist", "combobox") else {}
    return Column(
        ours,
        str(field["name"]),
        str(field["type"]),
        int(field.get("length") or 0),
        bool(field.get("nillable", True)),
        writable,
        words,
        {theirs: mine for mine, theirs in words.items()},
    )
