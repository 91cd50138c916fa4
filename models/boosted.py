"""LightGBM: a bag of small, monotone, strongly regularised boosters. The only module that imports lightgbm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.scorer import Array, sigmoid

SEEDS = 5
FEW = 500  # churned accounts below which trees stay very small


@dataclass(frozen=True)
class Boosted:
    """The mean log-odds of a bag of boosters that differ only by seed; missing values are native."""

    name: str
    indicators: tuple[str, ...]
    texts: tuple[str, ...]

    @cached_property
    def boosters(self) -> list[Any]:
        """The boosters, parsed from LightGBM's own text."""
        import lightgbm as lgb

        return [lgb.Booster(model_str=text) for text in self.texts]

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(base, TreeSHAP values averaged over the bag), one column per indicator."""
        from models.tree_shap import tree_contributions

        x = self._matrix(features)
        # LightGBM cannot take zero rows; the base does not depend on the row.
        some = x if len(x) else np.full((1, len(self.indicators)), np.nan)
        parts = [tree_contributions(booster, some) for booster in self.boosters]
        base = float(np.mean([b for b, _ in parts]))
        contributions = np.mean([c for _, c in parts], axis=0)[: len(x)]
        return base, pd.DataFrame(contributions, columns=list(self.indicators), index=features.index)

    def score(self, features: pd.DataFrame) -> Array:
        """Probability of each row: the bag's mean log-odds."""
        x = self._matrix(features)
        if not len(x):
            return np.empty(0)
        return sigmoid(np.asarray(np.mean([b.predict(x, raw_score=True) for b in self.boosters], axis=0)))

    def _matrix(self, features: pd.DataFrame) -> Array:
        return np.ascontiguousarray(features[list(self.indicators)].to_numpy(dtype=float))

    def parameters(self) -> dict[str, Any]:
        """Indicators and the boosters' text."""
        return {"kind": "boosted", "name": self.name, "indicators": list(self.indicators), "texts": list(self.texts)}

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Boosted:
        """Build it again."""
        return cls(given["name"], tuple(given["indicators"]), tuple(given["texts"]))


def fit_boosted(
    frame: pd.DataFrame,
    churned: Array,
    directions: Mapping[str, int],
    *,
    churned_accounts: int,
    seeds: Sequence[int] = range(SEEDS),
) -> Boosted:
    """Fit the bag. `directions` are monotone constraints: 1 riskier when higher, −1 when lower, 0 free.

    Indicators that never vary in training are left out. No resampling and no class weights: probabilities stay honest.
    """
    import lightgbm as lgb

    kept = [c for c in directions if frame[c].nunique(dropna=False) > 1]
    x = np.ascontiguousarray(frame[kept].to_numpy(dtype=float))
    few = churned_accounts < FEW
    texts = []
    for seed in seeds:
        parameters = {
            "objective": "binary",
            "learning_rate": 0.04,
            "num_leaves": 6 if few else 15,
            "min_data_in_leaf": max(40, len(frame) // 400),
            "lambda_l2": 30.0 if few else 20.0,
            "feature_fraction": 0.4,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "monotone_constraints": [directions[c] for c in kept],
            "max_bin": 127,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 2,
            "verbosity": -1,
        }
        data = lgb.Dataset(x, label=churned, feature_name=kept, free_raw_data=True)
        texts.append(lgb.train(parameters, data, num_boost_round=110 if few else 160).model_to_string())
    return Boosted("lightgbm", tuple(kept), tuple(texts))
