"""The outlook against the truth: horizons by their log-loss, ranges by how often they hold what they speak of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from models.horizons import HORIZONS
from models.outlook import Outlook
from models.scorer import Array
from trials.figures import expected_log_loss

GROUPS = 20
"""Equally full groups of the probability shown: a range speaks of accounts alike, and so is held against their mean."""


def horizon_figures(outlook: Outlook, rows: pd.DataFrame, said: Array) -> dict[str, dict[str, float]]:
    """By horizon: log-loss of the outlook, of a steady hazard at the probability shown, of the true rate, of the truth.

    `rows` are prepared fresh accounts with `hazard_30d` to `hazard_180d`; `said` is for 90 days.
    """
    table = outlook.table(rows, said)
    found = {}
    for days in HORIZONS:
        true = rows[f"hazard_{days}d"].to_numpy(dtype=float)
        answers = {
            "outlook": table[f"p_{days}d"].to_numpy(),
            "steady": 1 - (1 - said) ** (days / 90),
            "base_rate": np.full(len(true), true.mean()),
            "oracle": true,
        }
        found[f"{days}d"] = {name: expected_log_loss(true, p) for name, p in answers.items()}
    return found


def range_figures(outlook: Outlook, rows: pd.DataFrame, said: Array) -> dict[str, Any]:
    """How often the range holds an account's own risk and the mean risk of its group, its mean width, how often stretched.

    `top` is the same of the tenth rated riskiest. Null without a range.
    """
    if outlook.range is None:
        return {"reason": outlook.reasons["range"]}
    table = outlook.range.of(said).assign(said=said, true=rows["hazard_90d"].to_numpy(dtype=float))
    table["group"] = pd.qcut(table["said"].rank(method="first"), GROUPS, labels=False)
    top = table[table["group"] >= GROUPS * 9 // 10]
    return {
        "rows": outlook.range.rows,
        "churned_accounts": outlook.range.churned_accounts,
        **_held(table),
        "top": _held(top),
    }


def _held(table: pd.DataFrame) -> dict[str, float]:
    groups = table.groupby("group")[["range_low", "range_high", "true"]].mean()
    return {
        "accounts_held": float(table["true"].between(table["range_low"], table["range_high"]).mean()),
        "groups_held": float(groups["true"].between(groups["range_low"], groups["range_high"]).mean()),
        "width": float((table["range_high"] - table["range_low"]).mean()),
        "stretched": float(table["range_widened"].mean()),
    }
