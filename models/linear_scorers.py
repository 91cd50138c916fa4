"""The linear scorers: calendar and recency, which every model must beat, and the ridge logistic over all indicators."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from models.prepare import CALENDAR
from models.scorer import Array, Linear, fit_linear

LIGHT = 1.0  # inverse penalty where a handful of columns is fitted
RIDGE = 0.02  # and where many correlated ones are


def fit_calendar(frame: pd.DataFrame, churned: Array) -> Linear:
    """Contract type and time to the term's end: nothing about the customer."""
    return fit_linear("calendar", frame, churned, list(CALENDAR), strength=LIGHT)


def fit_recency(frame: pd.DataFrame, churned: Array) -> Linear:
    """Days since the last sign of life of any kind."""
    return fit_linear("recency", frame, churned, ["days_since_last_activity"], strength=LIGHT)


def fit_logistic(frame: pd.DataFrame, churned: Array, indicators: Sequence[str]) -> Linear:
    """Ridge logistic regression over every indicator and the calendar's steps."""
    return fit_linear("logistic", frame, churned, [*indicators, *CALENDAR], strength=RIDGE)
