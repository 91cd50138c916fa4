"""Our values as HubSpot's text and back, and which of its properties can hold which of our fields.

A value is sent only if what HubSpot keeps of it reads back as the same value. HubSpot drops the space around a text,
cannot tell an empty text from none, and takes no number with an exponent: what would come back different is refused
here, by a code, because the delivery would otherwise call it wrong today and a person's edit tomorrow.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from serving.writeback.canonical import NEVER_A_CHANGE, TASK_WRITTEN_ONCE, same
from serving.writeback.destination import Kind, Outgoing, Scalar
from serving.writeback.names import Names, named

OBJECTS: Mapping[Kind, str] = {"score": "companies", "task": "tasks"}
TASK_PROPERTIES = {
    "subject": "hs_task_subject",
    "body": "hs_task_body",
    "due_at": "hs_timestamp",
    "priority": "hs_task_priority",
    "status": "hs_task_status",
    "owner_id": "hubspot_owner_id",
}
LONGEST = 65_536
STATES = {"open": "NOT_STARTED", "done": "COMPLETED", "cancelled": "DEFERRED"}
LEVELS = {"high": "HIGH", "normal": "MEDIUM", "low": "LOW"}
WORDS: Mapping[str, Mapping[str, str]] = {"hs_task_status": STATES, "hs_task_priority": LEVELS}
"""Ours → HubSpot's, for its own lists of options; any other word goes in capitals and comes back in small letters."""

# What a property must be able to hold, by our field. Any other field is text.
NUMBERS = frozenset({"churn_probability", "health_score"})
DATES = frozenset({"as_of", "expires_on"})
MOMENTS = frozenset({"published_at", "due_at"})


@dataclass(frozen=True, slots=True)
class Property:
    """A property's definition, as far as it matters here."""

    name: str
    type: str = "string"
    field_type: str = "text"
    unique: bool = False
    writable: bool = True

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Property:
        """From HubSpot's JSON; what it leaves out is as it is by default."""
        locked = bool((told.get("modificationMetadata") or {}).get("readOnlyValue")) or bool(told.get("calculated"))
        unique = bool(told.get("hasUniqueValue"))
        return cls(str(told.get("name")), str(told.get("type")), str(told.get("fieldType")), unique, not locked)


class NotStorable(ValueError):
    """A value that would come back different. The reason names the field, never the value."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def default_names(score: Mapping[str, str] | None = None, task: Mapping[str, str] | None = None) -> Names:
    """Companies' fields begin with `churn_`; tasks' are HubSpot's own where it has them. What is given wins.

    >>> default_names().score["health_score"], default_names().score["churn_probability"], default_names().task["step"]
    ('churn_health_score', 'churn_probability', 'churn_step')
    """
    return named(_with_prefix, TASK_PROPERTIES, score, task, where="hubspot")


def _with_prefix(name: str) -> str:
    return name if name.startswith("churn_") else f"churn_{name}"


def needed_type(field: str) -> str:
    """The type of property that holds one of our fields."""
    if field in NUMBERS:
        return "number"
    return "date" if field in DATES else "datetime" if field in MOMENTS else "string"


def can_hold(found: Property, field: str) -> bool:
    """Whether a property can hold one of our fields: by its type, or as text where that reads back the same."""
    wanted = needed_type(field)
    if wanted == "string":
        return found.type in ("string", "enumeration", "phone_number")
    return found.type == wanted or (found.type == "string" and wanted != "number")


def encode(value: Scalar, to: Property) -> str:
    """The text that is sent.

    >>> encode(1.5e-07, Property("p", "number", "number")), encode(None, Property("p")), encode(True, Property("p", "bool"))
    ('0.00000015', '', 'true')
    >>> encode("2025-01-07T06:30:00+01:00", Property("hs_timestamp", "datetime", "date"))
    '2025-01-07T05:30:00.000Z'
    >>> encode("open", Property("hs_task_status", "enumeration", "select"))
    'NOT_STARTED'
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower() if to.type != "number" else str(int(value))
    if isinstance(value, int | float):
        return format(Decimal(repr(value)), "f")
    if to.name in WORDS:
        return WORDS[to.name].get(value, value.upper())
    if to.type == "datetime":
        return _moment(value)
    return as_html(value) if to.field_type == "html" else value


