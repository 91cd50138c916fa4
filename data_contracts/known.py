"""What was known of a table before a moment, on frames: rows that had happened and were known, in their version of then.

A row exists from its event time and from `known_at`, whichever is later; of several versions of a key the last one known
counts; a mutable value is known from the date that guards it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pandas as pd

from data_contracts.contract import Contract
from data_contracts.restated import SUPERSEDED_AT

DTYPES: Mapping[str, Any] = {
    "string": "string",
    "integer": "Int64",
    "number": "float64",
    "boolean": "boolean",
    "date": "datetime64[us]",
    "timestamp": "datetime64[us]",
}


def in_contract_types(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The contract's columns in nullable pandas types, so that any value may be set or taken away."""
    columns = {}
    for column in contract.columns:
        values = frame[column.name]
        dated = DTYPES[column.type].startswith("datetime")
        columns[column.name] = (pd.to_datetime(values) if dated else values).astype(DTYPES[column.type])
    return pd.DataFrame(columns).reset_index(drop=True)


def as_arrow(frame: pd.DataFrame, contract: Contract) -> Any:
    """A frame as an Arrow table in the contract's own types and with `superseded_at`, as accepted tables have it."""
    import pyarrow as pa

    types = {"integer": "int64", "number": "float64", "boolean": "bool", "date": "date32", "timestamp": "timestamp[us]"}
    arrays = {c.name: pa.array(frame[c.name], from_pandas=True) for c in contract.columns}
    columns = {c.name: arrays[c.name].cast(types.get(c.type, "string")) for c in contract.columns}
    replaced = pa.array(superseded_at(frame, contract), from_pandas=True).cast("timestamp[us]")
    return pa.table({**columns, SUPERSEDED_AT: replaced})


def superseded_at(frame: pd.DataFrame, contract: Contract) -> pd.Series:
    """When the next version of each row's key became known; NaT for the latest, and for a row that has no key."""
    keyed = frame[has_key(frame, contract)].sort_values("known_at", kind="stable")
    following = keyed.groupby(list(contract.key), dropna=False)["known_at"].shift(-1)
    return following.reindex(frame.index).astype("datetime64[us]")


def restated(tables: Mapping[str, pd.DataFrame], contracts: Mapping[str, Contract]) -> frozenset[str]:
    """The tables in which some key has several versions, as `Facts.restated` names them."""
    return frozenset(n for n, frame in tables.items() if superseded_at(frame, contracts[n]).notna().any())


def has_key(frame: pd.DataFrame, contract: Contract) -> pd.Series:
    """Whether a row has a key at all: an event without an id has none."""
    return frame[list(contract.always_in_key)].notna().all(axis=1)


def happened_at(frame: pd.DataFrame, contract: Contract) -> pd.Series:
    """When each row's event took place by its contract; NaT where the row names no moment."""
    event = frame[list(contract.event_time)].min(axis=1)
    if contract.event_time_else:
        event = event.fillna(frame[contract.event_time_else] - pd.Timedelta(days=1))
    return event


def lies_ahead(frame: pd.DataFrame, contract: Contract, as_of: date) -> pd.Series:
    """Whether a row had not happened or was not known before as_of."""
    moment = pd.Timestamp(as_of)
    return (happened_at(frame, contract) >= moment) | (frame["known_at"] >= moment)


def replaced(frame: pd.DataFrame, contract: Contract, as_of: date) -> pd.Series:
    """Whether a later version of the row's key was known before as_of."""
    return superseded_at(frame, contract) < pd.Timestamp(as_of)


def as_known(frame: pd.DataFrame, contract: Contract, as_of: date) -> pd.DataFrame:
    """What was known of a table before as_of: its rows then, with values that were not yet known read as null.

    A key's latest version known then hides the earlier ones, also where it says that nothing has happened yet.
    """
    past = frame[~lies_ahead(frame, contract, as_of) & ~replaced(frame, contract, as_of)].copy()
    for guard, columns in guarded(contract).items():
        past.loc[~(past[guard] < pd.Timestamp(as_of)), columns] = None
    if set(contract.event_time) <= set(contract.mutable):
        # A plan without any date yet is no fact yet.
        return past[past[list(contract.event_time)].notna().any(axis=1)]
    return past


def guarded(contract: Contract) -> dict[str, list[str]]:
    """Date column → the mutable columns that are known from it, itself among them."""
    found: dict[str, list[str]] = {}
    for column, guard in contract.mutable.items():
        # The guard is cleared last, so that what it guards can still be found by it.
        found.setdefault(guard, [])
        if column != guard:
            found[guard].append(column)
    return {guard: [*columns, guard] for guard, columns in found.items()}
