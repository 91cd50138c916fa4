"""What became of probabilities that were given: figures over rows whose labels have matured since."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from models import metrics
from models.bootstrap import Resampler, interval
from models.evaluate import log_loss_gain
from models.scorer import Array

NONE_SEEN = 3.69
"""Where nothing happened, this many expected events are the upper end of the 95 % interval (Poisson)."""
FIGURES = (
    "n_snapshots", "n_rows", "n_accounts", "n_churned_accounts", "base_rate", "roc_auc", "roc_auc_ci",
    "roc_auc_in_window", "log_loss", "log_loss_constant", "log_loss_gain_ci", "observed_expected",
    "observed_expected_ci",
)  # fmt: skip


def figures(rows: pd.DataFrame) -> dict[str, Any]:
    """Figures of rows with account_id, as_of, probability, churned (0/1), in_window and base_rate.

    `base_rate` is that of the rows the scoring model was fitted on: with it, the constant's log-loss. Undefined is
    null: without churn, without survivors, in the renewal window below ten churned accounts, without a base rate.
    """
    found: dict[str, Any] = dict.fromkeys(FIGURES) | counted(rows)
    if rows.empty:
        return found
    y, p = (rows[name].to_numpy(dtype=float) for name in ("churned", "probability"))
    constant, window = rows["base_rate"].to_numpy(dtype=float), rows["in_window"].to_numpy(dtype=bool)
    resampler = Resampler.of(rows["account_id"])
    found |= {"base_rate": float(y.mean()), "log_loss": metrics.log_loss(y, p)} | ratio(rows, resampler)
    if y.any() and not y.all():
        found |= {"roc_auc": metrics.roc_auc(y, p), "roc_auc_ci": interval(resampler.auc(y, p))}
    if rows.loc[window & (y == 1), "account_id"].nunique() >= metrics.LEAST_CHURNED:
        found["roc_auc_in_window"] = metrics.roc_auc(y[window], p[window])
    if not np.isnan(constant).any():
        found["log_loss_constant"] = metrics.log_loss(y, constant)
        found["log_loss_gain_ci"] = log_loss_gain(rows, p, constant)[1]
    return found


def counted(rows: pd.DataFrame) -> dict[str, int]:
    """How many snapshots, rows, accounts and churned accounts."""
    return {
        "n_snapshots": int(rows["as_of"].nunique()),
        "n_rows": len(rows),
        "n_accounts": int(rows["account_id"].nunique()),
        "n_churned_accounts": int(rows.loc[rows["churned"] == 1, "account_id"].nunique()),
    }


def ratio(rows: pd.DataFrame, resampler: Resampler | None = None) -> dict[str, Any]:
    """observed_expected and its interval over draws of accounts; where nothing was observed, the interval is Poisson's."""
    y, p = (rows[name].to_numpy(dtype=float) for name in ("churned", "probability"))
    if not p.sum():
        return {"observed_expected": None, "observed_expected_ci": None}
    if not y.any():
        # The same accounts are expected to churn in every snapshot: what is expected once is what could be seen.
        return {"observed_expected": 0.0, "observed_expected_ci": (0.0, NONE_SEEN / expected_once(rows))}
    draws = resampler or Resampler.of(rows["account_id"])
    return {
        "observed_expected": float(y.sum() / p.sum()),
        "observed_expected_ci": interval(_quotient(draws.mean(y), draws.mean(p))),
    }


def blocks(rows: pd.DataFrame, *, days: int) -> Iterator[dict[str, Any]]:
    """Observed against expected churn, counted in rows, of blocks of so many days; the oldest first, the newest whole."""
    for first, last in periods(rows, days=days):
        own = rows[(rows["as_of"] >= first) & (rows["as_of"] <= last)]
        known = ratio(own)
        yield {
            "from": own["as_of"].min().isoformat(),
            "until": own["as_of"].max().isoformat(),
            **counted(own),
            "observed": float(own["churned"].sum()),
            "expected": float(own["probability"].sum()),
            "expected_per_snapshot": expected_once(own),
            "ratio": known["observed_expected"],
            "ci": known["observed_expected_ci"],
        }


def periods(rows: pd.DataFrame, *, days: int) -> list[tuple[date, date]]:
    """(first, last) days of the blocks that hold any snapshot, counted back from the newest one."""
    if rows.empty:
        return []
    newest = rows["as_of"].max()
    age = sorted({(newest - day).days // days for day in set(rows["as_of"])}, reverse=True)
    return [(newest - timedelta(days=days * (a + 1) - 1), newest - timedelta(days=days * a)) for a in age]


def expected_once(rows: pd.DataFrame) -> float:
    """How many accounts the mean snapshot expects to churn."""
    return float(rows["probability"].sum() / rows["as_of"].nunique())


def rate_difference(rows: pd.DataFrame, group: pd.Series) -> dict[str, Any]:
    """Churn rate of the rows in `group` less that of the others, with its interval over draws of accounts."""
    y, inside = rows["churned"].to_numpy(dtype=float), group.to_numpy(dtype=float)
    found: dict[str, Any] = dict.fromkeys(("rate", "rate_of_others", "difference", "ci"))
    if not inside.any() or inside.all():
        return found
    draws = Resampler.of(rows["account_id"])
    rates = [_quotient(draws.mean(y * side), draws.mean(side)) for side in (inside, 1 - inside)]
    own, others = float(y[inside == 1].mean()), float(y[inside == 0].mean())
    return {"rate": own, "rate_of_others": others, "difference": own - others, "ci": interval(rates[0] - rates[1])}


def _quotient(above: Array, below: Array) -> Array:
    return np.divide(above, below, out=np.full_like(above, np.nan), where=below > 0)
