"""The ARR waterfall (M15): month by month, closing to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from policy.segments import Segments
from serving.workbench.kpis.ledger import Ledger
from serving.workbench.kpis.movements import AMOUNTS, Period, closed, movements
from serving.workbench.kpis.slices import Slices, in_slices, slices_at

WHEN = ["month", "from_day", "until_day", "complete"]


def monthly_movements(ledger: Ledger, periods: Sequence[Period], *, win_back_days: int) -> pd.DataFrame:
    """The movements of every period: the columns of `WHEN`, account_id and the amounts in whole cents."""
    found = []
    for period in periods:
        rows = movements(ledger, period.start, period.end, win_back_days=win_back_days)
        found.append(rows.assign(**_when(period))[[*WHEN, *rows.columns]])
    if not found:
        return pd.DataFrame(columns=[*WHEN, "account_id", *AMOUNTS])
    whole = pd.concat(found, ignore_index=True)
    _joined(whole)
    return whole


def waterfall(rows: pd.DataFrame, slices: Slices) -> pd.DataFrame:
    """Start, the five movements and end of every period, for all and for every slice; amounts in whole cents.

    Each row closes by itself. A slice holds who was in it when the period began, or who came into it: from one month to
    the next a customer may change from one to another, so a slice's end is not its next start, that of all is.
    """
    keyed = in_slices(rows.assign(as_of=rows["until_day"]), [slices])
    found = keyed.groupby(["slice_by", "slice", *WHEN], as_index=False, sort=False)[list(AMOUNTS)].sum()
    return closed(found.sort_values(["slice_by", "slice", "from_day"], ignore_index=True))


def monthly_slices(ledger: Ledger, accounts: pd.DataFrame, periods: Sequence[Period], segments: Segments) -> Slices:
    """The slices of every period, by the ARR with which it began."""
    parts = [slices_at(ledger, accounts, period.end, segments, since=period.start).frame for period in periods]
    return Slices(pd.concat(parts, ignore_index=True))


def _when(period: Period) -> dict[str, Any]:
    return {
        "month": period.start.strftime("%Y-%m"),
        "from_day": period.start,
        "until_day": period.end,
        "complete": period.complete,
    }


def _joined(rows: pd.DataFrame) -> None:
    """Raise ValueError unless every month begins with what the one before ended with."""
    ends = rows.groupby("until_day")["end"].sum()
    starts = rows.groupby("from_day")["start"].sum()
    for day in ends.index.intersection(starts.index):
        if ends[day] != starts[day]:
            raise ValueError(f"the ARR at the end of a month is not that of the next: {day:%Y-%m-%d}")
