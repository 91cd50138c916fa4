"""What a value must look like to be kept, whether it comes in JSON or in a cell of a CSV file.

Documented: text is kept without the whitespace around it, and an empty text is null ("Primitive Data Types"); in
JSON null clears; in a CSV file an empty cell changes nothing and `#N/A` clears; a number keeps more decimals than
its field declares when an API sets it, yet may not have more digits before the point than precision − scale.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import Any, Final

from tests.crm.salesforce_ids import LONG, SHORT, suffix, well_formed
from tests.crm.salesforce_schema import NUMBERS, TEXTS, Field

# A no-break space survives, so this is what Java's trim takes off, not what Python's strip does.
AROUND: Final = "".join(map(chr, range(33)))
CLEAR: Final = "#N/A"
DATE = re.compile(r"\d{4}-\d\d-\d\d")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:Z|[+-]\d\d:?\d\d)")
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
NUMERALS = frozenset("0123456789+-.eE")
EARLIEST, LATEST = "1700-01-01", "4000-12-31"
FEW = 2_000
_MOMENTS: dict[str, str | None] = {}


class Leave:
    """Stands for a value that is not to be changed."""

    def __repr__(self) -> str:
        return "LEAVE"


LEAVE: Final = Leave()


class Refused(Exception):
    """Why a row was not written: a status code, a message, and the fields it is about."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = ()) -> None:
        super().__init__(code, message)
        self.code, self.message, self.fields = code, message, list(fields)

    def in_list(self) -> dict[str, Any]:
        """As it stands in the result of one record of a collection."""
        return {"statusCode": self.code, "message": self.message, "fields": self.fields}

    def alone(self) -> dict[str, Any]:
        """As it stands in the answer to a call about one record."""
        return {"message": self.message, "errorCode": self.code, "fields": self.fields}

    def in_csv(self) -> str:
        """As it stands in the column `sf__Error`."""
        return f"{self.code}:{self.message}:{','.join(self.fields)}{' ' if self.fields else ''}--"


class Unreadable(Exception):
    """A JSON value of the wrong type, which the platform reports as a fault of the request."""

    def __init__(self, kind: str, value: Any) -> None:
        token: dict[type, str] = {
            bool: f"VALUE_{str(value).upper()}",
            int: "VALUE_NUMBER_INT",
            float: "VALUE_NUMBER_FLOAT",
        }
        token |= {str: "VALUE_STRING", dict: "START_OBJECT", list: "START_ARRAY", type(None): "VALUE_NULL"}
        shown = "{" if isinstance(value, dict) else "[" if isinstance(value, list) else value
        super().__init__(
            f"Cannot deserialize instance of {kind} from {token[type(value)]} value {shown} "
            "or request may be missing a required field at [line:1, column:1]"
        )


def text(field: Field, value: str) -> Any:
    """A text as it is kept: trimmed, null when empty, refused when too long or not on a restricted list."""
    value = value.strip(AROUND)
    if not value:
        return None
    if _length(value) > field.length:
        message = f"{field.label}: data value too large: {value} (max length={field.length})"
        raise Refused("STRING_TOO_LONG", message, [field.name])
    if field.restricted and value not in field.values:
        message = f"{field.label}: bad value for restricted picklist field: {value}"
        raise Refused("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    if field.kind == "email" and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s.]+", value):
        raise Refused("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {value}", [field.name])
    return value


def _length(value: str) -> int:
    """Whether an emoji counts once or twice is not documented: as in Apex, whose strings are UTF-16, it counts twice."""
    return len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2


def number(field: Field, value: float) -> float | int:
    """A number as it is kept; only the digits before the point are counted."""
    if abs(value) >= 10.0 ** (field.precision - field.scale):
        message = f"{field.label}: value outside of valid range on numeric field: {value}"
        raise Refused("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
    if field.rounds:
        return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))
    return int(value) if field.kind == "int" else value


def day(value: str) -> str | None:
    """A date that exists, between the years the platform knows, or None."""
    if not DATE.fullmatch(value) or not EARLIEST <= value <= LATEST:
        return None
    try:
        date.fromisoformat(value)
    except ValueError:
        return None
    return value


def moment(value: str) -> str | None:
    """A time with its zone as the platform gives it back, in UTC, or None.

    >>> moment("2026-01-05T10:00:00+01:00")
    '2026-01-05T09:00:00.000+0000'
    """
    if value not in _MOMENTS:
        if len(_MOMENTS) > 200_000:
            _MOMENTS.clear()
        _MOMENTS[value] = _moment(value)
    return _MOMENTS[value]


