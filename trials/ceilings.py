"""How much can be known: what stands above every learner of a world.

Three ceilings, highest first: the oracle, who sees the latent states and says the true risk itself; the observable
ceiling, the best that can be said from indicators; and the learner of our own kind that was taught true risks instead of
what happened, so that only the size of its book holds it back.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.boosted import Boosted, Trees, fit_boosted
from models.linear_scorers import fit_calendar
from models.scorer import Array

FOLDS = 5
LARGE = Trees(leaves=31, rounds=300, least_rows=40, l2=5.0, columns=0.3)
"""On 20,000 accounts with true risks more leaves, more rounds and fewer columns a tree gained nothing."""


def observable_ceiling(fresh: pd.DataFrame, directions: Mapping[str, int], *, horizon: str = "hazard_90d") -> Array:
    """What a learner taught the true risk of other accounts says of each: cross-fitted, so a little below the best.

    With 20,000 rows four fifths teach; monotone like ours, which costs nothing where the directions are true.
    """
    rng = np.random.default_rng(0)
    fold = rng.integers(0, FOLDS, len(fresh))
    said = np.empty(len(fresh))
    for place in range(FOLDS):
        taught, asked = fresh[fold != place], fresh[fold == place]
        said[fold == place] = _taught(taught, directions, horizon, LARGE).score(asked)
    return said


def _taught(rows: pd.DataFrame, directions: Mapping[str, int], horizon: str, trees: Trees) -> Boosted:
    true = rows[horizon].to_numpy(dtype=float)
    return fit_boosted(rows, true, directions, fit_calendar(rows, true), trees=trees, seeds=(0,))
