"""All learned scorers fitted on one training frame, and any of them built again from its parameters."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from models.boosted import SEEDS, USUAL_GROWTH, Boosted, fit_boosted, suited
from models.calibration import Calibrated, Curve
from models.ensemble import Ensemble
from models.linear import Linear
from models.linear_scorers import fit_calendar, fit_level, fit_logistic, fit_recency
from models.recalibrated import HealthRecalibrated, fit_health_recalibrated
from models.recipe import USUAL, Recipe
from models.scorer import Array, Scorer
from policy.errors import SettingsError
from policy.policy import Policy

NAMES = ("health_score", "health_recalibrated", "recency", "calendar", "logistic", "lightgbm", "ensemble")
FORMAT = 4
"""Of a stored model; a form that today's scorers cannot be built from gets a new number."""
KINDS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "linear": Linear.from_parameters,
    "health_recalibrated": HealthRecalibrated.from_parameters,
    "boosted": Boosted.from_parameters,
    "ensemble": Ensemble.from_parameters,
    "calibrated": lambda given: Calibrated(from_parameters(given["inner"]), Curve(**given["curve"])),
}


def fit_all(
    frame: pd.DataFrame,
    churned: Array,
    directions: Mapping[str, int],
    policy: Policy,
    *,
    recipe: Recipe = USUAL,
    only: Collection[str] = NAMES,
) -> dict[str, Scorer]:
    """Learned scorers by name, fitted on a prepared frame. `directions` names the indicators to use.

    `only` limits the work to the scorers asked for; an ensemble brings its halves.
    """
    wanted = set(only)
    halves = "ensemble" in wanted
    found: dict[str, Scorer] = {}
    if "health_recalibrated" in wanted:
        found["health_recalibrated"] = fit_health_recalibrated(frame, churned, policy, calendar=recipe.calendar)
    if "recency" in wanted:
        found["recency"] = fit_recency(frame, churned)
    if "calendar" in wanted:
        found["calendar"] = fit_calendar(frame, churned)
    if halves or "logistic" in wanted:
        found["logistic"] = logistic = fit_logistic(frame, churned, directions, calendar=recipe.calendar)
    if halves or "lightgbm" in wanted:
        found["lightgbm"] = boosted = fit_lightgbm(frame, churned, directions, recipe)
    if halves:
        found["ensemble"] = Ensemble("ensemble", logistic, boosted)
    return found


def fit_lightgbm(
    frame: pd.DataFrame,
    churned: Array,
    directions: Mapping[str, int],
    recipe: Recipe,
    *,
    seeds: Sequence[int] = range(SEEDS),
    start: Linear | None = None,
) -> Boosted:
    """LightGBM as it is fitted everywhere; only the seeds of its bag may be others, or fewer.

    `start`: what `fit_start` gave on these rows, where it is at hand.
    """
    lost = frame.loc[churned == 1, "account_id"].nunique()
    trees = suited(lost, recipe.growth or USUAL_GROWTH)
    start = start or fit_start(frame, churned, recipe)
    return fit_boosted(frame, churned, directions, start, trees=trees, seeds=seeds)


def fit_start(frame: pd.DataFrame, churned: Array, recipe: Recipe) -> Linear:
    """What the trees start from: the calendar, or the base rate where the calendar is no help."""
    return fit_calendar(frame, churned) if recipe.calendar else fit_level(frame, churned)


def stored_scorers(model: Mapping[str, Any]) -> dict[str, Scorer]:
    """The scorers of a stored model, by name. Raises SettingsError where it was stored in another form."""
    if model.get("format") != FORMAT:
        raise SettingsError(
            f"the shipped model is stored in form {model.get('format', 1)}; this version reads form {FORMAT}.",
            where="model",
            cure="Run `churn train`: the same data give a model in today's form.",
        )
    return {name: from_parameters(given) for name, given in model["scorers"].items()}


def from_parameters(given: Mapping[str, Any]) -> Scorer:
    """A scorer from its parameters; a KeyError for an unknown kind."""
    return KINDS[given["kind"]](given)
