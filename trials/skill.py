"""How much of what can be known a scorer found out, judged on fresh accounts of its world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.scorer import Array
from trials.figures import (
    at_true_level,
    expected_auc,
    expected_calibration_error,
    expected_log_loss,
    expected_slope,
)


@dataclass(frozen=True)
class Fresh:
    """Fresh accounts, what can at best be said of them, and the base rate of the world."""

    rows: pd.DataFrame
    ceiling: Array

    @property
    def true(self) -> Array:
        """True risk of a decision in the label window."""
        return self.rows["hazard_90d"].to_numpy(dtype=float)

    @property
    def in_window(self) -> Array:
        """Rows whose notice falls due in the label window."""
        return self.rows["in_window"].to_numpy(dtype=bool)


def skill(fresh: Fresh, said: Array) -> dict[str, float]:
    """Figures of one scorer on the fresh accounts; log-losses in nats, in and out of the renewal window."""
    true, window = fresh.true, fresh.in_window
    return {
        "log_loss": expected_log_loss(true, said),
        "log_loss_in_window": expected_log_loss(true[window], said[window]),
        "log_loss_at_level": expected_log_loss(true, at_true_level(true, said)),
        "auc": expected_auc(true, said),
        "auc_in_window": expected_auc(true[window], said[window]),
        "ece": expected_calibration_error(true, said),
        "slope": expected_slope(true, said) if np.ptp(said) > 0 else float("nan"),
        "observed_expected": float(true.sum() / said.sum()),
    }


def skills(fresh: Fresh, said: Mapping[str, Array]) -> dict[str, dict[str, float]]:
    """The figures of several scorers, with those of the base rate, the observable ceiling and the oracle beside them.

    The base inside the window is the base rate there.
    """
    true, window = fresh.true, fresh.in_window
    base = np.where(window, true[window].mean(), true.mean())
    flat = np.full(len(true), true.mean())
    found = {name: skill(fresh, score) for name, score in said.items()}
    found["ceiling"] = skill(fresh, fresh.ceiling)
    found["oracle"] = skill(fresh, true)
    found["base"] = {
        "log_loss": expected_log_loss(true, flat),
        "log_loss_in_window": expected_log_loss(true[window], base[window]),
        "log_loss_at_level": expected_log_loss(true, flat),
    }
    return found
