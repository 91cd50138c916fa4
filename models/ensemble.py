"""The mean log-odds of the logistic and LightGBM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from models.boosted import Boosted
from models.linear import Linear
from models.scorer import Array, FromLogOdds, added


@dataclass(frozen=True)
class Ensemble(FromLogOdds):
    """Averaging log-odds keeps contributions additive: each half explains itself."""

    name: str
    logistic: Linear
    boosted: Boosted

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(mean base, mean contributions), one column per indicator of either half."""
        base_a, a = self.logistic.margins(features)
        base_b, b = self.boosted.margins(features)
        return (base_a + base_b) / 2, added(a, b) / 2

    def log_odds(self, features: pd.DataFrame) -> Array:
        """The mean log-odds of each row."""
        return (self.logistic.log_odds(features) + self.boosted.log_odds(features)) / 2

    def members(self) -> list[Ensemble]:
        """The logistic with each booster of the bag alone."""
        return [replace(self, boosted=member) for member in self.boosted.members()]

    def parameters(self) -> dict[str, Any]:
        """Both halves."""
        return {
            "kind": "ensemble",
            "name": self.name,
            "logistic": self.logistic.parameters(),
            "boosted": self.boosted.parameters(),
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Ensemble:
        """Build it again."""
        return cls(given["name"], Linear.from_parameters(given["logistic"]), Boosted.from_parameters(given["boosted"]))
