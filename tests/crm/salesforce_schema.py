"""The objects and fields of the emulated org, and what `describe` says of them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

# What a field is called when it is made → what `describe` calls its type (documented under "Field Types").
KINDS = {
    "text": "string", "string": "string", "textarea": "textarea", "longtextarea": "textarea", "url": "url",
    "email": "email", "phone": "phone", "combobox": "combobox", "number": "double", "double": "double",
    "currency": "currency", "percent": "percent", "int": "int", "checkbox": "boolean", "boolean": "boolean",
    "date": "date", "datetime": "datetime", "picklist": "picklist", "lookup": "reference", "reference": "reference",
    "id": "id",
}  # fmt: skip
TEXTS = {"string", "textarea", "url", "email", "phone", "combobox", "picklist"}
NUMBERS = {"double", "currency", "percent", "int"}
SOAP = {"double": "double", "currency": "double", "percent": "double", "int": "int", "boolean": "boolean"}
SOAP |= {"date": "date", "datetime": "dateTime"}
LONG_TEXT = 255


@dataclass(slots=True)
class Field:
    """One field; `required` is what a create must bring, `hidden` one that field-level security does not show.

    `rounds` is for an org where something rounds what an API sets: the platform itself keeps every decimal.
    """

    name: str
    kind: str
    label: str = ""
    length: int = 0
    precision: int = 18
    scale: int = 0
    external_id: bool = False
    unique: bool = False
    case_sensitive: bool = False
    required: bool = False
    nillable: bool = True
    values: tuple[str, ...] = ()
    restricted: bool = False
    createable: bool = True
    updateable: bool = True
    default: Any = None
    reference_to: tuple[str, ...] = ()
    hidden: bool = False
    rounds: bool = False
    pool: dict[Any, Any] = field(default_factory=dict, repr=False)

    @property
    def custom(self) -> bool:
        """Whether an administrator made it."""
        return self.name.endswith("__c")

    @property
    def looked_up(self) -> bool:
        """Whether an index leads from a value to its records."""
        return self.external_id or self.unique

    @property
    def filterable(self) -> bool:
        """A long text area takes no part in WHERE or ORDER BY (documented under "fieldExpression Syntax")."""
        return not (self.kind == "textarea" and self.length > LONG_TEXT)

    def described(self) -> dict[str, Any]:
        """The field as `describe` gives it."""
        numeric = self.kind in NUMBERS
        listed = [{"active": True, "defaultValue": v == self.default, "label": v, "value": v} for v in self.values]
        return {
            "name": self.name,
            "label": self.label,
            "type": self.kind,
            "soapType": "tns:ID" if self.kind in ("id", "reference") else f"xsd:{SOAP.get(self.kind, 'string')}",
            "length": self.length if self.kind not in NUMBERS else 0,
            "byteLength": self.length * 3 if self.kind in TEXTS else self.length,
            "precision": self.precision if numeric and self.kind != "int" else 0,
            "scale": self.scale if numeric else 0,
            "digits": self.precision if self.kind == "int" else 0,
            "createable": self.createable,
            "updateable": self.updateable,
            "externalId": self.external_id,
            "idLookup": self.kind == "id" or self.external_id,
            "unique": self.unique,
            "caseSensitive": self.case_sensitive,
            "nillable": self.nillable and not self.required,
            "defaultedOnCreate": self.default is not None,
            "defaultValue": self.default,
            "restrictedPicklist": self.restricted,
            "picklistValues": listed,
            "referenceTo": list(self.reference_to),
            "custom": self.custom,
            "calculated": False,
            "autoNumber": False,
            "filterable": self.filterable,
            "sortable": self.filterable,
            "deprecatedAndHidden": False,
        }


def make_field(spec: dict[str, Any]) -> Field:
    """A field from its JSON: `name` and `type`, then what differs from an empty text of 255.

    >>> make_field({"name": "Key__c", "type": "Text", "length": 40, "externalId": True}).described()["idLookup"]
    True
    """
    asked = str(spec["type"]).lower()
    kind = KINDS[asked]
    lengths = {"textarea": 32_768 if asked == "longtextarea" else LONG_TEXT, "id": 18, "reference": 18, "phone": 40}
    length = spec.get("length", lengths.get(kind, 80 if kind == "email" else LONG_TEXT if kind in TEXTS else 0))
    made = Field(spec["name"], kind, label=spec.get("label", label(spec["name"], kind)), length=length)
    made.precision = spec.get("precision", 8 if kind == "int" else 18)
    made.scale = spec.get("scale", 0)
    made.external_id, made.unique = spec.get("externalId", False), spec.get("unique", False)
    made.case_sensitive = spec.get("caseSensitive", False)
    made.required = spec.get("required", False)
    made.values, made.restricted = tuple(spec.get("values", ())), spec.get("restricted", False)
    made.createable, made.updateable = spec.get("createable", True), spec.get("updateable", True)
    made.default = spec.get("default", False if kind == "boolean" else None)
    made.nillable = spec.get("nillable", kind != "boolean")
    made.rounds = spec.get("rounds", False)
    made.reference_to = tuple(spec.get("referenceTo", ("Account",) if kind == "reference" else ()))
    return made


def label(name: str, kind: str) -> str:
    """How messages name a field: `Health_Score__c` is "Health Score", `OwnerId` "Owner ID", `WhatId` "Related To ID"."""
    if name == "WhatId":
        return "Related To ID"
    text = name.removesuffix("__c").replace("_", " ")
    if kind in ("reference", "id") and text.endswith("Id") and text != "Id":
        return f"{text[:-2]} ID"
    return text


def changed(old: Field, change: dict[str, Any]) -> Field:
    """A field after an administrator edited it; what is stored stays as it was."""
    asked = {"name": old.name, "type": old.kind, "length": old.length, "precision": old.precision, "scale": old.scale}
    asked |= {"externalId": old.external_id, "unique": old.unique, "caseSensitive": old.case_sensitive}
    asked |= {"required": old.required, "values": old.values, "restricted": old.restricted, "label": old.label}
    asked |= {"createable": old.createable, "updateable": old.updateable, "default": old.default}
    asked |= {"nillable": old.nillable, "referenceTo": old.reference_to}
    if "type" in change:
        asked = {k: v for k, v in asked.items() if k in ("name", "label", "createable", "updateable")}
    return replace(make_field({**asked, **change}), hidden=change.get("hidden", old.hidden))


def _system(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "createable": False, "updateable": False, "nillable": False, **more}


OWNER = {"name": "OwnerId", "type": "reference", "referenceTo": ["User"], "nillable": False}
STAMPS = [
    _system("CreatedDate", "datetime"),
    _system("CreatedById", "reference", referenceTo=["User"]),
    _system("LastModifiedDate", "datetime"),
    _system("LastModifiedById", "reference", referenceTo=["User"]),
    _system("SystemModstamp", "datetime"),
]
# Every object begins with its id and whether it is in the recycle bin: the store counts on these two places.
HEAD = [_system("Id", "id"), _system("IsDeleted", "boolean")]
STANDARD: dict[str, list[dict[str, Any]]] = {
    "Account": [
        *HEAD,
        _system("MasterRecordId", "reference", nillable=True),
        {"name": "Name", "type": "text", "required": True, "nillable": False},
        {"name": "Type", "type": "picklist", "values": ["Prospect", "Customer", "Partner", "Other"]},
        {"name": "ParentId", "type": "reference"},
        {"name": "AccountNumber", "type": "text", "length": 40},
        {"name": "Phone", "type": "phone"},
        {"name": "Website", "type": "url"},
        {"name": "Industry", "type": "picklist", "values": ["Banking", "Energy", "Media", "Retail", "Technology"]},
        {"name": "AnnualRevenue", "type": "currency"},
        {"name": "NumberOfEmployees", "type": "int"},
        {"name": "Description", "type": "longtextarea", "length": 32_000},
        OWNER,
        *STAMPS,
    ],
    "Task": [
        *HEAD,
        {"name": "Subject", "type": "combobox"},
        {"name": "Description", "type": "longtextarea", "length": 32_000},
        {"name": "Status", "type": "picklist", "default": "Not Started", "nillable": False,
         "values": ["Not Started", "In Progress", "Completed", "Waiting on someone else", "Deferred"]},
        {"name": "Priority", "type": "picklist", "default": "Normal", "values": ["High", "Normal", "Low"], "nillable": False},
        {"name": "ActivityDate", "type": "date"},
        {"name": "WhatId", "type": "reference", "referenceTo": ["Account"]},
        {"name": "WhoId", "type": "reference", "referenceTo": ["Contact", "Lead"]},
        _system("AccountId", "reference", nillable=True),
        _system("IsClosed", "boolean"),
        _system("IsHighPriority", "boolean"),
        {"name": "IsReminderSet", "type": "boolean"},
        {"name": "ReminderDateTime", "type": "datetime"},
        {"name": "TaskSubtype", "type": "picklist", "default": "Task", "values": ["Task", "Email", "Call"],
         "restricted": True, "updateable": False},
        OWNER,
        *STAMPS,
    ],
    "User": [
        *HEAD,
        {"name": "Username", "type": "text", "length": 80, "nillable": False},
        {"name": "Email", "type": "email", "length": 128, "nillable": False},
        {"name": "IsActive", "type": "boolean", "default": True},
        *STAMPS,
    ],
}  # fmt: skip
PREFIXES = {"Account": "001", "Task": "00T", "User": "005", "Contact": "003", "Lead": "00Q"}
