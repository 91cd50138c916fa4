"""The slices of a book: all, team segment, touch model, CSM, cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from policy.segments import Segments, team_segment, touch_model
from serving.workbench.kpis.ledger import Ledger

ALL, NOBODY = "all", "nobody"
AXES = ("all", "segment", "touch_model", "csm", "cohort")


@dataclass(frozen=True)
class Slices:
    """`frame`: as_of (the day they are those of), account_id, slice_by, slice; a row per customer and axis."""

    frame: pd.DataFrame


def in_slices(rows: pd.DataFrame, slices: Sequence[Slices], axes: tuple[str, ...] = AXES) -> pd.DataFrame:
    """Rows with account_id and as_of, once for every slice their customer is in on that day.

    Rows of who never was a customer are left out.
    """
    frame = pd.concat([one.frame for one in slices], ignore_index=True)
    return rows.merge(frame[frame["slice_by"].isin(axes)], on=["as_of", "account_id"])


def slices_at(
    ledger: Ledger,
    accounts: pd.DataFrame,
    day: pd.Timestamp,
    segments: Segments,
    *,
    since: pd.Timestamp | None = None,
) -> Slices:
    """The slices of everybody who was a customer by `day`.

    Segment and touch model follow the ARR on `since`, where given and where there was any: who left is counted where it
    was. Else that of `day`, else the last one paid before. The CSM is the owner as known now, `nobody` where there is
    none; the cohort is the quarter in which the first life began.
    """
    arr = _last_paid(ledger, day).to_frame("cents")
    then = ledger.on(day).reindex(arr.index).astype("float64")
    if since is not None:
        then = ledger.on(since).reindex(arr.index).astype("float64").fillna(then)
    cents = then.fillna(arr["cents"])
    owners = accounts.drop_duplicates("account_id").set_index("account_id")["owner_id"].reindex(arr.index)
    first = ledger.first_starts().reindex(arr.index)
    axes = {
        "all": pd.Series(ALL, index=arr.index),
        "segment": cents.map(lambda c: team_segment(c / 100, segments)),
        "touch_model": cents.map(lambda c: touch_model(c / 100, segments)),
        "csm": owners.fillna(NOBODY),
        "cohort": quarters(first),
    }
    found = [
        pd.DataFrame({"account_id": arr.index, "slice_by": name, "slice": values.astype("string").to_numpy()})
        for name, values in axes.items()
    ]
    return Slices(pd.concat(found, ignore_index=True).astype("string").assign(as_of=day))


def quarters(days: pd.Series) -> pd.Series:
    """The quarter of each day in words.

    >>> list(quarters(pd.Series(pd.to_datetime(["2026-03-31", "2026-04-01"]))))
    ['2026-Q1', '2026-Q2']
    """
    return days.dt.year.astype("string") + "-Q" + days.dt.quarter.astype("string")


def _last_paid(ledger: Ledger, day: pd.Timestamp) -> pd.Series:
    known = ledger.levels[ledger.levels["from_day"] <= day].sort_values(["account_id", "from_day"])
    return known.groupby("account_id")["cents"].last()
