"""LightGBM: a bag of small, monotone, strongly regularised boosters. The only module that imports lightgbm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from models.linear import Linear
from models.scorer import Array, FromLogOdds, added
from models.tree_tables import TooDeep, TreeTables, mean_contributions, tree_tables

SEEDS = 5


@dataclass(frozen=True)
class Trees:
    """How large the trees may grow. The defaults suit a few hundred churned accounts."""

    leaves: int = 6
    rounds: int = 80
    learning_rate: float = 0.04
    least_rows: int = 150
    l2: float = 3.0
    columns: float = 0.3
    """Share of the indicators that each tree may look at."""
    fuller: float = 1.0
    """Times as many rows as usual that a leaf needs, whatever is usual for the size of the book."""

    def within(self, rows: int) -> Trees:
        """The same for a book of so many rows: where there are few, a leaf needs fewer."""
        usual = self.fuller * min(self.least_rows, rows // 100)
        return replace(self, least_rows=max(20, round(usual)), fuller=1.0)


@dataclass(frozen=True)
class Growth:
    """What tuning may choose of the trees: how they grow on a book of any size, so that half of one can stand for it."""

    leaves: int = Trees.leaves
    rounds: float = 1.0
    """Times as many rounds as suit the number of churned accounts."""
    fuller: float = Trees.fuller
    l2: float = Trees.l2
    columns: float = Trees.columns

    @property
    def away(self) -> float:
        """Doublings and halvings that lie between this and the default, over all parameters.

        >>> Growth(leaves=3, l2=12.0).away
        3.0
        """
        usual = asdict(USUAL_GROWTH)
        return float(sum(abs(np.log2(value / usual[name])) for name, value in asdict(self).items()))


USUAL_GROWTH = Growth()


def suited(churned_accounts: int, growth: Growth = USUAL_GROWTH) -> Trees:
    """Trees for so many churned accounts: rounds grow with the square root of what there is to learn from.

    Settled on simulated books: at 230 churned accounts 80 rounds of 6 leaves, at 900 160 rounds; fewer and more leaves lost
    at both, and so did fewer columns a tree and a stronger penalty where there was more to learn from.
    """
    rounds = np.clip(round(Trees.rounds * (churned_accounts / 230) ** 0.5), 32, 320)
    return Trees(
        leaves=growth.leaves,
        rounds=max(1, round(growth.rounds * float(rounds))),
        l2=growth.l2,
        columns=growth.columns,
        fuller=growth.fuller,
    )


@dataclass(frozen=True)
class Boosted(FromLogOdds):
    """A start and, on top of it, the mean of a bag of boosters that differ only by seed.

    The start is the calendar's log-odds: trees would need hundreds of leavers to draw its course, and a curve fitted
    first leaves them the customer. Where the calendar is no help it is the base rate. Missing values are native.
    """

    name: str
    indicators: tuple[str, ...]
    start: Linear
    texts: tuple[str, ...]

    @cached_property
    def boosters(self) -> list[Any]:
        """The boosters, parsed from LightGBM's own text."""
        import lightgbm as lgb

        return [lgb.Booster(model_str=text) for text in self.texts]

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """(base, the start's part and the TreeSHAP values averaged over the bag), one column per indicator."""
        base, contributions = self._trees(self._matrix(features))
        trees = pd.DataFrame(contributions, columns=list(self.indicators), index=features.index, copy=False)
        level, start = self.start.margins(features)
        return level + base, added(trees, start)

    def log_odds(self, features: pd.DataFrame) -> Array:
        """The start's log-odds and the bag's mean, of each row."""
        x = self._matrix(features)
        if not len(x):
            return np.empty(0)
        trees = np.mean([b.predict(x, raw_score=True) for b in self.boosters], axis=0)
        return np.asarray(self.start.log_odds(features) + trees)

    def members(self) -> list[Boosted]:
        """Each booster of the bag alone, on top of the same start."""
        return [replace(self, texts=(text,)) for text in self.texts]

    def _trees(self, x: Array) -> tuple[float, Array]:
        """(base, TreeSHAP values) averaged over the bag."""
        try:
            return mean_contributions(self._tables, x)
        except TooDeep:
            from models.tree_shap import tree_contributions

            # LightGBM cannot take zero rows; the base does not depend on the row.
            some = x if len(x) else np.full((1, len(self.indicators)), np.nan)
            parts = [tree_contributions(booster, some) for booster in self.boosters]
            return float(np.mean([b for b, _ in parts])), np.mean([c for _, c in parts], axis=0)[: len(x)]

    @cached_property
    def _tables(self) -> tuple[TreeTables, ...]:
        return tuple(tree_tables(booster.dump_model()) for booster in self.boosters)

    def _matrix(self, features: pd.DataFrame) -> Array:
        return np.ascontiguousarray(features[list(self.indicators)].to_numpy(dtype=float))

    def parameters(self) -> dict[str, Any]:
        """Indicators, start and the boosters' text."""
        return {
            "kind": "boosted",
            "name": self.name,
            "indicators": list(self.indicators),
            "start": self.start.parameters(),
            "texts": list(self.texts),
        }

    @classmethod
    def from_parameters(cls, given: Mapping[str, Any]) -> Boosted:
        """Build it again."""
        start = Linear.from_parameters(given["start"])
        return cls(given["name"], tuple(given["indicators"]), start, tuple(given["texts"]))


def fit_boosted(
    frame: pd.DataFrame,
    churned: Array,
    directions: Mapping[str, int],
    start: Linear,
    *,
    trees: Trees = Trees(),
    seeds: Sequence[int] = range(SEEDS),
) -> Boosted:
    """Fit the bag on top of a start fitted on the same rows.

    `directions` are monotone constraints: 1 riskier when higher, −1 when lower, 0 free. `churned` may be probabilities.
    Indicators that never vary in training are left out. No resampling and no class weights: probabilities stay honest.
    """
    import lightgbm as lgb

    trees = trees.within(len(frame))
    kept = [c for c in directions if frame[c].nunique(dropna=False) > 1]
    x = np.ascontiguousarray(frame[kept].to_numpy(dtype=float))
    offset = start.log_odds(frame)
    texts = []
    for seed in seeds:
        parameters = {
            # Equal to `binary` where every label is 0 or 1.
            "objective": "cross_entropy",
            "learning_rate": trees.learning_rate,
            "num_leaves": trees.leaves,
            "min_data_in_leaf": trees.least_rows,
            "lambda_l2": trees.l2,
            "feature_fraction": trees.columns,
            "bagging_fraction": 0.7,
            "bagging_freq": 1,
            "monotone_constraints": [directions[c] for c in kept],
            "max_bin": 127,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": 0,  # as many as OpenMP is given; the result is the same
            "verbosity": -1,
        }
        data = lgb.Dataset(x, label=churned, init_score=offset, feature_name=kept, free_raw_data=True)
        texts.append(lgb.train(parameters, data, num_boost_round=trees.rounds).model_to_string())
    return Boosted("lightgbm", tuple(kept), start, tuple(texts))
