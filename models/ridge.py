"""Ridge logistic regression whose coefficients keep to the side on which they may lie."""

from __future__ import annotations

import numpy as np

from models.scorer import Array, logit, sigmoid


def ridge(
    design: Array, churned: Array, penalty: Array, sides: Array, *, weights: Array | None = None
) -> tuple[float, Array]:
    """(intercept, coefficients) that minimise log-loss + ½ Σ penalty × coefficient².

    `design` is rows × columns; `churned` lies in [0, 1] and may be a probability; `penalty` has one number a column;
    `weights` says for how many rows each stands (default: one); `sides` 1 for coefficients ≥ 0, −1 for ≤ 0, 0 for free
    ones. The intercept is free. scikit-learn's logistic regression, equal where all are free, knows no sides: with them
    an indicator is never told as the opposite of what it means.
    """
    from scipy.optimize import minimize

    stands_for = np.ones(len(design)) if weights is None else weights
    rate = float((stands_for * churned).sum() / stands_for.sum())
    # In units of its own curvature at the base rate every column is about equally steep: a tenth of the steps.
    unit = np.sqrt(stands_for @ design**2 * rate * (1 - rate) + penalty)
    unit = np.concatenate([[np.sqrt(stands_for.sum() * rate * (1 - rate))], unit])
    unit[unit == 0] = 1.0
    scaled, strength = design / unit[1:], penalty / unit[1:] ** 2
    start = np.zeros(len(unit))
    start[0] = logit(np.array([rate]))[0] * unit[0]

    def loss(at: Array) -> tuple[float, Array]:
        margin = at[0] / unit[0] + scaled @ at[1:]
        error = stands_for * (sigmoid(margin) - churned)
        shrunk = strength * at[1:]
        misfit = (stands_for * (np.logaddexp(0.0, margin) - churned * margin)).sum()
        value = misfit + 0.5 * (shrunk * at[1:]).sum()
        return float(value), np.concatenate([[error.sum() / unit[0]], scaled.T @ error + shrunk])

    bounds = [(None, None), *map(_bounds, sides)]
    options = {"maxiter": 2000, "maxfun": 20000, "maxcor": 30, "ftol": 1e-13, "gtol": 1e-6}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x / unit
    return float(found[0]), np.asarray(found[1:])


def _bounds(side: float) -> tuple[float | None, float | None]:
    if side > 0:
        return 0.0, None
    return (None, 0.0) if side < 0 else (None, None)
