"""A world with its fresh accounts, and what was learned from its book."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from features.catalogue import catalogue
from models.scorer import Scorer
from pipelines.fit import Fitted, directions_in
from simulation import World
from simulation.drawn import drawn_world
from trials.ceilings import observable_ceiling
from trials.panels import Book, fresh_of
from trials.skill import Fresh


@dataclass(frozen=True)
class Trial:
    """A fitted book and the fresh accounts on which it is judged, prepared."""

    book: Book
    fitted: Fitted
    fresh: Fresh

    @property
    def scorer(self) -> Scorer:
        """What ships."""
        return self.fitted.shipped[self.fitted.champion.scorer]


@dataclass(frozen=True)
class Ready:
    """A world and its fresh accounts."""

    world: World
    fresh: Fresh


def world_with_fresh(seed: int, accounts: int) -> Ready:
    """The world of a seed, with so many fresh accounts and the best that can be said of them."""
    world = drawn_world(seed)
    rows = fresh_of(world, accounts)
    return Ready(world, Fresh(rows, observable_ceiling(rows, directions_in(rows, catalogue()))))


def mature(book: Book) -> pd.DataFrame:
    """All the book's mature training snapshots: what ships is fitted on them."""
    assert book.panel.everything is not None  # noqa: S101  # a book is built with them
    return book.panel.everything
