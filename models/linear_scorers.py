"""The linear scorers: calendar and recency, which every model must beat, and the ridge logistic over all indicators."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from models.linear import Linear, fit_linear
from models.scorer import Array

LIGHT = 1.0  # inverse penalty where a handful of columns is fitted
RIDGE = 0.005  # and where many correlated ones are


def fit_calendar(frame: pd.DataFrame, churned: Array) -> Linear:
    """Contract type and time to the notice: nothing about the customer."""
    return fit_linear("calendar", frame, churned, {}, strength=LIGHT, calendar=True)


def fit_level(frame: pd.DataFrame, churned: Array) -> Linear:
    """The base rate for everyone."""
    return fit_linear("level", frame, churned, {}, strength=LIGHT)


def fit_recency(frame: pd.DataFrame, churned: Array) -> Linear:
    """Days since the last sign of life of any kind."""
    return fit_linear("recency", frame, churned, {"days_since_last_activity": 0}, strength=LIGHT)


def fit_logistic(
    frame: pd.DataFrame, churned: Array, directions: Mapping[str, int], *, calendar: bool = True
) -> Linear:
    """Ridge logistic regression over every indicator, each kept to its declared direction, and the calendar."""
    return fit_linear("logistic", frame, churned, directions, strength=RIDGE, calendar=calendar)
