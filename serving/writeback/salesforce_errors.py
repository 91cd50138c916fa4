"""What a refused row means: later again, never, or perhaps done. Reasons name codes and fields, never values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from serving.writeback.destination import Kind, Outcome
from serving.writeback.salesforce_calls import DAY_IS_OVER, Refused

# What another try may change: locks, and what the platform could not do at that moment.
PASSING = frozenset({"UNABLE_TO_LOCK_ROW", "SERVER_UNAVAILABLE", "QUERY_TIMEOUT"})
# A fault of the server that may be over in a minute or hold for this row for ever: the engine finds out which.
IN_DOUBT = frozenset({"UNKNOWN_EXCEPTION"})
LIMITS = frozenset({"REQUEST_LIMIT_EXCEEDED", "STORAGE_LIMIT_EXCEEDED", "LIMIT_EXCEEDED"})
# A record that went since it was looked up: the engine looks again, and decides anew.
GONE = frozenset({"ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"})
HINTS: Mapping[str, str] = {
    "DUPLICATE_EXTERNAL_ID": "more than one record has this key",
    "STRING_TOO_LONG": "a text is longer than the field",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "the picklist does not have this value",
    "NUMBER_OUTSIDE_VALID_RANGE": "the number has more digits than the field",
    "REQUIRED_FIELD_MISSING": "a field that must be filled is empty",
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "a validation rule of the org refuses it",
    "FIELD_INTEGRITY_EXCEPTION": "an id is of the wrong kind of record",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": "automation of the org (a trigger or a flow) refuses it",
}
_FIELDS = re.compile(r":([\w, ]*?) ?--\s*\Z", re.ASCII)
_CODE = re.compile(r"[A-Z][A-Z0-9_]+")


def outcome_of(kind: Kind, code: str, fields: Sequence[str]) -> Outcome:
    """What became of a row that came back with an error.

    >>> outcome_of("score", "UNABLE_TO_LOCK_ROW", []).answer, outcome_of("task", "DUPLICATE_VALUE", []).answer
    ('retry', 'unknown')
    >>> outcome_of("score", "STRING_TOO_LONG", ["Churn_Reason_1__c"]).reason
    'Salesforce refuses it: STRING_TOO_LONG, Churn_Reason_1__c (a text is longer than the field)'
    """
    if code in PASSING:
        return Outcome.retry(code=code.lower())
    if code in LIMITS:
        return Outcome.retry(DAY_IS_OVER, code.lower())
    if code in IN_DOUBT:
        return Outcome.unknown(code.lower())
    if code in GONE and not fields:
        return Outcome.unknown("gone")
    if code == "DUPLICATE_VALUE" and kind == "task":
        return Outcome.unknown("exists")
    where = f", {', '.join(fields)}" if fields else ""
    hint = f" ({HINTS[code]})" if code in HINTS else ""
    return Outcome.reject(code.lower() or "refused", f"Salesforce refuses it: {code or 'no code'}{where}{hint}")


def from_cell(text: str) -> tuple[str, list[str]]:
    """The code and the fields of the column `sf__Error`, leaving out the message between, which may quote the row.

    >>> from_cell("STRING_TOO_LONG:Note: data value too large: a:b (max length=3):Note__c --")
    ('STRING_TOO_LONG', ['Note__c'])
    """
    code = _CODE.match(text)
    fields = _FIELDS.search(text)
    named = [name.strip() for name in fields[1].split(",")] if fields else []
    return (code[0] if code else ""), [name for name in named if name]


def whole(no: Refused, rows: int) -> Outcome:
    """What a call that was refused whole means for each of its rows."""
    if no.passing:
        return Outcome.unknown(f"http_{no.status}")
    fault = f"Salesforce refuses the call that this row was part of: {no.label}"
    return Outcome.reject(no.label.lower(), fault, named=rows == 1)
