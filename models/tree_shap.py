"""TreeSHAP values by shap itself, for trees too deep to look up, and its plot. The only module that imports shap."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from models.scorer import Array


def tree_contributions(booster: Any, matrix: Array) -> tuple[float, Array]:
    """(base, contributions) in log-odds: base + a row's sum is the booster's raw score."""
    explainer = _shap().TreeExplainer(booster)
    with warnings.catch_warnings():
        # shap_values tells of a past change.
        warnings.filterwarnings("ignore", message="LightGBM binary classifier with TreeExplainer shap values output")
        values = explainer.shap_values(matrix, check_additivity=False)
    if isinstance(values, list):
        values = values[-1]
    base = np.ravel(explainer.expected_value)[-1]
    return float(base), np.asarray(values, dtype=float)


def summary_plot(contributions: Array, features: Any, path: str) -> None:
    """SHAP's summary of which indicators move the log-odds, as a PNG."""
    from matplotlib.figure import Figure

    shap = _shap()
    # A figure of its own: pyplot's state belongs to whoever calls.
    figure = Figure(figsize=(8, 6))
    explanation = shap.Explanation(contributions, data=features.to_numpy(), feature_names=list(features.columns))
    shap.plots.beeswarm(explanation, max_display=15, show=False, ax=figure.subplots(), plot_size=None)
    figure.savefig(path, dpi=110, bbox_inches="tight")


def _shap() -> Any:
    with warnings.catch_warnings():
        # Importing shap's plots calls methods that matplotlib will drop.
        warnings.filterwarnings("ignore", message=r"The set_\w+ function will be deprecated")
        import shap

    return shap
