"""Books whose component scores are known to the point, and whose churn follows weights of our choice."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import product

import numpy as np
import pandas as pd

from models.scorer import sigmoid
from policy.policy import COMPONENTS, Policy
from tests.models.books import at_points

LEVELS = {"usage": (0.0, 50.0, 100.0), "engagement": (30.0, 60.0, 100.0), "sentiment": (0.0, 60.0, 100.0)}
# The commercial inputs are steps: all of them can only score few numbers at once.
COMMERCIAL = (100.0,)


def weighted_book(
    policy: Policy, weights: Mapping[str, float], *, accounts: int = 150, snapshots: int = 14, seed: int = 0
) -> pd.DataFrame:
    """Log-odds of churn fall by 1.5 for every 20 points of the mean under these weights; none: chance alone."""
    cells = [dict(zip(COMPONENTS, levels, strict=True)) for levels in product(*LEVELS.values(), COMMERCIAL)]
    table = pd.concat([at_points(policy, **cell) for cell in cells], ignore_index=True)
    rng = np.random.default_rng(seed)
    drawn = np.repeat(rng.integers(0, len(cells), accounts), snapshots)
    points = pd.DataFrame(cells).to_numpy()[drawn]
    share = np.array([weights.get(c, 0.0) for c in COMPONENTS])
    mean = points @ share / share.sum() if share.sum() else np.full(len(points), 60.0)
    first = date(2024, 1, 1)
    return (
        table.iloc[drawn]
        .reset_index(drop=True)
        .assign(
            account_id=np.repeat([f"a{i:04d}" for i in range(accounts)], snapshots),
            as_of=[first + timedelta(weeks=4 * i) for _ in range(accounts) for i in range(snapshots)],
            tenure_days=400.0,
            in_window=True,
            days_to_notice=np.nan,
            term_length_days=365.0,
            renewal_signed=0.0,
            churned=(rng.random(len(points)) < sigmoid(-2 - 1.5 * (mean - 60) / 20)).astype(float),
        )
    )