def decode(text: Any, of: Property) -> Scalar:
    """What we call the text that HubSpot shows; a property without a value is None.

    A day stays that day and a moment that moment, in whatever zone the account is, this machine, or the answer.

    >>> decode("1430438400000", Property("d", "date")), decode("2015-05-01T00:00:00Z", Property("d", "date"))
    ('2015-05-01', '2015-05-01')
    >>> decode("1427997766000", Property("m", "datetime"))
    '2015-04-02T18:02:46+00:00'
    """
    if text is None or text == "":
        return None
    text = str(text)
    if of.type == "number":
        try:
            return float(text) if re.search(r"[.eE]", text) else int(text)
        except ValueError:
            return text
    if (of.type == "bool" or of.field_type == "booleancheckbox") and text in ("true", "false"):
        return text == "true"
    if of.type in ("date", "datetime"):
        return _shown(text, of)
    if of.name in WORDS:
        ours = {theirs: word for word, theirs in WORDS[of.name].items()}
        return ours.get(text, text.lower())
    return from_html(text) if of.field_type == "html" else text


def sent(kind: Kind, row: Outgoing, names: Mapping[str, str], known: Mapping[str, Property]) -> dict[str, str]:
    """A row's properties. Raises NotStorable."""
    # Nobody compares these, so that HubSpot may round them: who wrote and when, what is the owner's of a new task.
    free = NEVER_A_CHANGE | (TASK_WRITTEN_ONCE if kind == "task" and row.create else frozenset())
    found = {}
    for field, value in row.fields.items():
        to = known.get(names.get(field, ""))
        if to is None:
            raise NotStorable("no_field", f"HubSpot has no property for `{field}`")
        text = found[to.name] = encode(value, to)
        if len(text) > LONGEST:
            raise NotStorable("too_long", f"`{field}` is longer than {LONGEST} characters as HubSpot stores it")
        if field not in free and not same(decode(_kept(text, to), to), value):
            raise NotStorable(*_why(field, value, to))
    return found


def _kept(text: str, to: Property) -> str:
    """What HubSpot keeps of a text, as far as is known: not the space around it."""
    return text.strip() if to.type in ("string", "phone_number", "enumeration") else text


def _why(field: str, value: Scalar, to: Property) -> tuple[str, str]:
    if value == "":
        return "empty_text", f"`{field}` is an empty text, which HubSpot cannot tell from no value: send null"
    if isinstance(value, str) and value != value.strip() and to.type in ("string", "phone_number", "enumeration"):
        return "edge_spaces", f"`{field}` begins or ends with white space, which HubSpot drops"
    return "type", f"`{field}` does not fit the property `{to.name}` of type {to.type}"


def _moment(text: str) -> str:
    """In UTC with three digits after the second; what is no moment goes as it is, for HubSpot to say so."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def _shown(text: str, of: Property) -> str:
    """A day as its ISO date, for HubSpot keeps it as midnight of UTC; a moment as it is told, or counted from 1970."""
    try:
        if _MILLISECONDS.fullmatch(text):
            at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
        elif of.type == "datetime":
            return text
        else:
            at = datetime.fromisoformat(text)
            at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    midnight = (at.hour, at.minute, at.second, at.microsecond) == (0, 0, 0, 0)
    return at.date().isoformat() if of.type == "date" and midnight else at.isoformat()


_MILLISECONDS = re.compile(r"-?\d{5,15}")
_EDGE = re.compile(r"\A[ \t\r\n\f]+|[ \t\r\n\f]+\Z")
_BREAK = re.compile(r"(?i)<br\s*/?>|</(?:p|div|li|h\d|tr)>(?=.)")


def as_html(text: str) -> str:
    """A plain text as HTML that shows it, and that `from_html` turns back into the same text.

    A line break is `<br>`; space at the edges and a carriage return go as numbers, for they would be dropped.

    >>> as_html(" 1 < 2 &\\n=SUM(A1)"), from_html(as_html(" 1 < 2 &amp;\\r\\n\\t"))
    ('&#32;1 &lt; 2 &amp;<br>=SUM(A1)', ' 1 < 2 &amp;\\r\\n\\t')
    """
    edged = _EDGE.sub(lambda found: "".join(f"\0{ord(one)};" for one in found[0]), text)
    escaped = html.escape(edged, quote=False).replace("\r", "&#13;").replace("\n", "<br>")
    return re.sub("\0(\\d+);", lambda found: "<br>" if found[1] == "10" else f"&#{found[1]};", escaped)


def from_html(text: str) -> str:
    """The text that HTML shows; tags that a person's editor put around it say nothing.

    >>> from_html('<div style=""><p>Called them.</p><p>They &lt;3 it.</p></div>')
    'Called them.\\nThey <3 it.'
    """
    lines = _BREAK.sub("\n", re.sub(r"(?i)(?:</(?:p|div|li)>)+(?=</|\Z)", "", text))
    return html.unescape(re.sub(r"</?[a-zA-Z][^<>]*>", "", lines))