def _moment(value: str) -> str | None:
    # The documents give only forms with a zone; a time without one is refused here rather than guessed at.
    if not MOMENT.fullmatch(value) or not day(value[:10]):
        return None
    try:
        at = datetime.fromisoformat(value).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def long_id(field: Field, value: str) -> str:
    """An id in its eighteen characters."""
    value = value.strip(AROUND)
    if not well_formed(value):
        raise Refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", [field.name])
    return value + suffix(value) if len(value) == SHORT else value[:LONG]


def _encodable(value: str) -> bool:
    """Half of a surrogate pair is no character, though JSON can spell it."""
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def from_json(field: Field, value: Any) -> Any:
    """A JSON value as it is kept; Refused fails the record, Unreadable the request."""
    kind = field.kind
    if value is None:
        if kind == "boolean":
            raise Unreadable("boolean", value)
        return None
    if kind in TEXTS or kind in ("reference", "id"):
        if not isinstance(value, str) or not _encodable(value):
            raise Unreadable("string", value if not isinstance(value, str) else "\ufffd")
        return text(field, value) if kind in TEXTS else (long_id(field, value) if value.strip(AROUND) else None)
    if kind in NUMBERS:
        if isinstance(value, str) and NUMBER.fullmatch(value):
            value = float(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
            raise Unreadable(kind if kind == "int" else "double", value)
        if kind == "int" and value != int(value):
            raise Unreadable("int", value)
        return number(field, float(value))
    if kind == "boolean":
        if not isinstance(value, bool):
            raise Unreadable("boolean", value)
        return value
    if value == "":
        return None
    kept = (day if kind == "date" else moment)(value) if isinstance(value, str) else None
    if kept is None:
        raise Unreadable(kind, value)
    return kept


def from_cell(field: Field, cell: str) -> Any:
    """A cell as it is kept: LEAVE for an empty one, and the refusal itself where it is not kept."""
    if cell == "":
        return LEAVE
    kind = field.kind
    kept: Any = None
    try:
        if cell == CLEAR:
            # The documents say that #N/A sets null, and that a checkbox is never null.
            return None if kind != "boolean" else wrong_type(field, cell)
        if kind in TEXTS:
            return text(field, cell)
        if kind in ("reference", "id"):
            return long_id(field, cell)
        if kind in NUMBERS:
            fits = NUMBER.fullmatch(cell) and isfinite(value := float(cell)) and (kind != "int" or value == int(value))
            return number(field, float(cell)) if fits else wrong_type(field, cell)
    except Refused as refused:
        return refused
    if kind == "boolean":
        kept = {"true": True, "1": True, "false": False, "0": False}.get(cell.lower())
    else:
        kept = (day if kind == "date" else moment)(cell)
    return wrong_type(field, cell) if kept is None else kept


def wrong_type(field: Field, cell: str) -> Refused:
    """What the Bulk API says of a cell that is not of its field's type."""
    message = f"{field.label}: value not of required type: {cell}"
    return Refused("INVALID_TYPE_ON_FIELD_IN_RECORD", message, [field.name])


def column(field: Field, cells: Sequence[str]) -> list[Any]:
    """A column of cells as it is kept; whole columns at a time, since a job may have a million rows."""
    different = set(cells)
    if len(different) <= FEW or not (field.kind in TEXTS or field.kind in NUMBERS):
        pool: dict[Any, Any] = field.pool
        known = {}
        for cell in different:
            kept = from_cell(field, cell)
            # Equal texts share one object: this is what lets a million rows fit.
            known[cell] = pool.setdefault(kept, kept) if isinstance(kept, str) and len(pool) < 50_000 else kept
        return [known[cell] for cell in cells]
    quick = _texts if field.kind in TEXTS else _numbers
    return quick(field, cells, different) or [from_cell(field, cell) for cell in cells]


def _texts(field: Field, cells: Sequence[str], different: set[str]) -> list[Any] | None:
    if field.restricted or field.kind == "email" or "" in different or CLEAR in different:
        return None
    kept: list[Any] = [cell.strip(AROUND) for cell in cells]
    lengths = list(map(len, kept))
    # No character counts more than twice: only where that could matter is each text counted for itself.
    return kept if min(lengths) and 2 * max(lengths) <= field.length else None


def _numbers(field: Field, cells: Sequence[str], different: set[str]) -> list[Any] | None:
    if field.kind == "int" or field.rounds or "" in different or not NUMERALS.issuperset("".join(different)):
        return None
    try:
        kept = list(map(float, cells))
    except ValueError:
        return None
    limit = 10.0 ** (field.precision - field.scale)
    return kept if -limit < min(kept) and max(kept) < limit else None
