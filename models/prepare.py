"""The frame every scorer reads: the indicators and, beside them, the health score."""

from __future__ import annotations

import pandas as pd

from models.health_score import health_scores
from policy.policy import Policy


def prepared(features: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Features with health_score, coverage and component scores."""
    return pd.concat([features, health_scores(features, policy)], axis=1)
