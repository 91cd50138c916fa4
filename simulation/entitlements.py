"""The table `entitlements`, and from when each account may use which module."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints
from simulation.prospects import MODULES
from simulation.schema import picked, source_table
from simulation.streams import stream
from simulation.world import World

FEATURES: tuple[tuple[str, str, str], ...] = tuple(
    (module, feature, level) for module, features in MODULES.items() for feature, level in features
)
"""Module, feature and level of every feature."""
FEATURE_MODULE: Ints = np.repeat(np.arange(len(MODULES)), [len(features) for features in MODULES.values()])


def module_starts(world: World, book: Book) -> Floats:
    """First day of each module for each account; infinite where it was never sold, or not before `data_until`.

    A quarter of the modules beyond the first two were added later than the contract.
    """
    rng = stream(world.seed, "entitlements", world.draw)
    shape = book.prospects.modules.shape
    later = (rng.random(shape) < 0.25) & (np.arange(shape[1]) > 1)
    starts = book.first_day[:, None] + np.where(later, rng.integers(60, 500, shape), 0).astype(np.float64)
    end = np.minimum(book.last_day, world.until_day)[:, None]
    return np.where(book.prospects.modules & (starts < end), starts, np.inf)


def entitlement_table(world: World, book: Book, starts: Floats, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """One row an account, module and feature."""
    by_feature = starts[:, FEATURE_MODULE]
    account, feature = np.nonzero(np.isfinite(by_feature))
    left = book.last_day[account] < world.until_day
    return source_table(
        "entitlements",
        {
            "account_id": account_ids[account],
            "module": picked([row[0] for row in FEATURES], feature),
            "feature": picked([row[1] for row in FEATURES], feature),
            "level": picked([row[2] for row in FEATURES], feature),
            "starts_on": by_feature[account, feature],
            "ends_on": np.where(left, book.last_day[account].astype(np.float64), np.nan),
        },
    )
