"""Whether the driver named first is the true cause, and whether the true cause is told as a risk."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.indicator import Indicator
from simulation.families import CAUSES

Flags = npt.NDArray[np.bool_]

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


def agreement(
    drivers: pd.DataFrame, true_cause: pd.Series, at_risk: Flags, *, abstain: Flags | None = None
) -> dict[str, float]:
    """Top driver against top cause, over accounts at risk that have one; macro means over causes.

    `abstain` marks accounts for which no driver is named: `top` and `sign` are over those that are answered. `sign` is
    the share in which the true cause is told as raising the risk.
    """
    silent = np.zeros(len(drivers), dtype=bool) if abstain is None else abstain
    wanted = at_risk & true_cause.isin(CAUSES).to_numpy()
    rows, causes = drivers[wanted & ~silent], true_cause[wanted & ~silent].to_numpy()
    if not len(rows):
        return {}
    values = rows[list(CAUSES)].to_numpy()
    own = values[np.arange(len(rows)), [CAUSES.index(c) for c in causes]]
    found = pd.DataFrame(
        {
            "cause": causes,
            "top": np.array(CAUSES, dtype=object)[values.argmax(axis=1)] == causes,
            "sign": own > 0,
            "usage": causes == "usage",
        }
    )
    means = found.groupby("cause")[["top", "sign", "usage"]].mean()
    told = means[found.groupby("cause").size() >= LEAST_ACCOUNTS]
    macro = told.mean()
    return {
        "top": float(macro["top"]),
        "sign": float(macro["sign"]),
        "always_usage": float(macro["usage"]),
        "causes": float(len(told)),
        "abstained": float(silent[wanted].mean()),
        "accounts": float(wanted.sum()),
    }
