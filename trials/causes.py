"""Whether the driver that is named is the true cause, and whether the true cause is told as a risk."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pandas as pd

from features.indicator import Indicator
from simulation.families import CAUSES

CAUSE_OF_GROUP: Mapping[str, str] = MappingProxyType(
    {
        "usage": "usage",
        "onboarding": "usage",
        "payment": "payment",
        "support": "support",
        "sentiment": "sentiment",
        "people": "champion",
        "relationship": "champion",
        "contract": "price",
    }
)
"""Which of the simulation's causes a driver group speaks for. The contract's clock speaks for none: it is the calendar."""
LEAST_ACCOUNTS = 30
"""Accounts with one true cause below which that cause is left out of the mean over causes."""


def by_cause(contributions: pd.DataFrame, indicators: Mapping[str, Indicator]) -> pd.DataFrame:
    """Contributions (one column per indicator) summed by cause; the calendar's and unnamed ones are left out."""
    cause = {
        name: CAUSE_OF_GROUP[i.group]
        for name, i in indicators.items()
        if i.group in CAUSE_OF_GROUP and not i.clock and name in contributions
    }
    summed = contributions[list(cause)].rename(columns=cause).T.groupby(level=0).sum().T
    return summed.reindex(columns=list(CAUSES), fill_value=0.0)


def agreement(points: pd.DataFrame, named: pd.Series, true_cause: pd.Series) -> dict[str, float]:
    """The driver that is named against the top cause, over accounts that have one; macro means over causes.

    `points` by cause, `named` the driver group (null where none is named) and `true_cause` have one row an account at
    risk. `top` is over the accounts for which one is named; `sign`, over all, is the share in which the true cause is
    told as raising the risk.
    """
    wanted = true_cause.isin(CAUSES).to_numpy()
    rows, group, true = points[wanted], named[wanted].to_numpy(), true_cause[wanted].to_numpy()
    if not len(rows):
        return {}
    own = rows[list(CAUSES)].to_numpy()[np.arange(len(rows)), [CAUSES.index(c) for c in true]]
    silent = pd.isna(group)
    found = pd.DataFrame(
        {
            "top": np.where(silent, np.nan, [CAUSE_OF_GROUP.get(g) == c for g, c in zip(group, true, strict=True)]),
            "sign": (own > 0).astype(float),
            "usage": (true == "usage").astype(float),
        }
    )
    common = found.groupby(true).size() >= LEAST_ACCOUNTS
    macro = found.groupby(true).mean()[common].mean()
    return {
        **{
            name: float(value) for name, value in {"top": macro["top"], "sign": macro["sign"]}.items() if value == value
        },
        "always_usage": float(macro["usage"]),
        "causes": float(common.sum()),
        "abstained": float(silent.mean()),
        "accounts": float(len(rows)),
    }
