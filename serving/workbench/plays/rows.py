"""Frames as plain rows: what is missing is None, a date is a date."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd

Row = Mapping[str, Any]


def plain(frame: pd.DataFrame | None) -> list[dict[str, Any]]:
    """The rows of a frame in order, nulls of every kind as None; nothing of no frame.

    >>> plain(pd.DataFrame({"a": pd.array([1, None], dtype="Int64")}))
    [{'a': 1}, {'a': None}]
    """
    if frame is None:
        return []
    columns = {str(name): frame[name].astype(object).where(frame[name].notna(), None).tolist() for name in frame}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def by_account(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The rows of each account, in their order."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[str(row["account_id"])].append(row)
    return found


def day_of(moment: Any) -> date | None:
    """The day of a moment; None of none.

    >>> day_of(datetime(2026, 5, 4, 17)), day_of(date(2026, 5, 4)), day_of(None)
    (datetime.date(2026, 5, 4), datetime.date(2026, 5, 4), None)
    """
    if moment is None:
        return None
    found: date = moment.date() if isinstance(moment, datetime) else moment
    return found
