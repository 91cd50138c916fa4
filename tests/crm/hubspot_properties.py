"""Definitions of properties and their groups: list, get, create, change, archive."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from tests.crm import hubspot_errors as errors
from tests.crm.hubspot_calls import Call
from tests.crm.hubspot_store import MOST_UNIQUE, Store
from tests.crm.hubspot_values import FIELD_TYPES, Property, choices, iso

NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")


def listed(store: Store, call: Call, kind: str) -> tuple[int, dict[str, Any]]:
    if call.flag("archived"):
        return 200, {"results": []}
    now = iso(store.now())
    return 200, {"results": [p.shown(now) for p in store.definitions[kind].values()]}


def get(store: Store, kind: str, name: str) -> tuple[int, dict[str, Any]]:
    if (found := store.definitions[kind].get(name)) is None:
        raise errors.not_found(f"Property {name} does not exist")
    return 200, found.shown(iso(store.now()))


def create(store: Store, call: Call, kind: str) -> tuple[int, dict[str, Any]]:
    body = call.body()
    lacking = [m for m in ("name", "label", "type", "fieldType", "groupName") if not isinstance(body.get(m), str)]
    if lacking:
        raise errors.bad(f"Some required fields were not set: [{', '.join(lacking)}]")
    name, unique = body["name"], bool(body.get("hasUniqueValue", False))
    if not NAME.fullmatch(name):
        raise errors.bad(f"{name} is not a name: lower case letters, digits and underscores, a letter first.")
    if name in store.definitions[kind]:
        raise errors.Refused(409, "CONFLICT", f'A property named "{name}" already exists.')
    _fits(store, kind, body)
    if unique:
        unique = _unique_allowed(store, kind, body)
    options = _options(body.get("options") or [])
    if body["type"] == "enumeration" and not options:
        raise errors.bad("An enumeration needs options.")
    if body["type"] == "bool" and not options:
        options = choices("true", "false")
    made = Property(
        name,
        body["type"],
        body["fieldType"],
        body["label"],
        body["groupName"],
        str(body.get("description", "")),
        options,
        unique,
    )
    store.define(kind, made)
    return 201, made.shown(iso(store.now()))


def _fits(store: Store, kind: str, body: dict[str, Any]) -> None:
    if body["type"] not in FIELD_TYPES or body["fieldType"] not in FIELD_TYPES[body["type"]]:
        raise errors.bad(f"A property of type {body['type']} cannot have the field type {body['fieldType']}.")
    if body["groupName"] not in store.groups[kind]:
        raise errors.bad(f"Property group {body['groupName']} does not exist.")


def _unique_allowed(store: Store, kind: str, body: dict[str, Any]) -> bool:
    """Whether values may be made unique: text and numbers, ten of an object; of tasks the documents say nothing."""
    if body["type"] not in ("string", "number"):
        raise errors.bad(f"Values of type {body['type']} cannot be unique.")
    if sum(p.hasUniqueValue for p in store.definitions[kind].values()) >= MOST_UNIQUE:
        raise errors.bad(f"An object can have {MOST_UNIQUE} properties with unique values.")
    if kind == "tasks" and store.options.task_unique == "off":
        raise errors.bad("Unique values are not supported for this object type.")
    return kind != "tasks" or store.options.task_unique == "on"


def _options(given: Any) -> tuple[dict[str, Any], ...]:
    if not isinstance(given, list):
        raise errors.malformed("`options` must be a list")
    for one in given:
        if not isinstance(one, dict) or not {"label", "value", "hidden", "displayOrder"} <= set(one):
            raise errors.bad("An option needs label, value, hidden and displayOrder.")
    if len({one["value"] for one in given}) < len(given):
        raise errors.bad("Two options have the same value.")
    return tuple(given)


def change(store: Store, call: Call, kind: str, name: str) -> tuple[int, dict[str, Any]]:
    body, found = call.body(), store.definitions[kind].get(name)
    if found is None:
        raise errors.not_found(f"Property {name} does not exist")
    if found.hubspotDefined:
        raise errors.bad(f"{name} is HubSpot's own and cannot be changed.")
    if "hasUniqueValue" in body and bool(body["hasUniqueValue"]) != found.hasUniqueValue:
        raise errors.bad("hasUniqueValue can't be changed once it is set.")
    members = {m: body[m] for m in ("type", "fieldType", "label", "groupName", "description") if m in body}
    made = replace(found, **members)
    _fits(store, kind, {"type": made.type, "fieldType": made.fieldType, "groupName": made.groupName})
    if "options" in body:
        made = replace(made, options=_options(body["options"]))
    store.definitions[kind][name] = made
    return 200, made.shown(iso(store.now()))


def archive(store: Store, kind: str, name: str) -> tuple[int, None]:
    found = store.definitions[kind].get(name)
    if found is not None and found.hubspotDefined:
        raise errors.bad(f"{name} is HubSpot's own and cannot be archived.")
    store.drop(kind, name)
    return 204, None


def groups(store: Store, kind: str) -> tuple[int, dict[str, Any]]:
    found = [
        {"name": n, "label": label, "archived": False, "displayOrder": -1} for n, label in store.groups[kind].items()
    ]
    return 200, {"results": found}


def group(store: Store, kind: str, name: str) -> tuple[int, dict[str, Any]]:
    if (label := store.groups[kind].get(name)) is None:
        raise errors.not_found(f"Property group {name} does not exist")
    return 200, {"name": name, "label": label, "archived": False, "displayOrder": -1}


def create_group(store: Store, call: Call, kind: str) -> tuple[int, dict[str, Any]]:
    body = call.body()
    name, label = body.get("name"), body.get("label")
    if not isinstance(name, str) or not NAME.fullmatch(name) or not isinstance(label, str):
        raise errors.bad("A group needs a name and a label.")
    if name in store.groups[kind]:
        raise errors.Refused(409, "CONFLICT", f'A property group named "{name}" already exists.')
    store.groups[kind][name] = label
    return 201, group(store, kind, name)[1]
