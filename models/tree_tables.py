"""TreeSHAP of small trees by looking up: a row's values depend only on which way it turns at each split.

Exact, not approximate: the table of a tree holds the path-dependent TreeSHAP values (Lundberg et al. 2020, algorithm 2)
of every way a row can turn, weighted by the rows that the tree saw in training. A tree of six leaves has five splits,
so at most 32 ways; a row then costs five comparisons and one line of the table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np

from models.scorer import Array

MOST_SPLITS = 8
"""A tree with more splits is looked up leaf by leaf, each leaf by the splits on its own path."""
DEEPEST = 12
"""Splits on one path; one more would need a table of over 4,096 lines for a single leaf."""
ROWS = 8192
"""Rows looked up at a time: what they need stays in the processor's cache."""
ZERO = float(np.float32(1e-35))  # LightGBM's own: what is no farther from zero counts as zero
INFINITE = 1e300  # and what it writes for an infinite threshold


@dataclass(frozen=True)
class Split:
    """Left where the value is at most the threshold; `missing` says which values go the default way instead."""

    feature: int
    threshold: float
    missing: str
    default_left: bool

    def left(self, values: Array) -> Any:
        """Which of the values turn left, as LightGBM decides it."""
        if self.missing == "NaN":
            # A comparison with NaN is false: asked the other way round, NaN turns left.
            return ~(values > self.threshold) if self.default_left else values <= self.threshold
        known = np.nan_to_num(values, nan=0.0, posinf=np.inf, neginf=-np.inf)
        found = known <= self.threshold
        return np.where(np.abs(known) <= ZERO, self.default_left, found) if self.missing == "Zero" else found


@dataclass(frozen=True)
class Table:
    """`values[i, turns]` is what `features[i]` gets; bit b of `turns` is set where split b is passed to the left."""

    splits: tuple[int, ...]
    features: tuple[int, ...]
    values: Array


@dataclass(frozen=True)
class TreeTables:
    """All trees of a booster: their distinct splits, their tables, and the expected raw score."""

    base: float
    splits: tuple[Split, ...]
    tables: tuple[Table, ...]

    def add_to(self, found: Array, by_feature: Array) -> None:
        """Add each row's log-odds by feature; both are features × rows."""
        rows = by_feature.shape[1]
        turns = [s.left(by_feature[s.feature]).astype(np.uint8) for s in self.splits]
        # In the narrowest type that holds a line: eight times as many as in the widest fit into one instruction.
        narrow = np.empty((2, rows), np.uint8)
        wide = np.empty((2, rows), np.uint16)
        place = np.empty(rows, np.intp)
        for table in self.tables:
            line, turn = narrow if len(table.splits) <= 8 else wide
            np.copyto(line, turns[table.splits[0]])
            for bit, split in enumerate(table.splits[1:], start=1):
                np.copyto(turn, turns[split])
                np.left_shift(turn, bit, out=turn)
                np.bitwise_or(line, turn, out=line)
            np.copyto(place, line)
            for feature, values in zip(table.features, table.values, strict=True):
                found[feature] += values[place]


def mean_contributions(bag: Sequence[TreeTables], matrix: Array) -> tuple[float, Array]:
    """(base, contributions by row and feature) averaged over a bag of boosters, in log-odds."""
    found = np.empty(matrix.shape)
    for start in range(0, len(matrix), ROWS):
        by_feature = np.ascontiguousarray(matrix[start : start + ROWS].T)
        total = np.zeros_like(by_feature)
        for tables in bag:
            tables.add_to(total, by_feature)
        total /= len(bag)
        found[start : start + ROWS] = total.T
    return float(np.mean([tables.base for tables in bag])), found


class TooDeep(ValueError):
    """A tree has a path too long for a table."""


def tree_tables(model: Mapping[str, Any]) -> TreeTables:
    """The tables of a booster, from LightGBM's own `dump_model()`. Raises TooDeep, and ValueError for categories."""
    splits: dict[Split, int] = {}
    tables: list[Table] = []
    base = 0.0
    for tree in model["tree_info"]:
        root = tree["tree_structure"]
        leaves = list(_leaves(root, (), splits))
        base += sum(leaf.value * leaf.share for leaf in leaves)
        if len(leaves) > 1:
            whole = len(leaves) - 1 <= MOST_SPLITS
            tables += [_table(some) for some in ([leaves] if whole else [[leaf] for leaf in leaves])]
    return TreeTables(base, tuple(splits), tuple(tables))


@dataclass(frozen=True)
class _Step:
    split: int
    feature: int
    left: bool
    share: float
    """Of the rows at the split, those that take this step."""


@dataclass(frozen=True)
class _Leaf:
    value: float
    path: tuple[_Step, ...]

    @property
    def share(self) -> float:
        return float(np.prod([step.share for step in self.path]))


def _leaves(node: Mapping[str, Any], path: tuple[_Step, ...], splits: dict[Split, int]) -> Iterator[_Leaf]:
    if "left_child" not in node:
        yield _Leaf(float(node["leaf_value"]), path)
        return
    if node["decision_type"] != "<=":
        raise ValueError(f"a split by `{node['decision_type']}` has no table; indicators are numbers.")
    if len(path) == DEEPEST:
        raise TooDeep(f"a path of more than {DEEPEST} splits.")
    # JSON has no infinity: where all that is known goes left, `dump_model` writes this instead.
    threshold = float("inf") if node["threshold"] >= INFINITE else float(node["threshold"])
    split = Split(node["split_feature"], threshold, node["missing_type"], bool(node["default_left"]))
    number = splits.setdefault(split, len(splits))
    for side in ("left_child", "right_child"):
        child = node[side]
        rows = child.get("internal_count", child.get("leaf_count"))
        step = _Step(number, split.feature, side == "left_child", rows / node["internal_count"])
        yield from _leaves(child, (*path, step), splits)


def _table(leaves: Sequence[_Leaf]) -> Table:
    splits = tuple(dict.fromkeys(step.split for leaf in leaves for step in leaf.path))
    features = tuple(sorted({step.feature for leaf in leaves for step in leaf.path}))
    turns = np.arange(2 ** len(splits))
    values = np.zeros((len(features), len(turns)))
    for leaf in leaves:
        # A feature that a path asks twice is one player: it fits where it passes every one of its splits.
        share: dict[int, float] = {}
        fits: dict[int, Any] = {}
        for step in leaf.path:
            passed = (turns >> splits.index(step.split) & 1) == step.left
            share[step.feature] = share.get(step.feature, 1.0) * step.share
            fits[step.feature] = fits.get(step.feature, True) & passed
        for feature in share:
            values[features.index(feature)] += leaf.value * _shapley(feature, share, fits)
    return Table(splits, features, values)


def _shapley(feature: int, share: Mapping[int, float], fits: Mapping[int, Any]) -> Array:
    """The feature's Shapley value where the worth of a set is the chance of arriving at a leaf of value 1."""
    others = [f for f in share if f != feature]
    # by_size[k]: sum over the sets of k others, of the chance that those known fit and those unknown pass anyhow.
    by_size = [np.ones(len(fits[feature]))]
    for other in others:
        unknown = [share[other] * part for part in by_size] + [np.zeros_like(by_size[0])]
        known = [np.zeros_like(by_size[0])] + [fits[other] * part for part in by_size]
        by_size = [u + k for u, k in zip(unknown, known, strict=True)]
    players = len(share)
    weights = [factorial(k) * factorial(players - k - 1) / factorial(players) for k in range(players)]
    worth = sum(w * part for w, part in zip(weights, by_size, strict=True))
    return np.asarray((fits[feature] - share[feature]) * worth)
