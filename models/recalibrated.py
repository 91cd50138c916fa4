"""The health score made a probability, with the renewal date beside it: the first holder of the champion's place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.calendar import Calendar, calendar_design, fitted_calendar
from models.health_score import health_parts
from models.ridge import ridge
from models.scorer import Array, FromLogOdds
from policy.policy import Policy, policy_from


@dataclass(frozen=True)
class HealthRecalibrated(FromLogOdds):
    """Log-odds = intercept + slope × (health score − its mean) + the calendar's course.

    The score's part is handed to its inputs exactly: input i moves the log-odds by slope × weight × (points − mean),
    and a cap by slope × what it takes off the score.
    """

    name: str
    intercept: float
    slope: float
    mean: float
    calendar: Calendar
    policy: Policy

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(intercept, contributions by indicator)."""
        weights, gained, lowered = health_parts(features, self.policy)
        found = {str(c): self.slope * weights[c] * (gained[c] - self.mean) for c in weights}
        for cap in map(str, lowered):
            part = self.slope * lowered[cap]
            found[cap] = found[cap] + part if cap in found else part
        for name, part in self.calendar.margins(features).items():
            found[str(name)] = found[str(name)] + part if name in found else part
        return self.intercept, pd.DataFrame(found, index=features.index)

    def log_odds(self, features: pd.DataFrame) -> Array:
        """The log-odds of each row; a null health score counts as the mean."""
        health = features["health_score"].fillna(self.mean).to_numpy(dtype=float)
        return self.intercept + self.slope * (health - self.mean) + self.calendar.total(features)

    def parameters(self) -> dict[str, Any]:
        """Coefficients and the policy they belong to."""
        return {
            "kind": "health_recalibrated",
            "name": self.name,
            "intercept": self.intercept,
            "slope": self.slope,
            "mean": self.mean,
            "calendar": self.calendar.parameters(),
            "policy": self.policy.model_dump(mode="json", by_alias=True),
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> HealthRecalibrated:
        """Build it again, policy included."""
        return cls(
            given["name"],
            given["intercept"],
            given["slope"],
            given["mean"],
            Calendar(**given["calendar"]),
            policy_from(given["policy"], where="the stored model"),
        )


def fit_health_recalibrated(
    frame: pd.DataFrame, churned: Array, policy: Policy, *, calendar: bool = True
) -> HealthRecalibrated:
    """Fit slope and calendar by logistic regression; rows without a health score count as its mean.

    The slope cannot be positive: were good health told as a risk, no reason given with it could be believed.
    """
    mean = float(frame["health_score"].mean()) if frame["health_score"].notna().any() else 0.0
    # In units of 20 points, so that the ridge penalty treats the score like the calendar's columns.
    scale = 20.0
    health = ((frame["health_score"].fillna(mean) - mean) / scale).to_numpy(dtype=float)
    design = np.column_stack([health, calendar_design(frame)] if calendar else [health])
    sides = np.zeros(design.shape[1])
    sides[0] = -1
    intercept, weights = ridge(design, churned, np.ones(design.shape[1]), sides)
    course, moved = fitted_calendar(weights[1:], frame) if calendar else (Calendar({}, {}), 0.0)
    return HealthRecalibrated("health_recalibrated", intercept + moved, float(weights[0]) / scale, mean, course, policy)
