"""When two values are the same value, and which fields never make a row a changed row.

Same: floats to six decimals, 90 and 90.0, true and 1 (not every CRM has a boolean), one instant spelt in two zones
(a timestamp without a zone is UTC). Text is compared character by character; "" and null differ.

`run_id` and `published_at` say who wrote and when: they travel with a change and never cause one, so that scoring the
same as_of again writes nothing. `as_of` and `expires_on` do count: a CRM showing last week's dates shows an expired
score. A task's status, owner, due date and creation date are written once, with the task; then they are the owner's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from serving.writeback.destination import Row, Scalar

NEVER_A_CHANGE = frozenset({"run_id", "published_at"})
TASK_WRITTEN_ONCE = frozenset({"status", "owner_id", "due_at", "created_at"})
MARK_BYTES = 6

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?")


def canonical(value: Scalar) -> Scalar:
    """The one spelling of a value.

    >>> canonical(0.1 + 0.2), canonical(90.0), canonical(-0.0), canonical(True)
    (0.3, 90, 0, 1)
    >>> canonical("2025-01-06T09:00:00+01:00") == canonical("2025-01-06T08:00:00Z") == canonical("2025-01-06T08:00")
    True
    """
    if isinstance(value, str):
        return _instant(value) if 16 <= len(value) <= 32 and _TIMESTAMP.fullmatch(value) else value
    if isinstance(value, bool):
        return int(value)
    return _rounded(value) if isinstance(value, float) else value


def same(left: Scalar, right: Scalar) -> bool:
    """Whether two values are one value."""
    # Whatever is equal is the same, and nothing else is the same as null: most values are settled here.
    if left == right or left is None or right is None:
        return left == right
    left, right = canonical(left), canonical(right)
    return isinstance(left, str) == isinstance(right, str) and left == right


def mark(value: Scalar) -> bytes:
    """Six bytes that stand for a value in the ledger, so that confirmed values need not be kept there.

    >>> mark(0.5) == mark(0.5000000001), mark("1") == mark(1), mark(None) == mark("")
    (True, False, False)
    """
    return _digest(repr(_rounded(value))) if type(value) is float else _mark(value)


@lru_cache(maxsize=1 << 12)  # tiers, versions and dates are the same in row after row; hardly two figures are
def _mark(value: Scalar) -> bytes:
    value = canonical(value)
    return _digest("=" + value if isinstance(value, str) else repr(value))


def _digest(spelt: str) -> bytes:
    return hashlib.blake2b(spelt.encode(), digest_size=MARK_BYTES).digest()


def _rounded(value: float) -> int | float:
    rounded = round(value, 6)
    return int(rounded) if rounded.is_integer() and abs(rounded) < 2**53 else rounded


def marks(fields: Row) -> dict[str, bytes]:
    """The mark of every field that can make a change."""
    found = dict(zip(fields, map(mark, fields.values()), strict=True))
    for name in NEVER_A_CHANGE:
        found.pop(name, None)
    return found


class Packed(NamedTuple):
    """A row's marks as the ledger keeps them: the fields' names (a line each), their marks, and the hash of both."""

    names: str
    marks: bytes
    hash: str


def packed(field_marks: Mapping[str, bytes]) -> Packed:
    """A row's marks in one order, whatever order they come in."""
    names, heads, text = _order(tuple(field_marks))
    held = [field_marks[name] for name in names]
    joined = b"".join(chain.from_iterable(zip(heads, held, strict=True)))
    return Packed(text, b"".join(held), hashlib.blake2b(joined, digest_size=16).hexdigest())


def unpacked(names: str, held: bytes) -> dict[str, bytes]:
    """The marks again.

    >>> unpacked(*packed(marks({"b": 1, "a": 2}))[:2]) == marks({"a": 2, "b": 1})
    True
    """
    return {name: held[i : i + MARK_BYTES] for name, i in _places(names)}


def row_hash(field_marks: Mapping[str, bytes]) -> str:
    """The hash of a whole row, from its fields' marks, in any order.

    >>> row_hash(marks({"b": 1, "a": 2})) == row_hash(marks({"a": 2.0, "b": 1, "run_id": "r7"}))
    True
    """
    return packed(field_marks).hash


@lru_cache(maxsize=256)  # a run's rows have few sets of fields
def _order(names: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[bytes, ...], str]:
    ordered = tuple(sorted(names))
    return ordered, tuple(name.encode() + b"\0" for name in ordered), "\n".join(ordered)


@lru_cache(maxsize=256)
def _places(names: str) -> tuple[tuple[str, int], ...]:
    return tuple((name, i * MARK_BYTES) for i, name in enumerate(names.split("\n")) if name)


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):  # looks like a timestamp and is none, e.g. month 13: plain text
        return text
    return moment.isoformat()
