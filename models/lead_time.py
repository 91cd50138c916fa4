"""How early a loss is seen: from the first sustained alert to the day the decision is known, and to the notice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.bootstrap import Resampler, interval
from models.draws import median
from models.metrics import LEAST_CHURNED
from models.scorer import Array

SUSTAINED = 2
"""Snapshots in a row on the red list that make an alert; it counts from the last of them."""
AHEAD_DAYS = (30, 60)


@dataclass(frozen=True)
class Losses:
    """Churned accounts of the test period: account_id, decided_on, notice_on (null where there is none), one row each."""

    rows: pd.DataFrame
    snapshots: tuple[pd.Timestamp, ...]


def first_alerts(listed: pd.Series, rows: pd.DataFrame) -> pd.Series:
    """account_id → first as_of at which the account is on the red list for the second snapshot in a row."""
    table = pd.DataFrame(
        {
            "account_id": rows["account_id"].to_numpy(),
            "as_of": pd.to_datetime(rows["as_of"]).to_numpy(),
            "place": pd.factorize(rows["as_of"], sort=True)[0],
        }
    )
    table = table[listed.to_numpy(dtype=bool)].sort_values(["account_id", "place"], kind="stable")
    before = table.groupby("account_id")["place"].shift(SUSTAINED - 1)
    return table[before == table["place"] - (SUSTAINED - 1)].groupby("account_id")["as_of"].min()


def lead_time(listed: pd.Series, rows: pd.DataFrame, losses: Losses) -> dict[str, Any]:
    """Medians over the churned accounts that were alerted, and the share of all that were alerted long enough before.

    `ahead_30` is the share alerted at least 30 days before the decision was known, among the churned accounts whose
    snapshots reach from two before that day up to it: nobody can be seen earlier than the test begins. Every figure is
    null below 10 such accounts.
    """
    alerts = first_alerts(listed, rows)
    table = losses.rows.assign(alert=alerts.reindex(losses.rows["account_id"]).to_numpy())
    decided, notice = pd.to_datetime(table["decided_on"]), pd.to_datetime(table["notice_on"])
    # A list after the decision is no warning.
    alert = table["alert"].where(table["alert"] < decided)
    found: dict[str, Any] = {
        "n_churned_accounts": len(table),
        "n_alerted": int(alert.notna().sum()),
        "median_days_to_decision": _median((decided - alert).dt.days),
        "median_days_to_notice": _median((notice - alert).dt.days),
    }
    for days in AHEAD_DAYS:
        by = decided - pd.Timedelta(days=days)
        watched = _watched(by, losses.snapshots)
        found[f"ahead_{days}"] = _share(np.asarray((alert <= by)[watched], dtype=float))
    return found


def _watched(by: pd.Series, snapshots: tuple[pd.Timestamp, ...]) -> pd.Series:
    """Whether the test period lets an alert by this day be seen: two snapshots before it, and none missing up to it."""
    if len(snapshots) < SUSTAINED:
        return pd.Series(False, index=by.index)
    step = snapshots[-1] - snapshots[-2]
    return (by >= snapshots[SUSTAINED - 1]) & (by < snapshots[-1] + step)


def _median(days: pd.Series) -> dict[str, Any]:
    seen = days.dropna().to_numpy(dtype=float)
    if len(seen) < LEAST_CHURNED:
        return {"value": None, "ci": None, "n": len(seen)}
    draws = median(seen, _each(len(seen)).multiplicity)
    return {"value": float(np.median(seen)), "ci": interval(draws), "n": len(seen)}


def _share(hits: Array) -> dict[str, Any]:
    if len(hits) < LEAST_CHURNED:
        return {"value": None, "ci": None, "n": len(hits)}
    return {"value": float(hits.mean()), "ci": interval(_each(len(hits)).mean(hits)), "n": len(hits)}


def _each(accounts: int) -> Resampler:
    return Resampler.of(pd.Series(range(accounts)))
