"""What a HubSpot account lacks before scores and tasks can be written to it, and making it.

Only properties and their group `churn` are made: never a record, and nothing that exists is changed. HubSpot's
definitions have no lengths: a text may hold 65,536 characters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from serving.writeback.destination import Busy, Kind
from serving.writeback.hubspot import HubSpotCrm
from serving.writeback.hubspot_line import Reply
from serving.writeback.hubspot_values import OBJECTS, Property, can_hold, needed_type
from serving.writeback.web import NoAnswer

GROUP, LABEL = "churn", "Churn"
LONG_TEXTS = frozenset({"reason_1", "reason_2", "reason_3", "body"})
FIELD_TYPES = {"number": "number", "date": "date", "datetime": "date", "string": "text"}
ABOUT = "Written by the churn pipeline. What a person changes here is kept and reported."
SCOPES = (
    *("crm.objects.companies.read", "crm.objects.companies.write"),
    *("crm.objects.contacts.read", "crm.objects.contacts.write"),
    "crm.objects.owners.read",
    *("crm.schemas.companies.read", "crm.schemas.companies.write", "crm.schemas.contacts.write"),
)
"""Of the service key. Tasks go by the contacts' scopes; the `schemas…write` ones are for this set-up alone."""

State = Literal["ready", "missing", "made", "by_hand"]


@dataclass(frozen=True, slots=True)
class Step:
    """One group or property: `made` now, or `missing`, or `by_hand`, which says how. `note` is for a person."""

    object: str
    name: str
    type: str
    state: State
    note: str = ""


def setup(crm: HubSpotCrm, *, create: bool) -> list[Step]:
    """Every group and property that is needed, and what became of it; makes what is missing where `create`.

    Doing it again does nothing. Raises Busy where HubSpot cannot be read now, DeliveryIncomplete for a key that is
    refused or lacks a scope (`SCOPES`).
    """
    steps: list[Step] = []
    for kind in OBJECTS:
        crm.forget()
        known = dict(crm.definitions(kind))
        group = _group(crm, kind, create=create)
        steps.append(group)
        for wanted, field in _wanted(crm, kind):
            step = _judged(crm, kind, wanted, field, known.get(wanted.name))
            if step.state == "missing" and create and group.state != "by_hand":
                step = _make(crm, kind, wanted, field)
            steps.append(step)
    crm.forget()
    return steps


def _wanted(crm: HubSpotCrm, kind: Kind) -> Iterator[tuple[Property, str]]:
    """The key first, then the fields; with each the field of ours that it holds, which is empty for the key."""
    yield Property(crm.keys[kind], unique=True), ""
    for field, name in crm.names.of(kind).items():
        if name != crm.keys[kind]:
            sort = needed_type(field)
            yield Property(name, sort, "textarea" if field in LONG_TEXTS else FIELD_TYPES[sort]), field


def _judged(crm: HubSpotCrm, kind: Kind, wanted: Property, field: str, found: Property | None) -> Step:
    here = Step(OBJECTS[kind], wanted.name, wanted.type, "ready")
    if found is None:
        if wanted.name.startswith("hs_") or wanted.name == "hubspot_owner_id":
            return replace(here, state="by_hand", note="HubSpot's own, and this account does not have it.")
        return replace(here, state="missing", note=f"{wanted.type}, {wanted.field_type}, group {GROUP}.")
    here = replace(here, type=found.type)
    if not found.writable:
        return replace(here, state="by_hand", note="It is read-only. Name another property for it.")
    if field and not can_hold(found, field):
        note = f"It is a {found.type} and should be a {wanted.type}. Make another one and name it for `{field}`."
        return replace(here, state="by_hand", note=note)
    if not field and found.type != "string":
        note = f"It is a {found.type} and should be single-line text. Make another one and name it as the key."
        return replace(here, state="by_hand", note=note)
    if not field and not found.unique and kind == "score":
        note = "Its values need not be unique, and HubSpot cannot change that. Make another one and name it as the key."
        return replace(here, state="by_hand", note=note)
    return replace(here, note=_PLAIN) if not field and not found.unique else here


_PLAIN = "Not unique: HubSpot does not offer that for tasks here. A task is found through its company instead."


def _make(crm: HubSpotCrm, kind: Kind, wanted: Property, field: str) -> Step:
    here = Step(OBJECTS[kind], wanted.name, wanted.type, "made")
    reply, why = _ask(crm, f"/{OBJECTS[kind]}", _definition(wanted, field))
    if reply.status == 400 and kind == "task" and wanted.unique:
        reply, why = _ask(crm, f"/{OBJECTS[kind]}", _definition(replace(wanted, unique=False), field))
    if reply.status == 409:
        return replace(here, state="missing", note="Somebody is making it at this moment. Run the set-up again.")
    if not reply.done:
        unique = ", values that must be unique" if wanted.unique else ""
        note = f"{why} By hand: Settings, Properties, {LABEL}: `{wanted.name}`, {wanted.type}{unique}."
        return replace(here, state="by_hand", note=note)
    made = Property.of(reply.body)
    if wanted.unique and not made.unique:
        return replace(here, note=_PLAIN) if kind == "task" else _judged(crm, kind, wanted, field, made)
    return here


def _definition(wanted: Property, field: str) -> Mapping[str, Any]:
    words = wanted.name.removeprefix("churn_").replace("_", " ")
    told = {"name": wanted.name, "label": f"{LABEL}: {words}", "type": wanted.type, "fieldType": wanted.field_type}
    about = ABOUT if field else "The key by which the churn pipeline finds this record. Do not change it."
    return {**told, "groupName": GROUP, "description": about, **({"hasUniqueValue": True} if wanted.unique else {})}


def _group(crm: HubSpotCrm, kind: Kind, *, create: bool) -> Step:
    here = Step(OBJECTS[kind], GROUP, "group", "ready")
    found = crm.line.read(f"/crm/properties/{crm.line.version}/{OBJECTS[kind]}/groups").parts("results")
    if GROUP in {one.get("name") for one in found}:
        return here
    if not create:
        return replace(here, state="missing")
    reply, why = _ask(crm, f"/{OBJECTS[kind]}/groups", {"name": GROUP, "label": LABEL})
    if reply.done or reply.status == 409:
        return replace(here, state="made")
    return replace(here, state="by_hand", note=f"{why} By hand: Settings, Properties, Groups: `{GROUP}`.")


def _ask(crm: HubSpotCrm, path: str, body: Mapping[str, Any]) -> tuple[Reply, str]:
    """The answer, and what to tell a person where it is a refusal."""
    try:
        reply = crm.line.call("POST", f"/crm/properties/{crm.line.version}{path}", dict(body))
    except (Busy, NoAnswer):
        reply = Reply(0)
    if reply.status == 0 or reply.status >= 500 or reply.after is not None:
        return reply, "HubSpot did not answer now: run the set-up again."
    return reply, f"HubSpot refuses to make it ({reply.status})."
