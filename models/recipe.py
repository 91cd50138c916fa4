"""What is settled inside the training period before any scorer is fitted for good."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.boosted import Growth
from models.linear_scorers import fit_calendar
from models.metrics import log_loss
from models.scorer import Array
from models.split import rolling_origins

ORIGINS = 6
"""Rolling origins on which a recipe is settled and on which scorers compete."""


@dataclass(frozen=True)
class Recipe:
    """How scorers are fitted.

    `calendar`: whether they start from the course of the contract. It helps where terms end all year round; where all
    end on one day (a school term), days to the end are dates of last year, and what they taught does not come again.
    `growth`: how LightGBM's trees grow; None is the default, which tuning may change (`models/tune.py`).
    """

    calendar: bool = True
    growth: Growth | None = None


USUAL = Recipe()


def settled(frame: pd.DataFrame, *, window_days: int) -> Recipe:
    """The recipe for these training rows (account_id, as_of, churned and what a calendar reads)."""
    return Recipe(calendar=calendar_earns(frame, window_days=window_days))


def calendar_earns(frame: pd.DataFrame, *, window_days: int) -> bool:
    """Whether a calendar fitted before each origin foretells better than the base rate did; True where none can tell."""
    calendar, constant, churned = [], [], []
    for train, test in rolling_origins(frame["as_of"], window_days=window_days, folds=ORIGINS):
        past, later = frame[train], frame[test]
        known = past["churned"].to_numpy(dtype=float)
        if not 0 < known.mean() < 1:
            continue
        calendar.append(fit_calendar(past, known).score(later))
        constant.append(np.full(len(later), known.mean()))
        churned.append(later["churned"].to_numpy(dtype=float))
    return not churned or _loss(churned, calendar) < _loss(churned, constant)


def _loss(churned: list[Array], said: list[Array]) -> float:
    return log_loss(np.concatenate(churned), np.concatenate(said))
