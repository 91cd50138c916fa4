"""Cohort retention curves: what became of the customers of each quarter, month by month of their own life."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.ledger import Ledger
from serving.workbench.kpis.slices import quarters

COHORTS = [
    "cohort",
    "months",
    "customers",
    "staying",
    "arr_start",
    "arr_kept",
    "arr_now",
    "logo_retention",
    "grr",
    "nrr",
]


def cohorts(ledger: Ledger, day: pd.Timestamp) -> pd.DataFrame:
    """One row per cohort (quarter of the first start) and whole month since each customer's own start; money in cents.

    A month counts once all who began in the quarter could have reached it before `day`, so that a curve never mixes
    those it has seen with those it has not. `grr` is Σ min(ARR then, ARR at the start) ÷ Σ ARR at the start, `nrr`
    Σ ARR then ÷ the same; both count who came back.
    """
    first = ledger.first_starts()
    first = first[first < day]
    if first.empty:
        return pd.DataFrame(columns=COHORTS)
    base = pd.DataFrame({"first": first, "cohort": quarters(first), "start": _on(ledger, first)})
    last_day = base["first"].dt.to_period("Q").dt.end_time.dt.normalize()
    found = []
    months = 0
    while True:
        seen = base[last_day + pd.DateOffset(months=months) < day]
        if seen.empty:
            break
        then = _on(ledger, seen["first"] + pd.DateOffset(months=months))
        rows = seen.assign(now=then, kept=pd.concat([seen["start"], then], axis=1).min(axis=1), stays=then > 0)
        by = rows.groupby("cohort", as_index=False).agg(
            customers=("stays", "size"),
            staying=("stays", "sum"),
            arr_start=("start", "sum"),
            arr_kept=("kept", "sum"),
            arr_now=("now", "sum"),
        )
        found.append(by.assign(months=months))
        months += 1
    if not found:
        return pd.DataFrame(columns=COHORTS)
    whole = pd.concat(found, ignore_index=True).sort_values(["cohort", "months"], ignore_index=True)
    return whole.assign(
        logo_retention=whole["staying"] / whole["customers"],
        grr=whole["arr_kept"] / whole["arr_start"],
        nrr=whole["arr_now"] / whole["arr_start"],
    )[COHORTS]


def _on(ledger: Ledger, days: pd.Series) -> pd.Series:
    """Cents of each customer on a day of its own; 0 where it pays nothing."""
    levels = ledger.levels.merge(days.rename("day"), left_on="account_id", right_index=True)
    held = levels[(levels["from_day"] <= levels["day"]) & (levels["day"] < levels["until_day"])]
    return held.set_index("account_id")["cents"].reindex(days.index).fillna(0).astype("int64")
