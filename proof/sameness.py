"""Whether two frames of the same snapshots are the same to the last byte, and where they are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

KEY = ["as_of", "account_id"]


def differences(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    """A sentence per difference, rows first, then columns; empty where the frames are byte-identical.

    Rows are compared by account and as_of, so that their order does not matter; a column counts where either has it.
    """
    one, other = _in_order(one), _in_order(other)
    found = _rows(one, other)
    shared = one.merge(other[KEY], on=KEY)[KEY]
    left, right = one.merge(shared, on=KEY), other.merge(shared, on=KEY)
    for name in dict.fromkeys([*one, *other]):
        if name not in one or name not in other:
            found.append(f"column `{name}` is there only {'before' if name in one else 'after'}")
        elif (unlike := _unlike(left[name], right[name])).any():
            row = int(np.flatnonzero(unlike)[0])
            where = f"account {left['account_id'].iloc[row]} at {left['as_of'].iloc[row]}"
            values = f"{_shown(left[name].iloc[row])} became {_shown(right[name].iloc[row])}"
            found.append(f"`{name}`: {int(unlike.sum())} of {len(left)} rows differ, first {where}: {values}")
    return found


def same_bytes(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays of numbers hold the same bits."""
    return one.shape == other.shape and one.astype("float64").tobytes() == other.astype("float64").tobytes()


def _in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(KEY, ignore_index=True)


def _rows(one: pd.DataFrame, other: pd.DataFrame) -> list[str]:
    found = []
    for here, there, words in ((one, other, "is gone"), (other, one, "was not there before")):
        keys = here[KEY].merge(there[KEY], on=KEY, how="left", indicator=True)
        lone = keys[keys["_merge"] == "left_only"]
        if len(lone):
            first = lone.iloc[0]
            found.append(f"{len(lone)} rows: account {first['account_id']} at {first['as_of']} {words}")
    return found


def _unlike(one: pd.Series, other: pd.Series) -> np.ndarray:
    """True where two columns differ: numbers by their bits (any NaN is one NaN), anything else by value."""
    if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other):
        a, b = (s.to_numpy(dtype="float64", na_value=np.nan) for s in (one, other))
        both_null = np.isnan(a) & np.isnan(b)
        return np.asarray((a.view("int64") != b.view("int64")) & ~both_null)
    empty = one.isna() & other.isna()
    same = (one.astype(object) == other.astype(object)).fillna(False).astype(bool)
    return np.asarray(~(same | empty))


def _shown(value: object) -> str:
    return "null" if value is None or value is pd.NA or value != value else f"{value}"


def of_accounts(frame: pd.DataFrame, accounts: Sequence[str]) -> pd.DataFrame:
    """The rows of some accounts."""
    return frame[frame["account_id"].isin(set(accounts))].reset_index(drop=True)
