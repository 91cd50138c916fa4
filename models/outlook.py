"""What is said of an account beside its churn probability: when, how surely, how much money, and what else may happen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from models.horizons import HORIZONS, Course
from models.linear import Linear
from models.score_range import Range
from models.scorer import Array

HEADS = ("contraction", "non_payment")
COLUMNS = (
    *(f"p_{days}d" for days in HORIZONS),
    "range_low",
    "range_high",
    "range_widened",
    "median_days",
    "arr_at_risk_90d",
    "arr_at_risk_180d",
    *(f"p_{head}_90d" for head in HEADS),
)


@dataclass(frozen=True)
class Outlook:
    """Each part is null where there was too little to learn it from; `reasons` then says why, by the part's name."""

    course: Course | None = None
    range: Range | None = None
    heads: Mapping[str, Linear | None] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    def table(self, features: pd.DataFrame, probability: Array | None) -> pd.DataFrame:
        """account_id and COLUMNS, one row for each of a prepared frame; null where the part is.

        `probability` is the one shown; null while there is no model. An account cannot be lost for non-payment more
        likely than it is lost at all, so that head is held below p_90d.
        """
        found = pd.DataFrame({"account_id": features["account_id"].to_numpy()})
        rows = features.reset_index(drop=True)
        parts = []
        if probability is not None and self.course is not None:
            parts.append(self.course.horizons(rows, probability))
        if probability is not None and self.range is not None:
            parts.append(self.range.of(probability))
        found = pd.concat([found, *parts], axis=1)
        for head, scorer in self.heads.items():
            if scorer is not None:
                found[f"p_{head}_90d"] = scorer.score(rows)
        found = found.reindex(columns=["account_id", *COLUMNS])
        found["arr_at_risk_90d"], found["arr_at_risk_180d"] = (
            rows["arr"] * found["p_90d"],
            rows["arr"] * found["p_180d"],
        )
        found["p_non_payment_90d"] = found["p_non_payment_90d"].clip(upper=found["p_90d"])
        floats = [name for name in COLUMNS if name != "range_widened"]
        return found.astype({**dict.fromkeys(floats, "float64"), "range_widened": "boolean"})

    def parameters(self) -> dict[str, Any]:
        """Every part, as JSON."""
        return {
            "course": None if self.course is None else self.course.parameters(),
            "range": None if self.range is None else self.range.parameters(),
            "heads": {name: None if head is None else head.parameters() for name, head in self.heads.items()},
            "reasons": dict(self.reasons),
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any] | None) -> Outlook:
        """Build it again; one without any part for a model that was stored before there were outlooks."""
        if given is None:
            return cls()
        return cls(
            None if given["course"] is None else Course(**given["course"]),
            None if given["range"] is None else Range.from_parameters(given["range"]),
            {name: None if head is None else Linear.from_parameters(head) for name, head in given["heads"].items()},
            given["reasons"],
        )
