"""Rows that hold and rows that do not, kept apart in the warehouse."""

from __future__ import annotations

from typing import Any

from data_contracts.contract import VERSION, Contract
from data_contracts.restated import SUPERSEDED_AT, successions, with_superseded_at
from data_contracts.staging import UNREAD, unread_text, with_known_at
from data_contracts.validate import ROW, Findings

STAGED, ACCEPTED, QUARANTINED = "staged", "accepted", "quarantined"


def part(warehouse: Any, staged: Any, contract: Contract, found: Findings) -> bool:
    """Store accepted rows with `known_at` and `superseded_at`, and quarantined ones with their reasons and what could
    not be read. Returns whether some accepted key has several versions.
    """
    failing = _failing(found)
    good = staged.anti_join(failing, ROW)
    succeeded = _succeeded(warehouse, good, contract)
    accepted = with_superseded_at(with_known_at(good, contract), succeeded, row=ROW)
    accepted = accepted.select(*contract.column_names, SUPERSEDED_AT)
    warehouse.create_table(contract.name, accepted, database=ACCEPTED, overwrite=True)
    bad = staged.inner_join(failing, ROW)
    bad = bad.select(*contract.column_names, "reasons", **{UNREAD: unread_text(bad)})
    warehouse.create_table(contract.name, bad, database=QUARANTINED, overwrite=True)
    return succeeded is not None


def _failing(found: Findings) -> Any:
    import ibis
    import pyarrow as pa

    reasons = pa.array([", ".join(names) for names in found.reasons.values()], pa.string())
    numbers = pa.array(list(found.reasons), pa.int64())
    return ibis.memtable(pa.table({ROW: numbers, "reasons": reasons}))


def _succeeded(warehouse: Any, good: Any, contract: Contract) -> Any | None:
    """The accepted rows that a later version of their key replaces, stored; None where there is none."""
    if VERSION not in good.columns:
        return None
    name = f"{contract.name}_succeeded"
    found = warehouse.create_table(name, successions(good, contract, row=ROW), database=STAGED, overwrite=True)
    return found if found.count().execute() else None
