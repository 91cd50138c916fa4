"""Properties of companies and tasks, and what becomes of a value that is written to one.

Numbers, dates, options and lengths are checked as the guides and public error reports describe. Undocumented, and
chosen the harder way: text in one line loses the spaces around it, NUL is refused, a local time is refused.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

LONGEST = 65_536
# Digits with a point: an exponent is refused, as in the public report of "1.4210854715202004e-14".
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)")
MILLISECONDS = re.compile(r"-?\d{1,14}")
DAY_MS = 86_400_000
# What fits what, from the guide on properties.
FIELD_TYPES = {
    "bool": {"booleancheckbox", "calculation_equation"},
    "enumeration": {"booleancheckbox", "checkbox", "radio", "select", "calculation_equation"},
    "date": {"date"},
    "datetime": {"date"},
    "string": {"file", "text", "textarea", "calculation_equation", "html", "phonenumber"},
    "number": {"number", "calculation_equation"},
    "phone_number": {"phonenumber", "text"},
}


@dataclass(frozen=True)
class Property:
    """One property's definition, named as in the documents."""

    name: str
    type: str = "string"
    fieldType: str = "text"
    label: str = ""
    groupName: str = "companyinformation"
    description: str = ""
    options: tuple[dict[str, Any], ...] = field(default_factory=tuple)
    hasUniqueValue: bool = False
    hubspotDefined: bool = False
    read_only: bool = False

    def shown(self, at: str) -> dict[str, Any]:
        """The definition as the interface returns it."""
        told = {key: value for key, value in asdict(self).items() if key != "read_only"}
        metadata = {
            "archivable": not self.hubspotDefined,
            "readOnlyDefinition": self.hubspotDefined,
            "readOnlyValue": self.read_only,
        }
        times = {"createdAt": at, "updatedAt": at}
        told |= {"label": self.label or self.name, "options": list(self.options), "archived": False, "hidden": False}
        return {**told, **times, "displayOrder": -1, "formField": False, "modificationMetadata": metadata}


def choices(*values: str) -> tuple[dict[str, Any], ...]:
    return tuple({"label": v.title(), "value": v, "displayOrder": at, "hidden": False} for at, v in enumerate(values))


def _defined(group: str, names: str, read_only: bool = False, **members: Any) -> list[Property]:
    return [Property(n, groupName=group, hubspotDefined=True, read_only=read_only, **members) for n in names.split()]


def defaults(kind: str) -> dict[str, Property]:
    """What an account has before anyone makes a property."""
    group = "companyinformation" if kind == "companies" else "task"
    found = _defined(group, "hs_object_id", True, type="number", fieldType="number")
    found += _defined(group, "hs_lastmodifieddate hs_createdate createdate", True, type="datetime", fieldType="date")
    found += _defined(group, "hs_merged_object_ids", True, type="enumeration", fieldType="checkbox")
    found += _defined(group, "hubspot_owner_id", type="enumeration", fieldType="select")
    if kind == "companies":
        found += _defined(group, "name domain city country phone website")
        found += _defined(group, "description", fieldType="textarea")
        found += _defined(group, "numberofemployees annualrevenue", type="number", fieldType="number")
        stages = choices("lead", "opportunity", "customer", "evangelist", "other")
        found += _defined(group, "lifecyclestage", type="enumeration", fieldType="radio", options=stages)
    else:
        found += _defined(group, "hs_timestamp", type="datetime", fieldType="date")
        found += _defined(group, "hs_task_subject")
        found += _defined(group, "hs_task_body", fieldType="html")
        # The guide on tasks names two states; the others are options of the property itself.
        states = choices("NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED")
        levels, sorts = choices("NONE", "LOW", "MEDIUM", "HIGH"), choices("EMAIL", "CALL", "TO" + "DO")
        for name, options in (("status", states), ("priority", levels), ("type", sorts)):
            found += _defined(group, f"hs_task_{name}", type="enumeration", fieldType="select", options=options)
        found += _defined(group, "hs_task_completion_date", True, type="datetime", fieldType="date")
    return {p.name: p for p in found}


def iso(milliseconds: int) -> str:
    """A moment as the interface writes it: UTC, three digits after the second."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + (
        f"{milliseconds % 1000:03d}Z"
    )


def _moment(value: str) -> int | None:
    """Milliseconds since 1970 of a number or of an ISO moment that says where it is."""
    if MILLISECONDS.fullmatch(value):
        return int(value)
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return None
    if at.tzinfo is None and re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        at = at.replace(tzinfo=UTC)
    return None if at.tzinfo is None else round(at.timestamp() * 1000)


def checked(definition: Property, value: str, *, trims: bool, owners: frozenset[str]) -> tuple[str, str, str]:
    """What is stored, and the error's code and message, which are empty when the value is good."""
    if definition.read_only:
        return value, "READ_ONLY_VALUE", f'"{definition.name}" is a read only property; its value cannot be set'
    if value == "":
        return value, "", ""  # clears the property, says the document on updates
    if "\x00" in value:
        return value, "INVALID_STRING", f"{definition.name} holds a NUL character"
    if len(value) > LONGEST:
        # The code is our guess: the documents name the limit and no code.
        return value, "VALUE_TOO_LONG", f"{definition.name} holds {len(value)} characters; {LONGEST} are allowed"
    if definition.type == "number":
        good = NUMBER.fullmatch(value)
        return (value, "", "") if good else (value, "INVALID_INTEGER", f"{value} was not a valid number.")
    if definition.type in ("date", "datetime"):
        return _checked_moment(definition, value)
    if definition.name == "hubspot_owner_id":
        good = value in owners if owners else value.isdigit()
        return (value, "", "") if good else (value, "INVALID_OWNER_ID", f"Owner {value} does not exist")
    if definition.type in ("bool", "enumeration"):
        allowed = [o["value"] for o in definition.options] or (["true", "false"] if definition.type == "bool" else [])
        # Several boxes can be ticked; in any other field the semicolon is part of one value.
        found = [v for v in value.split(";") if v] if definition.fieldType == "checkbox" else [value]
        if wrong := [v for v in found if v not in allowed]:
            told = f"{wrong[0]} was not one of the allowed options: [{', '.join(allowed)}]"
            return value, "INVALID_OPTION", told
        return value, "", ""
    return value.strip() if trims and definition.fieldType == "text" else value, "", ""


def _checked_moment(definition: Property, value: str) -> tuple[str, str, str]:
    at = _moment(value)
    if at is None:
        return value, "INVALID_LONG", f"{value} was not a valid long."
    if definition.type == "datetime":
        return iso(at), "", ""
    if at % DAY_MS:
        return value, "INVALID_DATE", f"{value} is at {iso(at)[11:-1]} UTC, not midnight!"
    return iso(at)[:10], "", ""
