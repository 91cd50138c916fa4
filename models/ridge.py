"""Ridge logistic regression whose coefficients keep to the side on which they may lie."""

from __future__ import annotations

import numpy as np

from models.scorer import Array, logit, sigmoid


def ridge(
    design: Array, churned: Array, penalty: Array, sides: Array, *, weights: Array | None = None
) -> tuple[float, Array]:
    """(intercept, coefficients) that minimise log-loss + ½ Σ penalty × coefficient².

    `design` is rows × columns; `churned` lies in [0, 1] and may be a probability; `penalty` has one number a column;
    `weights` says for how many rows each stands (default: one); `sides` 1 for coefficients ≥ 0, −1 for ≤ 0, 0 for free ones. The intercept is free. scikit-learn's logistic
    regression, equal where all are free, knows no sides: with them an indicator is never told as the opposite of what
    it means.
    """
    from scipy.optimize import minimize

    columns = design.shape[1]
    stands_for = np.ones(len(design)) if weights is None else weights
    rows = stands_for.sum()
    start = np.zeros(columns + 1)
    start[0] = logit(np.array([(stands_for * churned).sum() / rows]))[0]
    # Divided by the number of rows: the tolerances below then mean the same for every book.
    strength = penalty / rows

    def loss(found: Array) -> tuple[float, Array]:
        margin = found[0] + design @ found[1:]
        error = stands_for * (sigmoid(margin) - churned) / rows
        shrunk = strength * found[1:]
        misfit = (stands_for * (np.logaddexp(0.0, margin) - churned * margin)).sum() / rows
        value = misfit + 0.5 * (shrunk * found[1:]).sum()
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
