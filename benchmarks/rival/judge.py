"""What of the staged rows the counterpart holds, by key. It reads the counterpart's own state and no tool's report."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from serving.writeback.staged import Staged

Stored = tuple[str, str, Mapping[str, Any]]
"""A row of the counterpart: kind, key, fields. An account that never got a score has None in all of them."""


@dataclass(frozen=True)
class Verdict:
    """Keys, by what became of them. `unasked`: the counterpart holds them and nobody staged them."""

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether the counterpart holds just what was staged."""
        return not (self.lost or self.doubled or self.wrong or self.unasked)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Lost, doubled, wrong; what nobody asked for is wrong too."""
        return len(self.lost), len(self.doubled), len(self.wrong) + len(self.unasked)


def judge(rows: Iterable[Staged], stored: Iterable[Stored], *, refused: Collection[str] = ()) -> Verdict:
    """Compare the rows with what is stored. `refused` keys cannot be stored: they may be absent, or as they were.

    >>> row = Staged("score", "a", "a", "2025-01-06", {"risk_tier": "red"})
    >>> judge([row], [("score", "a", {"risk_tier": None})]).lost
    ('a',)
    >>> judge([row], [("score", "a", {"risk_tier": "red"}), ("score", "a", {"risk_tier": "red"})]).doubled
    ('a',)
    >>> judge([row], [("score", "a", {"risk_tier": "green"})]).wrong
    ('a',)
    """
    held: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for kind, key, fields in stored:
        held.setdefault((kind, key), []).append(fields)
    lost, doubled, wrong, asked = [], [], [], set()
    for row in rows:
        asked.add((row.kind, row.key))
        found = held.get((row.kind, row.key), [])
        if row.key in refused:
            continue
        if not any(_filled(one, row) for one in found):
            lost.append(row.key)
        elif any(not _same(one.get(name), value) for one in found for name, value in row.fields.items()):
            wrong.append(row.key)
        if len(found) > 1:
            doubled.append(row.key)
    unasked = [key for kind, key in held if (kind, key) not in asked]
    return Verdict(tuple(lost), tuple(doubled), tuple(wrong), tuple(unasked))


def _filled(fields: Mapping[str, Any], row: Staged) -> bool:
    return any(fields.get(name) is not None for name in row.fields)


def _same(stored: Any, value: Any) -> bool:
    if isinstance(value, float) and isinstance(stored, int | float):
        return stored == value or math.isclose(stored, value, abs_tol=1e-9)
    return bool(stored == value)
