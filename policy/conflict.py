"""A place where the two source texts contradict themselves or leave a rule open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Conflict:
    """Two readings of one rule, and what the active policy decides."""

    rule: str
    about: str
    readings: tuple[str, str]
    decision: str


Found = Iterator[Conflict]
