"""What moves a probability: contributions in percentage points that add up exactly to the number shown.

The driver groups, at most eight, play a game for the probability (`models/game.py`); within a group the points are
split as the log-odds are.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.game import MOST_GROUPS, shapley
from models.reference import Reference
from models.scorer import Array, Scorer

ROWS = 8_192
"""Rows whose log-odds by indicator are held at a time: a million accounts need no table of all of them."""


def drivers(
    scorer: Scorer,
    features: pd.DataFrame,
    groups: Mapping[str, str],
    *,
    reference: Reference | None = None,
    log_odds: Array | None = None,
) -> pd.DataFrame:
    """Long table row, group, indicator, contribution (percentage points): block by block of one group.

    For each row `base_points + contribution.sum()` is 100 × its probability. `log_odds` are the scorer's own, where
    they are at hand: what its margins miss of them goes into the largest group.
    """
    found = indicator_points(scorer, features, groups, reference=reference, log_odds=log_odds)
    frames = [
        pd.DataFrame(
            {
                "row": np.repeat(features.index.to_numpy(), len(names)),
                "group": group,
                "indicator": np.tile(np.array(names, dtype=object), len(features)),
                "contribution": found[names].to_numpy().ravel(),
            }
        )
        for group, names in members_of(found, groups).items()
    ]
    return pd.concat(frames, ignore_index=True)


def indicator_points(
    scorer: Scorer,
    features: pd.DataFrame,
    groups: Mapping[str, str],
    *,
    reference: Reference | None = None,
    log_odds: Array | None = None,
) -> pd.DataFrame:
    """What each indicator adds, in percentage points: one row per row, one column per indicator."""
    base, margins = scorer.margins(features)
    inside = members_of(margins, groups)
    totals = _settled(_totals(margins, inside), base, log_odds)
    points = _points(scorer, base, totals, reference, inside)
    found: dict[str, Array] = {}
    for place, names in enumerate(inside.values()):
        inner = margins[names].to_numpy() - (0.0 if reference is None else reference.mean(names))
        found.update(zip(names, _split(points[:, place], inner).T, strict=True))
    return pd.DataFrame(found, index=features.index)


def group_points(
    scorer: Scorer,
    features: pd.DataFrame,
    groups: Mapping[str, str],
    *,
    reference: Reference | None = None,
    log_odds: Array | None = None,
) -> pd.DataFrame:
    """What each group adds, in percentage points: one row per row, one column per group; for a million rows as for ten.

    The sums by group of what `drivers` tells by indicator.
    """
    found = []
    for start in range(0, max(len(features), 1), ROWS):
        some = slice(start, start + ROWS)
        base, margins = scorer.margins(features.iloc[some])
        inside = members_of(margins, groups)
        totals = _settled(_totals(margins, inside), base, None if log_odds is None else log_odds[some])
        points = _points(scorer, base, totals, reference, inside)
        found.append(pd.DataFrame(points, columns=list(inside), index=margins.index))
    return found[0] if len(found) == 1 else pd.concat(found)


def base_points(scorer: Scorer, features: pd.DataFrame, reference: Reference | None = None) -> float:
    """100 × the mean probability of the reference; without one, of a customer of whom nothing is known."""
    base, _ = scorer.margins(features.head(1))
    if reference is None:
        return float(100 * scorer.probability(np.array([base]))[0])
    return float(100 * scorer.probability(base + reference.totals()) @ reference.weights)


def members_of(margins: pd.DataFrame, groups: Mapping[str, str]) -> dict[str, list[str]]:
    """The indicators of each group, groups in order of name. Raises ValueError where they are too many to play."""
    found: dict[str, list[str]] = {}
    for indicator in map(str, margins):
        found.setdefault(groups.get(indicator, "other"), []).append(indicator)
    if len(found) > MOST_GROUPS:
        raise ValueError(
            f"{len(found)} driver groups ({', '.join(sorted(found))}); at most {MOST_GROUPS} can be played exactly."
        )
    return {group: found[group] for group in sorted(found)}


def _totals(margins: pd.DataFrame, inside: Mapping[str, list[str]]) -> Array:
    """Log-odds by row and group."""
    return np.column_stack([margins[names].to_numpy().sum(axis=1) for names in inside.values()])


def _settled(totals: Array, base: float, log_odds: Array | None) -> Array:
    """The totals, what they miss of the log-odds put into the largest: an approximation must not leave a remainder."""
    if log_odds is None or not totals.size:
        return totals
    largest = np.abs(totals).argmax(axis=1)
    settled = totals.copy()
    settled[np.arange(len(totals)), largest] += log_odds - base - totals.sum(axis=1)
    return settled


def _points(
    scorer: Scorer, base: float, totals: Array, reference: Reference | None, inside: Mapping[str, list[str]]
) -> Array:
    if reference is None:
        return 100 * shapley(base, totals, scorer.probability)
    others = reference.by_group(inside)
    return 100 * shapley(base, totals, scorer.probability, reference=others, weights=reference.weights)


def _split(points: Array, inner: Array) -> Array:
    """A group's points over its indicators, as their log-odds divide it; equal shares where those cancel to nothing."""
    total = inner.sum(axis=1, keepdims=True)
    # Where log-odds nearly cancel, dividing by their sum would blow single shares up: add the rest evenly instead.
    scale = np.abs(inner).sum(axis=1, keepdims=True)
    alike = (np.abs(total) > 0.1 * scale) & (total * points[:, None] > 0)
    slope = np.divide(points[:, None], total, out=np.zeros_like(total), where=alike)
    shares = inner * slope
    rest = points[:, None] - shares.sum(axis=1, keepdims=True)
    return np.asarray(shares + rest / inner.shape[1])
