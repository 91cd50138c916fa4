"""Ridge logistic regression whose coefficients keep to the side on which they may lie."""

from __future__ import annotations

import numpy as np

from models.scorer import Array, logit, sigmoid


def ridge(design: Array, churned: Array, penalty: Array, sides: Array) -> tuple[float, Array]:
    """(intercept, coefficients) that minimise log-loss + ½ Σ penalty × coefficient².

    `design` is rows × columns; `churned` lies in [0, 1] and may be a probability; `penalty` has one number a column;
    `sides` 1 for coefficients ≥ 0, −1 for ≤ 0, 0 for free ones. The intercept is free. scikit-learn's logistic
    regression, equal where all are free, knows no sides: with them an indicator is never told as the opposite of what
    it means.
    """
    from scipy.optimize import minimize

    rows, columns = design.shape
    start = np.zeros(columns + 1)
    start[0] = logit(np.array([churned.mean()]))[0]
    # Divided by the number of rows: the tolerances below then mean the same for every book.
    strength = penalty / rows

    def loss(weights: Array) -> tuple[float, Array]:
        margin = weights[0] + design @ weights[1:]
        error = (sigmoid(margin) - churned) / rows
        shrunk = strength * weights[1:]
        value = (np.logaddexp(0.0, margin) - churned * margin).mean() + 0.5 * (shrunk * weights[1:]).sum()
        return float(value), np.concatenate([[error.sum()], design.T @ error + shrunk])

    bounds = [(None, None), *map(_bounds, sides)]
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 2000, "ftol": 1e-13, "gtol": 1e-8}
    )
    return float(found.x[0]), np.asarray(found.x[1:])


def _bounds(side: float) -> tuple[float | None, float | None]:
    if side > 0:
        return 0.0, None
    return (None, 0.0) if side < 0 else (None, None)
