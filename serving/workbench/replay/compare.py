"""Two tables of one meaning, compared row by row and field by field; numbers by their 64 bits."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

ROW = "row"
"""The field of a difference where a whole row is missing on one side."""
NOT_THERE, THERE = "absent", "there"


@dataclass(frozen=True)
class Difference:
    """One field of one row that was published otherwise than it is rebuilt.

    `key` tells the row within its account (an indicator, a task); empty where the account has one row. For a whole row
    the field is `row`, and the values say on which side it is.
    """

    table: str
    account_id: str
    key: str
    field: str
    published: Any
    rebuilt: Any


def differences(table: str, published: pa.Table, rebuilt: pa.Table, keys: Sequence[str]) -> Iterator[Difference]:
    """What differs, rows in the order of the published ones. `keys` begin with account_id and tell every row apart.

    Row order means nothing. A field that only one side has is a difference of every row.
    """
    here, there = (_places(side, keys) for side in (published, rebuilt))
    for key in [k for k in here if k not in there]:
        yield _difference(table, key, ROW, THERE, NOT_THERE)
    for key in [k for k in there if k not in here]:
        yield _difference(table, key, ROW, NOT_THERE, THERE)
    both = [k for k in here if k in there]
    left, right = (
        side.take(pa.array([at[k] for k in both], pa.int64())) for side, at in ((published, here), (rebuilt, there))
    )
    for name in dict.fromkeys([*left.column_names, *right.column_names]):
        if name not in keys:
            yield from _of_field(table, name, both, _column(left, name), _column(right, name))


def same(one: Any, other: Any) -> bool:
    """Whether two values are one: numbers by their bits, so that −0.0 is not 0.0 and NaN is NaN.

    >>> same(0.1 + 0.2, 0.3), same(float("nan"), float("nan")), same(0.0, -0.0), same(None, None)
    (False, True, False, True)
    """
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return one.hex() == other.hex()
    return type(one) is type(other) and one == other


def _of_field(
    table: str, name: str, keys: Sequence[tuple[Any, ...]], left: pa.ChunkedArray | None, right: pa.ChunkedArray | None
) -> Iterator[Difference]:
    if left is not None and right is not None and _bits(left).equals(_bits(right)):
        return
    nothing = [NOT_THERE] * len(keys)
    then = nothing if left is None else left.to_pylist()
    now = nothing if right is None else right.to_pylist()
    for key, one, other in zip(keys, then, now, strict=True):
        if not same(one, other):
            yield _difference(table, key, name, one, other)


def _bits(column: pa.ChunkedArray) -> pa.Array:
    """The column as one array, numbers as the integers that their bits are."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.view(pa.int64()) if pa.types.is_float64(whole.type) else whole


def _column(side: pa.Table, name: str) -> pa.ChunkedArray | None:
    return side.column(name) if name in side.column_names else None


def _places(side: pa.Table, keys: Sequence[str]) -> dict[tuple[Any, ...], int]:
    columns = [side.column(name).to_pylist() for name in keys]
    return {key: place for place, key in enumerate(zip(*columns, strict=True))}


def _difference(table: str, key: tuple[Any, ...], field: str, published: Any, rebuilt: Any) -> Difference:
    return Difference(table, str(key[0]), " ".join(map(str, key[1:])), field, published, rebuilt)
