"""From a scorer's log-odds to the probability shown: a curve fitted on what it said before it could know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from models.evaluate import log_loss_gain
from models.ladder import Origin
from models.ridge import ridge
from models.scorer import Array, Bagged, Scorer, logit, sigmoid
from models.split import matured

LEAST_CHURNED = 30
"""Churned accounts without which no curve is tried: two or three numbers cannot be had from less."""


@dataclass(frozen=True)
class Curve:
    """Beta calibration: log-odds shown = rising × ln p − falling × ln(1 − p) + level, p what the scorer says.

    With rising = falling it is Platt's line, with both 1 a shift of the level (Kull, Silva Filho and Flach 2017).
    """

    kind: str = "none"
    rising: float = 1.0
    falling: float = 1.0
    level: float = 0.0

    def log_odds(self, margin: Array) -> Array:
        """The log-odds shown for the scorer's own.

        >>> Curve().log_odds(np.array([-3.0, 0.5])).round(9).tolist()
        [-3.0, 0.5]
        """
        return np.asarray(
            self.level - self.rising * np.logaddexp(0.0, -margin) + self.falling * np.logaddexp(0.0, margin)
        )


@dataclass(frozen=True)
class Calibrated:
    """A scorer seen through a curve; it explains itself in the scorer's own log-odds."""

    inner: Scorer
    curve: Curve

    @property
    def name(self) -> str:
        """The scorer's own name: a curve makes no other model of it."""
        return self.inner.name

    def margins(self, features: pd.DataFrame) -> tuple[float, pd.DataFrame]:
        """The scorer's, before the curve."""
        return self.inner.margins(features)

    def probability(self, margin: Array) -> Array:
        """The probability shown for the scorer's log-odds."""
        return sigmoid(self.curve.log_odds(margin))

    def log_odds(self, features: pd.DataFrame) -> Array:
        """The scorer's, before the curve."""
        return self.inner.log_odds(features)

    def score(self, features: pd.DataFrame) -> Array:
        """Probability of each row."""
        return self.probability(self.log_odds(features))

    def members(self) -> Sequence[Scorer]:
        """Each member of the scorer's bag through the same curve; none where it has no bag."""
        return [replace(self, inner=m) for m in self.inner.members()] if isinstance(self.inner, Bagged) else []

    def parameters(self) -> dict[str, Any]:
        """Scorer and curve."""
        return {"kind": "calibrated", "inner": self.inner.parameters(), "curve": asdict(self.curve)}


def fit_curve(kind: str, said: Array, churned: Array) -> Curve:
    """A curve of this kind, by logistic regression; `said` are probabilities. No curve turns the order of rows around.

    >>> round(fit_curve("level", np.full(1000, 0.1), np.arange(1000) % 5 == 0).level, 4)
    0.8109
    """
    margin = logit(said)
    if kind == "level":
        return Curve(kind, level=_level(margin, churned))
    columns = [margin] if kind == "platt" else [-np.logaddexp(0.0, -margin), np.logaddexp(0.0, margin)]
    level, weights = ridge(np.column_stack(columns), churned, np.zeros(len(columns)), np.ones(len(columns)))
    return Curve(kind, float(weights[0]), float(weights[-1]), level)


def _level(margin: Array, churned: Array) -> float:
    """The shift after which as many are expected as were seen."""
    from scipy.optimize import brentq

    seen = float(np.sum(churned))
    return float(brentq(lambda shift: sigmoid(margin + shift).sum() - seen, -20.0, 20.0))


@dataclass(frozen=True)
class Trial:
    """What one kind of curve would have done, fitted before each origin: its paired gain in log-loss over none."""

    kind: str
    gain: float
    bounds: tuple[float, float] | None


KINDS = ("level", "platt", "beta")


def chosen_curve(origins: Sequence[Origin], scorer: str, *, window_days: int) -> tuple[Curve, list[Trial]]:
    """The curve for a scorer, from what it said at the origins; none unless one would have gained there.

    At each origin a curve is fitted on earlier origins whose labels had matured by then, and judged on the origin's own
    rows. A kind may be used if the paired, account-clustered interval of its gain excludes 0; the largest gain wins.
    """
    trials = [_tried(kind, origins, scorer, window_days) for kind in KINDS]
    won = [t for t in trials if t.bounds and t.bounds[0] > 0]
    if not won:
        return Curve(), trials
    best = max(won, key=lambda t: t.gain)
    rows = pd.concat([o.rows for o in origins])
    said = np.concatenate([o.said[scorer] for o in origins])
    return fit_curve(best.kind, said, rows["churned"].to_numpy(dtype=float)), trials


def _tried(kind: str, origins: Sequence[Origin], scorer: str, window_days: int) -> Trial:
    rows, ours, theirs = [], [], []
    for origin in origins:
        known = [_matured(o, scorer, origin, window_days) for o in origins]
        past = pd.concat(known)
        if past.loc[past["churned"] == 1, "account_id"].nunique() < LEAST_CHURNED:
            continue
        curve = fit_curve(kind, past["said"].to_numpy(), past["churned"].to_numpy(dtype=float))
        said = origin.said[scorer]
        rows.append(origin.rows)
        theirs.append(said)
        ours.append(sigmoid(curve.log_odds(logit(said))))
    if not rows:
        return Trial(kind, 0.0, None)
    gain, bounds = log_loss_gain(pd.concat(rows), np.concatenate(ours), np.concatenate(theirs))
    return Trial(kind, gain, bounds)


def _matured(origin: Origin, scorer: str, later: Origin, window_days: int) -> pd.DataFrame:
    """The rows of an origin whose labels were known, late entries included, when the later origin began."""
    rows = origin.rows.assign(said=origin.said[scorer])
    begins = pd.to_datetime(later.rows["as_of"]).min()
    return rows[matured(rows["as_of"], begins, window_days=window_days)]
