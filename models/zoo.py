"""All learned scorers fitted on one training frame, and any of them built again from its parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from models.boosted import Boosted, fit_boosted
from models.ensemble import Ensemble
from models.linear_scorers import fit_calendar, fit_logistic, fit_recency
from models.recalibrated import HealthRecalibrated, fit_health_recalibrated
from models.scorer import Array, Linear, Scorer
from policy.policy import Policy

NAMES = ("health_score", "health_recalibrated", "recency", "calendar", "logistic", "lightgbm", "ensemble")
KINDS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "linear": Linear.from_parameters,
    "health_recalibrated": HealthRecalibrated.from_parameters,
    "boosted": Boosted.from_parameters,
    "ensemble": Ensemble.from_parameters,
}


def fit_all(
    frame: pd.DataFrame,
    churned: Array,
    directions: Mapping[str, int],
    policy: Policy,
    *,
    churned_accounts: int,
    progress: Callable[[str], None] = lambda _: None,
) -> dict[str, Scorer]:
    """Every learned scorer by name, fitted on a prepared frame. `directions` names the indicators to use."""
    found: dict[str, Scorer] = {}
    progress("health_recalibrated")
    found["health_recalibrated"] = fit_health_recalibrated(frame, churned, policy)
    found["recency"] = fit_recency(frame, churned)
    found["calendar"] = fit_calendar(frame, churned)
    progress("logistic")
    logistic = fit_logistic(frame, churned, list(directions))
    progress("lightgbm")
    boosted = fit_boosted(frame, churned, directions, churned_accounts=churned_accounts)
    found["logistic"], found["lightgbm"] = logistic, boosted
    found["ensemble"] = Ensemble("ensemble", logistic, boosted)
    return found


def from_parameters(given: Mapping[str, Any]) -> Scorer:
    """A scorer from its parameters; a KeyError for an unknown kind."""
    return KINDS[given["kind"]](given)
