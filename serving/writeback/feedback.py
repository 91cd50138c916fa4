"""What people put into the CRM about our scores and tasks, read back: the rows of the table `crm_feedback`.

Fields that are read and never written, wherever the CRM has them: of a task its status, outcome, root cause and the
mark on its driver; of an account an override with its reason and end, and the sponsor's rating.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from serving.writeback.destination import Destination, Key, Kind, Row, Scalar
from serving.writeback.ledger import Ledger
from serving.writeback.place import Place, place_of
from serving.writeback.store import Store

TASK_FEEDBACK = ("status", "outcome", "root_cause", "driver_mark")
SCORE_FEEDBACK = ("override", "override_reason", "override_expires_on", "sponsor_rating")
UNTOUCHED = {"open", "cancelled", ""}
"""Task states that say nothing: nobody has begun it, or we took it back."""
CHUNK = 500


class Feedback(NamedTuple):
    """One row of `crm_feedback`, but for `recorded_at`, which is when it was first read."""

    feedback_id: str
    account_id: str
    kind: str
    value: str
    reason: str | None = None
    expires_on: str | None = None
    task_key: str | None = None


def feedback(destination: Destination, ledger: Place | Path) -> Iterator[Feedback]:
    """What stands in the CRM now about everything that was ever delivered there; its id changes when it does."""
    with place_of(ledger).reading(destination.name) as store:
        memory = Ledger(store, destination.name, lambda: 0.0)
        for keys in _delivered(store, memory.dest, "task"):
            for key, row in destination.read("task", keys).items():
                yield from _of_task(destination.name, key, row)
        for keys in _delivered(store, memory.dest, "score"):
            for key, row in destination.read("score", keys).items():
                yield from _of_account(destination.name, key, row)


def _of_task(dest: str, key: Key, row: Row) -> Iterator[Feedback]:
    account = key.partition("|")[0]
    status, outcome, cause = (_text(row.get(name)) for name in ("status", "outcome", "root_cause"))
    if outcome or cause or (status or "").lower() not in UNTOUCHED:
        value = outcome or (status or "").lower() or "recorded"
        yield _numbered(dest, Feedback("", account, "task_outcome", value, cause, None, key))
    if mark := _text(row.get("driver_mark")):
        yield _numbered(dest, Feedback("", account, "driver_mark", mark.lower(), None, None, key))


def _of_account(dest: str, key: Key, row: Row) -> Iterator[Feedback]:
    if override := _text(row.get("override")):
        ends = _text(row.get("override_expires_on"))
        reason = _text(row.get("override_reason"))
        yield _numbered(dest, Feedback("", key, "override", override.lower(), reason, ends and ends[:10]))
    if rating := _text(row.get("sponsor_rating")):
        yield _numbered(dest, Feedback("", key, "sponsor_rating", rating))


def _numbered(dest: str, row: Feedback) -> Feedback:
    text = "\0".join([dest, *(value or "" for value in row)])
    return row._replace(feedback_id=hashlib.blake2b(text.encode(), digest_size=12).hexdigest())


def _text(value: Scalar) -> str | None:
    """A value as text, 4.0 as 4; null for nothing."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = "" if value is None else str(value).strip()
    return text or None


def _delivered(store: Store, dest: str, kind: Kind) -> Iterator[list[Key]]:
    sql = "SELECT key FROM shadow WHERE dest=? AND kind=? ORDER BY key"
    for lines in store.stream(sql, (dest, kind), CHUNK):
        yield [key for (key,) in lines]


def fields() -> Mapping[Kind, tuple[str, ...]]:
    """The names that are read, by kind."""
    return {"task": TASK_FEEDBACK, "score": SCORE_FEEDBACK}
