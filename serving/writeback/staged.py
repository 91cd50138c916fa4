"""A row to deliver, and the checks that keep a poisoned one from ever being sent."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from serving.writeback.destination import Capabilities, Field, Key, Kind, Row

MAX_KEY = 255
MAX_TEXT = 32_768
MAX_INT = 2**63 - 1
IDENTITY = frozenset({"account_id", "task_key"})
"""Fields that only repeat the row's keys: accepted when they agree, never sent as fields."""


@dataclass(frozen=True, slots=True)
class Staged:
    """One row of a run: a score (key = account_id) or a task (key = its task_key), as known on `as_of` (ISO date).

    `owner_email` finds its owner in a destination that has ids of its own (`owners`); it is not sent.
    """

    kind: Kind
    key: Key
    account_id: str
    as_of: str
    fields: Row
    owner_email: str | None = None


class Flaw(NamedTuple):
    """Why a row is quarantined. The reason names fields, never their values."""

    code: str
    reason: str


def flaw(row: Staged, accepts: Capabilities) -> Flaw | None:
    """What keeps this row from being sent, or None.

    >>> flaw(Staged("score", "a1", "a1", "2025-01-06", {"churn_probability": 1.2}), Capabilities("doc"))
    Flaw(code='probability', reason='`churn_probability` is outside [0, 1]')
    """
    if row.kind not in ("score", "task"):
        return Flaw("kind", "a row is a score or a task")
    for name, value in (("key", row.key), ("account_id", row.account_id)):
        if (name == "key" or value != row.key) and (found := _key_flaw(name, value, accepts.max_key)):
            return found
    if row.kind == "score" and row.key != row.account_id:
        return Flaw("key_mismatch", "a score's key is its account_id")
    if not isinstance(row.as_of, str) or not iso_date(row.as_of):
        return Flaw("as_of", "as_of is not an ISO date such as 2025-01-06")
    own = {"account_id": row.account_id, "task_key": row.key}
    if row.kind == "score":
        own["as_of"] = row.as_of
    fields = row.fields
    for name, ours in own.items():
        if name in fields and fields[name] != ours:
            return Flaw("key_mismatch", f"`{name}` among the fields differs from the row's own")
    known: Mapping[str, Field] = accepts.fields.get(row.kind, {})
    for name, content in fields.items():
        if content is None:
            continue
        # Nearly every value is an ordinary number or a short and plain text, and needs no closer look.
        field = known.get(name)
        if isinstance(content, float) and (
            0.0 <= content <= 1.0 or (1.0 < content < MAX_INT and not name.endswith("probability"))
        ):
            continue
        if isinstance(content, str):
            limit = MAX_TEXT if field is None or field.max_length is None else field.max_length
            if len(content) <= limit and content.isascii() and "\0" not in content:
                continue
        if found := _value_flaw(name, content, field):
            return found
    return None


def legible(text: object) -> str:
    """Any key as text that the ledger can hold: what cannot be stored is escaped, what is too long is cut."""
    return str(text)[:MAX_KEY].replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def _key_flaw(name: str, value: Any, limit: int) -> Flaw | None:
    if not isinstance(value, str) or not value.strip():
        return Flaw("key_empty", f"`{name}` is empty or not text")
    if value != value.strip():
        return Flaw("key_spaces", f"`{name}` begins or ends with white space, which many a CRM drops without a word")
    limit = min(limit, MAX_KEY)
    if len(value) > limit:
        return Flaw("key_too_long", f"`{name}` is longer than {limit} characters")
    return _text_flaw(name, value, limit)


def _value_flaw(name: str, value: Any, known: Field | None) -> Flaw | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        if not math.isfinite(value):
            return Flaw("not_finite", f"`{name}` is not a finite number")
    elif isinstance(value, str):
        limit = known.max_length if known and known.max_length is not None else MAX_TEXT
        return _text_flaw(name, value, limit)
    elif not isinstance(value, int):
        return Flaw("type", f"`{name}` is neither text, number, boolean nor null")
    elif abs(value) > MAX_INT:
        return Flaw("out_of_range", f"`{name}` does not fit 64 bits")
    if not 0 <= value <= 1 and name.endswith("probability"):
        return Flaw("probability", f"`{name}` is outside [0, 1]")
    return None


def _text_flaw(name: str, value: str, limit: int) -> Flaw | None:
    if len(value) > limit:
        return Flaw("too_long", f"`{name}` is longer than {limit} characters")
    if "\0" in value:
        return Flaw("nul", f"`{name}` holds a NUL character")
    try:
        value.encode()
    except UnicodeEncodeError:
        return Flaw("unicode", f"`{name}` holds half a surrogate pair, which is no text")
    return None


@lru_cache(maxsize=256)  # one date, or a few, in all rows of a run
def iso_date(text: str) -> bool:
    """Whether a text is a date such as 2025-01-06, spelt just so."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
