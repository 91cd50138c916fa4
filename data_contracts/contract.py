"""A data contract: what one table must look like, when its facts become known, and what a failure does.

The YAML (Open Data Contract Standard v3.1) is the source of truth; `odcs` turns it into these plain frozen objects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

from policy.errors import ContractStop, did_you_mean

FOLDER = Path(__file__).parent
TYPES: Mapping[str, str] = {
    "string": "string",
    "integer": "int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp(6)",
}
NOT_NULL = "expect_column_values_to_not_be_null"
UNIQUE = "expect_column_values_to_be_unique"
UNIQUE_TOGETHER = "expect_compound_columns_to_be_unique"
NOT_BEFORE = "expect_column_pair_values_a_to_be_greater_than_b"
READS, KNOWN = "__reads", "__known"
KNOWN_AT = "known_at"
VERSION = KNOWN_AT + "__version"  # tells the versions of one key apart; null where there is but one
OnFailure = Literal["stop", "quarantine"]
Presence = Literal["required", "activity", "optional"]


@dataclass(frozen=True)
class Column:
    """One column: its type, whether it must be there, and the date that says from when its value is known.

    `known_from` names the date column that guards a mutable value: the value reads as null while that date ≥ as_of.
    """

    name: str
    type: str
    description: str
    required: bool = False
    known_from: str | None = None


@dataclass(frozen=True)
class Check:
    """One rule for rows: a Great Expectations expectation by name, on one column or across several.

    `when` limits the rule to rows that meet all of its conditions: each has a column, an operator (`==`, `in`,
    `null`, `not_null`) and, for the first two, a parameter.
    """

    name: str
    column: str | None
    says: str
    expectation: str
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    when: tuple[Mapping[str, Any], ...] = ()
    on_failure: OnFailure = "quarantine"
    references: str | None = None

    @property
    def is_uniqueness(self) -> bool:
        """Whether copies of one row are what fails: then the first copy stays."""
        return self.expectation in {UNIQUE, UNIQUE_TOGETHER}

    @property
    def subject(self) -> set[str]:
        """The columns the rule speaks about, conditions aside; a marker among them by its own name."""
        named = {self.kwargs[k] for k in ("column", "column_A", "column_B") if k in self.kwargs}
        return named | set(self.kwargs.get("column_list", []))

    @property
    def columns(self) -> set[str]:
        """Every column the rule reads, markers and conditions included."""
        return self.subject | {condition["column"] for condition in self.when}

    def can_fail_with(self, delivered: Collection[str]) -> bool:
        """Whether a source that delivers these columns could break the rule; all others are null in every row."""
        needed = {c["column"] for c in self.when if c["operator"] != "null"}
        if self.is_uniqueness:
            return bool(self.subject & set(delivered))
        if self.expectation != NOT_NULL or not self.when:
            needed |= {name.removesuffix(READS).removesuffix(KNOWN) for name in self.subject}
        return needed <= set(delivered)


@dataclass(frozen=True)
class Limits:
    """How a table may change from one check to the next, and how far it may lie behind the others.

    `latency_of` is the date that is to come within `latency_days`; a table whose days with rows lie far apart is only
    late after `quiet_gaps` of its usual gaps. A fall of the rows by more than the share `may_fall`, or growth by more
    than the factor `may_grow`, is told; a fall by more than `must_not_fall` stops. None: not judged.
    """

    latency_of: str | None = None
    latency_days: float | None = None
    quiet_gaps: float = 0.0
    may_fall: float | None = None
    must_not_fall: float | None = None
    may_grow: float | None = None


@dataclass(frozen=True)
class Contract:
    """A table under contract.

    `key` is what tells one fact from another. Where a key column is optional (`usage_events.event_id`), each row
    without it is a fact of its own.
    """

    name: str
    purpose: str
    presence: Presence
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    checks: tuple[Check, ...]
    event_time: tuple[str, ...]
    event_time_else: str | None
    on_failure: OnFailure
    stop_above_share: float
    limits: Limits = Limits()

    def column(self, name: str) -> Column:
        """The column of that name; a KeyError says what is known."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column `{name}`. {did_you_mean(name, self.column_names)}")

    @property
    def column_names(self) -> list[str]:
        """Names in contract order."""
        return [column.name for column in self.columns]

    @property
    def mutable(self) -> dict[str, str]:
        """Column → the date column from which its value is known."""
        return {c.name: c.known_from for c in self.columns if c.known_from}

    @property
    def restatable(self) -> bool:
        """Whether a key may come again with a later `known_at`: the later row restates the earlier one."""
        return any(check.is_uniqueness and VERSION in check.subject for check in self.checks)

    @property
    def always_in_key(self) -> tuple[str, ...]:
        """The key columns without which a row has no key: all required ones, or the only one."""
        return tuple(c for c in self.key if len(self.key) == 1 or self.column(c).required)

    @property
    def refers_to(self) -> set[str]:
        """The tables that its foreign keys point to."""
        return {check.references.split(".")[0] for check in self.checks if check.references}

    def without(self, check: str) -> Contract:
        """The same contract less one check: what the mutation test drops."""
        kept = tuple(c for c in self.checks if c.name != check)
        if len(kept) == len(self.checks):
            raise KeyError(f"{self.name} has no check `{check}`. {did_you_mean(check, [c.name for c in self.checks])}")
        return replace(self, checks=kept)

    def for_delivered(self, delivered: Collection[str]) -> Contract:
        """The checks that these columns can break, and only the columns that those checks read."""
        checks = tuple(check for check in self.checks if check.can_fail_with(delivered))
        read = {name for check in checks for name in check.columns}
        return replace(self, columns=tuple(c for c in self.columns if c.name in read), checks=checks)


