"""What moved a probability from one week to the next: new data, a new model, a new calibration; the parts add up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from models.drivers import group_points
from models.prepare import prepared
from models.reference import Reference
from models.scorer import Scorer, sigmoid
from policy.policy import Policy


@dataclass(frozen=True)
class Model:
    """What scored a week: the scorer, the policy its health scores followed, and where its explanations start."""

    scorer: Scorer
    policy: Policy
    reference: Reference | None = None

    def frame(self, features: pd.DataFrame) -> pd.DataFrame:
        """The features as this model reads them, by account."""
        return prepared(features, self.policy).set_index("account_id", drop=False)


def changes(
    then: Model, now: Model, before: pd.DataFrame, after: pd.DataFrame, groups: Mapping[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(one row an account of both weeks, one row an account and group): all but the probabilities in percentage points.

    `data` is what the old model makes of the new data, less what it made of the old; `model` is what the new model
    makes of the new data, less what the old one does, both before calibration; `calibration` is the rest. They add up
    to the change (1e-12). A group's points are its part of `data`.
    """
    both = [a for a in after["account_id"] if a in set(before["account_id"])]
    old = then.frame(before).loc[both]
    new = then.frame(after).loc[both]
    renewed = new if now is then else now.frame(after).loc[both]
    was, seen, shown = then.scorer.score(old), then.scorer.score(new), now.scorer.score(renewed)
    raw_seen, raw_shown = sigmoid(then.scorer.log_odds(new)), sigmoid(now.scorer.log_odds(renewed))
    parts = pd.DataFrame(
        {
            "account_id": pd.Series(both, dtype="str"),
            "before_probability": was,
            "after_probability": shown,
            "data": 100 * (seen - was),
            "model": 100 * (raw_shown - raw_seen),
            "calibration": 100 * ((shown - raw_shown) - (seen - raw_seen)),
        }
    )
    moved = _points(then, new, groups) - _points(then, old, groups)
    long = moved.rename_axis("account_id").reset_index().melt("account_id", var_name="group", value_name="points")
    return parts, long.astype({"account_id": "str"})


def _points(model: Model, frame: pd.DataFrame, groups: Mapping[str, str]) -> pd.DataFrame:
    log_odds = model.scorer.log_odds(frame)
    return group_points(model.scorer, frame, groups, reference=model.reference, log_odds=log_odds)
