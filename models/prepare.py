"""The frame every scorer reads: the indicators, the health score, and the calendar in steps."""

from __future__ import annotations

import pandas as pd

from models.health_score import health_scores
from policy.policy import Policy

# Renewal risk is no straight line in time: it is high in one stretch before the end and nearly nothing elsewhere.
EDGES = (0, 14, 45, 75, 104, 135, 180, 270)
UPPER = (*EDGES[1:], 10**6)
STEPS = tuple(f"term_ends_{lo}_{hi}" for lo, hi in zip(EDGES, UPPER, strict=True))
MONTHLY, MULTI_YEAR = "term_monthly", "term_multi_year"
CALENDAR = (*STEPS, MONTHLY, MULTI_YEAR)
MONTH, YEAR = 45, 400


def prepared(features: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Features with health_score, coverage, component scores, and one 0/1 column per stretch of the calendar."""
    days, length = features["days_to_term_end"], features["term_length_days"]
    longer = length > MONTH
    steps = {
        name: ((days >= lo) & (days < hi) & longer).astype(float)
        for name, lo, hi in zip(STEPS, EDGES, UPPER, strict=True)
    }
    steps[MONTHLY] = (length <= MONTH).astype(float)
    steps[MULTI_YEAR] = (length > YEAR).astype(float)
    return pd.concat([features, health_scores(features, policy), pd.DataFrame(steps, index=features.index)], axis=1)


def stands_for(column: str) -> str:
    """The indicator a calendar column speaks for; any other column speaks for itself.

    >>> stands_for("term_ends_14_45"), stands_for("nps")
    ('days_to_term_end', 'nps')
    """
    if column in STEPS:
        return "days_to_term_end"
    return "term_length_days" if column in (MONTHLY, MULTI_YEAR) else column