def type_marker(column: str) -> str:
    """Name of the boolean column that says whether the raw value could be read as the contract's type."""
    return column + READS


def reference_marker(column: str) -> str:
    """Name of the boolean column that says whether the value exists in the table it refers to."""
    return column + KNOWN


def is_marker(column: str) -> bool:
    """Whether a column of a validation frame is a marker, made by staging rather than delivered."""
    return column.endswith((READS, KNOWN)) or column == VERSION


def load_contract(path: Path) -> Contract:
    """The contract in one ODCS file.

    Raises ContractStop when the file is not ODCS or uses a rule that has no expectation: an unknown rule never passes.
    """
    from data_contracts.odcs import read

    return read(path)


@cache
def source_contracts() -> Mapping[str, Contract]:
    """Every source table's contract by name, required tables first."""
    rank = {"required": 0, "activity": 1, "optional": 2}
    found = [load_contract(path) for path in sorted((FOLDER / "source").glob("*.yaml"))]
    by_name = {c.name: c for c in sorted(found, key=lambda c: (rank[c.presence], c.name))}
    for contract in found:
        for check in contract.checks:
            if check.references:
                _must_exist(contract, check.references, by_name)
    return by_name


def _must_exist(contract: Contract, reference: str, known: Mapping[str, Contract]) -> None:
    table, _, column = reference.partition(".")
    if table not in known or column not in known[table].column_names:
        columns = [f"{t}.{c}" for t, other in known.items() for c in other.column_names]
        raise ContractStop(
            f"refers to `{reference}`, which does not exist.",
            where=f"{contract.name}.yaml",
            cure=did_you_mean(reference, columns),
        )


@cache
def output_contract(name: str) -> Contract:
    """The contract of one output table: scores, drivers, tasks, predictions or signals."""
    path = FOLDER / "output" / f"{name}.yaml"
    if not path.exists():
        known = [found.stem for found in path.parent.glob("*.yaml")]
        raise KeyError(f"There is no output `{name}`. {did_you_mean(name, known)}")
    return load_contract(path)
