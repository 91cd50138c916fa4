"""Whether alerts come in time: churned ARR that was flagged well before the notice, against the oracle's."""

from __future__ import annotations

import numpy as np
import pandas as pd

from models.metrics import high_tier
from models.scorer import Array

LEAD_DAYS = 45
"""An alert counts if it comes so many days before it became known that the account leaves."""
BUDGET = 0.10
"""Share of the book flagged every week."""


def caught_arr(rows: pd.DataFrame, score: Array) -> tuple[float, float]:
    """(ARR alerted in time, ARR that could have been) of leavers in weekly rows.

    `rows` holds account_id, as_of, as_of_day, arr and lost_day. A leaver could be caught if it has a row in the label
    window's reach and at least 45 days before `lost_day`; it counts once, with its largest ARR there.
    """
    flagged = high_tier(pd.Series(score, index=rows.index), rows["as_of"], share=BUDGET)
    early = rows["churned"].eq(1) & (rows["lost_day"] - rows["as_of_day"] >= LEAD_DAYS)
    leavers = rows[early].assign(flagged=flagged[early]).groupby("account_id").agg({"arr": "max", "flagged": "any"})
    return float(leavers.loc[leavers["flagged"], "arr"].sum()), float(leavers["arr"].sum())


def red_list(score: Array, *, share: float = 0.05) -> frozenset[int]:
    """Places of the riskiest share."""
    most = round(share * len(score))
    return frozenset(map(int, np.argsort(-score, kind="stable")[:most]))


def jaccard(one: frozenset[int], other: frozenset[int]) -> float:
    """Members of both ÷ members of either.

    >>> jaccard(frozenset({1, 2, 3}), frozenset({2, 3, 4}))
    0.5
    """
    return len(one & other) / len(one | other)
