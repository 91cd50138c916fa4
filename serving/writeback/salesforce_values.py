"""Our values as Salesforce keeps them and back, and which of ours it would change without a word.

Salesforce drops white space around a text and takes an empty text for null. What is read back would then differ from
what was sent, so such a value is refused here, with a code. Numbers keep every decimal that an API sends.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from serving.writeback.canonical import NEVER_A_CHANGE, TASK_WRITTEN_ONCE
from serving.writeback.destination import Scalar
from serving.writeback.staged import iso_date

CLEAR = "#N/A"
"""The cell of a CSV file that empties a field; an empty cell leaves it as it is."""
TEXTS = frozenset({"string", "textarea", "picklist", "combobox", "url", "email", "phone"})
NUMBERS = frozenset({"double", "currency", "percent", "int"})
IDS = frozenset({"reference", "id"})
KINDS = TEXTS | NUMBERS | IDS | {"boolean", "date", "datetime"}
_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_SPECIAL = re.compile(r'[",\n\r]')
# Fields that no read-back holds against us: they may be cut to what Salesforce keeps.
_ROUNDED = NEVER_A_CHANGE | TASK_WRITTEN_ONCE


class Unfit(Exception):
    """A value that Salesforce cannot keep as it is. The reason names the field, never the value."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Column:
    """One of our fields as a field of Salesforce: its name and type there.

    `words` are ours → theirs, where the two have different words for one value.
    """

    ours: str
    theirs: str
    kind: str
    length: int = 0
    nillable: bool = True
    writable: bool = True
    words: Mapping[str, str] = field(default_factory=dict)
    back: Mapping[str, str] = field(default_factory=dict)

    def sent(self, value: Scalar) -> Scalar:
        """Our value as JSON for Salesforce. Raises Unfit.

        >>> Column("published_at", "Churn_Published_At__c", "datetime").sent("2026-01-05T10:00:00+01:00")
        '2026-01-05T09:00:00.000Z'
        >>> Column("due_at", "ActivityDate", "date").sent("2026-01-05T10:00:00+01:00")
        '2026-01-05'
        """
        if value is None:
            if not self.nillable:
                raise Unfit("not_nillable", f"`{self.ours}` cannot be empty in Salesforce ({self.theirs})")
            return None
        if self.kind in TEXTS:
            return self._text(value)
        if self.kind in NUMBERS:
            return self._number(value)
        if self.kind == "boolean":
            if value in (0, 1):
                return bool(value)
            raise self._type("true or false")
        if self.kind in IDS:
            if isinstance(value, str) and _ID.fullmatch(value):
                return value
            raise Unfit("no_id", f"`{self.ours}` is not the id of a record in Salesforce, of 15 or 18 characters")
        return self._day(value) if self.kind == "date" else self._moment(value)

    def shown(self, value: Scalar) -> Scalar:
        """What Salesforce shows, as ours.

        >>> Column("published_at", "Churn_Published_At__c", "datetime").shown("2026-01-05T09:00:00.000+0000")
        '2026-01-05T09:00:00+00:00'
        """
        if self.kind == "datetime" and isinstance(value, str):
            return f"{value[:19]}+00:00" if value[19:23] == ".000" else f"{value[:23]}+00:00"
        return self.back.get(value, value) if self.back and isinstance(value, str) else value

    @property
    def plain(self) -> bool:
        """Whether what Salesforce shows is ours as it is."""
        return self.kind != "datetime" and not self.back

    def _text(self, value: Scalar) -> str:
        if type(value) is not str:
            raise self._type("text")
        value = self.words.get(value, value)
        if not value:
            raise Unfit("empty_text", f"`{self.ours}` is an empty text, which Salesforce takes for null: send null")
        if value[0] <= " " or value[-1] <= " ":
            raise Unfit("spaces", f"`{self.ours}` begins or ends with white space, which Salesforce drops")
        # Its strings are UTF-16: an emoji counts twice.
        if self.length and 2 * len(value) > self.length and len(value.encode("utf-16-le")) // 2 > self.length:
            raise Unfit("too_long", f"`{self.ours}` is longer than {self.length} UTF-16 characters")
        return value

    def _number(self, value: Scalar) -> int | float:
        if isinstance(value, bool):
            return int(value)
        if not isinstance(value, int | float):
            raise self._type("a number")
        if self.kind != "int":
            return value
        if value != int(value):
            raise self._type("a whole number")
        return int(value)

    def _day(self, value: Scalar) -> str:
        if isinstance(value, str):
            # A due date is a day on its owner's calendar: the day as it was written, in whatever zone.
            day = value[:10] if self.ours in _ROUNDED else value
            if iso_date(day):
                return day
        raise self._type("a date such as 2026-01-05")

    def _moment(self, value: Scalar) -> str:
        try:
            at, fine = _in_utc(value) if isinstance(value, str) else ("", False)
        except (ValueError, OverflowError):
            at = ""
        if not at:
            raise self._type("a time such as 2026-01-05T09:00:00+00:00")
        if fine and self.ours not in _ROUNDED:
            raise Unfit("too_fine", f"`{self.ours}` is finer than a millisecond, which Salesforce does not keep")
        return at

    def _type(self, wanted: str) -> Unfit:
        return Unfit("type", f"`{self.ours}` is not {wanted}, as {self.theirs} is in Salesforce")


@lru_cache(maxsize=256)  # a run is published at one moment
def _in_utc(text: str) -> tuple[str, bool]:
    """A time as Salesforce takes it, and whether something of it is cut off; raises ValueError."""
    if len(text) < len("2026-01-05T09:00"):
        raise ValueError
    at = datetime.fromisoformat(text)
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z", at.microsecond % 1000 > 0


def cell(value: Scalar) -> str:
    """A value as a cell of a CSV file: null empties the field, no number has an exponent.

    >>> cell(None), cell(1e-07), cell(True), cell('say "no", or'), cell("=1+1")
    ('#N/A', '0.0000001', 'true', '"say ""no"", or"', '=1+1')
    """
    if value is None:
        return CLEAR
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"' if _SPECIAL.search(value) else value
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def fit_cells(values: Iterable[Scalar], *, line_ends: bool = True) -> bool:
    """Whether a CSV file can say these values: not the text `#N/A`, nor a carriage return in a file of line feeds.

    `line_ends` false: nor a line feed, for an org that takes those amiss between quotes too.
    """
    for value in values:
        if isinstance(value, str) and (value == CLEAR or "\r" in value or (not line_ends and "\n" in value)):
            return False
    return True
