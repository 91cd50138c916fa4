"""Restated facts: one key, several versions, told apart by the moment each became known.

A later row of the same key replaces the earlier one from its own `known_at` on; until then the earlier one is what was
known. Where a copy of a key does not say when it became known, its copies are no versions but duplicates.
"""

from __future__ import annotations

from typing import Any

from data_contracts.contract import KNOWN_AT, VERSION, Contract

SUPERSEDED_AT = "superseded_at"
TIMESTAMP = "timestamp(6)"


def repeated(table: Any, contract: Contract, *, row: str) -> Any:
    """The rows whose key comes more than once: `row`, the key, and VERSION (`known_at` where all its copies have it)."""
    keyed = table.filter([table[c].notnull() for c in contract.always_in_key])
    key = list(contract.key)
    counted = keyed.mutate(copies=keyed.count().over(group_by=key), dated=keyed[KNOWN_AT].count().over(group_by=key))
    again = counted.filter(counted["copies"] > 1)
    return again.select(row, *key, **{VERSION: (again["dated"] == again["copies"]).ifelse(again[KNOWN_AT], None)})


def with_versions(table: Any, copies: Any | None, *, row: str) -> Any:
    """The table with VERSION from its repeated rows; null in all others, and everywhere where nothing is repeated."""
    import ibis

    if copies is None:
        return table.mutate(**{VERSION: ibis.null(TIMESTAMP)})
    found = copies.select(**{"copied_row": copies[row], VERSION: copies[VERSION]})
    return table.left_join(found, table[row] == found["copied_row"]).drop("copied_row")


def successions(versions: Any, contract: Contract, *, row: str) -> Any:
    """`row` and `superseded_at` of every version that has a successor: the moment the next one became known."""
    import ibis

    key = ibis.window(group_by=list(contract.key), order_by=VERSION)
    dated = versions.filter(versions[VERSION].notnull())
    found = dated.select(row, **{SUPERSEDED_AT: dated[VERSION].lead(1).over(key)})
    return found.filter(found[SUPERSEDED_AT].notnull())


def with_superseded_at(table: Any, succeeded: Any | None, *, row: str) -> Any:
    """The table with `superseded_at`: null where a row is the latest of its key, and everywhere without successions."""
    import ibis

    if succeeded is None:
        return table.mutate(**{SUPERSEDED_AT: ibis.null(TIMESTAMP)})
    found = succeeded.select(succeeded_row=succeeded[row], superseded_at=succeeded[SUPERSEDED_AT])
    return table.left_join(found, table[row] == found["succeeded_row"]).drop("succeeded_row")
