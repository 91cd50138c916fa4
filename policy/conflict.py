"""A place where the two source texts contradict themselves or leave a rule open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policy.planned import planned_for


@dataclass(frozen=True)
class Conflict:
    """Two readings of one rule, what the active policy decides, and the key that decides it."""

    rule: str
    key: str
    about: str
    readings: tuple[str, str]
    decision: str

    @property
    def planned(self) -> str | None:
        """What will act on the decision; null where something does already."""
        return planned_for(self.key)


Found = Iterator[Conflict]
