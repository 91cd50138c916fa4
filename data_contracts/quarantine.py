"""Rows that hold and rows that do not, kept apart in the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_contracts.contract import VERSION, Contract
from data_contracts.restated import SUPERSEDED_AT, successions, with_superseded_at
from data_contracts.staging import UNREAD, unread_text, with_known_at
from data_contracts.validate import ROW, Findings

STAGED, ACCEPTED, QUARANTINED = "staged", "accepted", "quarantined"


def part(warehouse: Any, staged: Any, contract: Contract, failing: Any) -> bool:
    """Store accepted rows with `known_at` and `superseded_at`, and quarantined ones with their reasons and what could
    not be read. Returns whether some accepted key has several versions.
    """
    good = staged.anti_join(failing, ROW)
    succeeded = _succeeded(warehouse, good, contract)
    accepted = with_superseded_at(with_known_at(good, contract), succeeded, row=ROW)
    accepted = accepted.select(*contract.column_names, SUPERSEDED_AT)
    warehouse.create_table(contract.name, accepted, database=ACCEPTED, overwrite=True)
    bad = staged.inner_join(failing, ROW)
    bad = bad.select(*contract.column_names, "reasons", **{UNREAD: unread_text(bad)})
    warehouse.create_table(contract.name, bad, database=QUARANTINED, overwrite=True)
    return succeeded is not None


def failing_rows(warehouse: Any, contract: Contract, found: Findings) -> Any:
    """Row number and `reasons` of every row that fails, as a table of the warehouse."""
    import ibis
    import pyarrow as pa

    if found.kept is not None:
        return warehouse.table(f"{contract.name}_failing", database=STAGED).select(ROW, "reasons")
    reasons = pa.array([", ".join(names) for names in found.reasons.values()], pa.string())
    return ibis.memtable(pa.table({ROW: pa.array(list(found.reasons), pa.int64()), "reasons": reasons}))


def examples_of(staged: Any, failing: Any, check: str, *, most: int) -> Any:
    """The first rows, at most so many, that fail one check, as a frame."""
    import ibis

    named = (ibis.literal(", ") + failing["reasons"] + ", ").contains(f", {check}, ")
    numbers = failing.filter(named).order_by(ROW).limit(most).select(ROW).to_pandas()[ROW]
    return staged.semi_join(numbered(numbers.tolist()), ROW).to_pandas()


def numbered(numbers: Sequence[int]) -> Any:
    """Row numbers as a table to join with."""
    import ibis
    import pyarrow as pa

    return ibis.memtable(pa.table({ROW: pa.array(numbers, pa.int64())}))


def _succeeded(warehouse: Any, good: Any, contract: Contract) -> Any | None:
    """The accepted rows that a later version of their key replaces, stored; None where there is none."""
    if VERSION not in good.columns:
        return None
    name = f"{contract.name}_succeeded"
    found = warehouse.create_table(name, successions(good, contract, row=ROW), database=STAGED, overwrite=True)
    return found if found.count().execute() else None
