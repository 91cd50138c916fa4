"""A pandas frame in the types that Great Expectations checks fastest: datetime64[ns], int64, float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from data_contracts.contract import NOT_BEFORE, Column, Contract, type_marker
from policy.errors import ContractStop

if TYPE_CHECKING:
    import pandas as pd

# What pandas calls the values of a column of each contract type; a column without any value fits every type.
FITTING = {
    "string": {"string", "categorical"},
    "integer": {"integer", "floating", "mixed-integer-float", "decimal", "boolean"},
    "number": {"integer", "floating", "mixed-integer-float", "decimal"},
    "boolean": {"boolean"},
    "date": {"date", "datetime", "datetime64"},
    "timestamp": {"date", "datetime", "datetime64"},
}
FAST: dict[str, Any] = {
    "integer": "float64",
    "number": "float64",
    "date": "datetime64[ns]",
    "timestamp": "datetime64[ns]",
}


def checkable(frame: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The frame with its contract columns in fast types, and a type marker where a number is not finite or not whole.

    Raises ContractStop where a column is missing or holds values of another type altogether.
    """
    found = {str(name): frame[name] for name in frame.columns}
    for column in contract.columns:
        if column.name not in found:
            raise ContractStop(
                f"`{contract.name}` has no column `{column.name}`.",
                where=contract.name,
                cure=f"Add it ({column.type}): {column.description}",
            )
        found[column.name] = _fast(found[column.name], column, contract)
        if column.type in ("integer", "number") and type_marker(column.name) not in found:
            reads = _reads(found[column.name], whole=column.type == "integer")
            if not reads.all():
                found[type_marker(column.name)] = reads
    _compare_by_day(found, contract)
    return type(frame)(found)


def _fast(values: pd.Series[Any], column: Column, contract: Contract) -> pd.Series[Any]:
    import pandas as pd

    target = FAST.get(column.type)
    if not len(values) or values.isna().all():
        return values.astype(target) if target else values.astype(object)
    kind = pd.api.types.infer_dtype(values, skipna=True)
    if kind not in FITTING[column.type]:
        raise ContractStop(
            f"`{column.name}` of `{contract.name}` should be {column.type}; its values are {kind}.",
            where=contract.name,
            cure=f"Cast `{column.name}` to {column.type} before it is checked.",
        )
    if column.type in ("date", "timestamp"):
        return _nanoseconds(values)
    if column.type == "integer" and kind in ("integer", "boolean") and not values.isna().any():
        return values.astype("int64")
    return values.astype(target) if target else values


def _nanoseconds(values: pd.Series[Any]) -> pd.Series[Any]:
    """Moments as datetime64[ns], UTC without a zone; those that do not fit (9999-12-31) become the last that does."""
    import pandas as pd

    moments: Any = pd.to_datetime(values)
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    try:
        return moments.astype("datetime64[ns]")
    except pd.errors.OutOfBoundsDatetime:
        first, last = pd.Timestamp.min.ceil("D"), pd.Timestamp.max.floor("D")
        return moments.clip(first.as_unit("s"), last.as_unit("s")).astype("datetime64[ns]")


def _compare_by_day(found: dict[str, pd.Series[Any]], contract: Contract) -> None:
    """Where the later of two moments is known by its day only, the earlier one counts from the start of its day.

    Else a ticket opened at 10:00 and closed the same day, delivered as a date, would seem closed before it was opened.
    """
    for check in contract.checks:
        if check.expectation == NOT_BEFORE and check.kwargs.get("or_equal"):
            later, earlier = found.get(check.kwargs["column_A"]), found.get(check.kwargs["column_B"])
            if later is None or earlier is None or later.dtype.kind != "M" or earlier.dtype.kind != "M":
                continue
            if _whole_days(later) and not _whole_days(earlier):
                found[check.kwargs["column_B"]] = earlier.dt.floor("D")


def _whole_days(moments: pd.Series[Any]) -> bool:
    """Whether no moment has a time of day."""
    return bool((moments.dropna().to_numpy().astype("int64") % 86_400_000_000_000 == 0).all())


def _reads(values: pd.Series[Any], *, whole: bool) -> pd.Series[Any]:
    import numpy as np

    if values.dtype.kind != "f":
        return values.notna()
    numbers = values.to_numpy()
    finite = ~np.isinf(numbers)
    with np.errstate(invalid="ignore"):
        fits = finite & (np.isnan(numbers) | (numbers == np.floor(numbers))) if whole else finite
    return type(values)(fits, index=values.index)
