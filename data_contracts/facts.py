"""What a project's sources come to: accepted tables, whom they cover, what they deliver, and which were restated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data_contracts.contract import source_contracts
from data_contracts.restated import SUPERSEDED_AT


@dataclass(frozen=True)
class Facts:
    """Source tables that passed their contracts, as Ibis tables with every contract column and `known_at`.

    An absent optional table is missing from `tables`. `covered[name]`, where present, lists the accounts that the
    table can speak about: for all others its indicators are not available. `mapped[name]` are the contract columns
    that the project's SELECT delivers; the others are null in every row and say nothing. `restated` names the tables
    in which some key has several versions: they have a further column, and a row of theirs holds from its `known_at`
    until its `superseded_at` (null: still).
    """

    tables: Mapping[str, Any]
    covered: Mapping[str, Any] = field(default_factory=dict)
    mapped: Mapping[str, frozenset[str]] = field(default_factory=dict)
    restated: frozenset[str] = frozenset()

    def has(self, table: str, *columns: str) -> bool:
        """Whether the project delivers the table and maps these columns of it."""
        return table in self.tables and set(columns) <= self.mapped.get(table, frozenset(columns))

    @property
    def absent(self) -> list[str]:
        """Contract tables this project does not deliver."""
        return [name for name in source_contracts() if name not in self.tables]


def latest(facts: Facts, name: str) -> Any:
    """A table with one row per key: of every fact its latest version."""
    table = facts.tables[name]
    return table.filter(table[SUPERSEDED_AT].isnull()) if name in facts.restated else table
