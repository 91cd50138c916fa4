"""The table `accounts`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.names import INDUSTRIES, REGIONS, ZONES, company_names
from simulation.prospects import SEGMENTS, segment_of
from simulation.revenue import Revenue
from simulation.schema import keys, picked, source_table
from simulation.streams import stream
from simulation.terms import KINDS
from simulation.world import World

ACCOUNTS_PER_OWNER = 42
_UNOWNED = 0.03
_MERGED = 0.25
"""Share of acquired leavers whose record was merged into another account of the book."""


def account_ids(book: Book) -> npt.NDArray[Any]:
    """Ids in the order in which accounts began: they carry no other information."""
    return keys("acc", book.size, width=5)


def account_table(world: World, book: Book, revenue: Revenue) -> pd.DataFrame:
    """One row an account. `segment` is set by the ARR at signing or at the history's begin, and stays."""
    rng = stream(world.seed, "accounts", world.draw)
    size = book.size
    ids = account_ids(book)
    first = book.terms.number == 0
    owners = max(round(world.accounts / ACCOUNTS_PER_OWNER), 2)
    owner = np.where(rng.random(size) < _UNOWNED, -1, rng.integers(0, owners, size))
    csm = keys("csm", owners, width=2)
    region = rng.choice(len(REGIONS), size, p=(0.48, 0.34, 0.12, 0.06))
    zone = _of_their_owner(rng.integers(0, 3, size) + 3 * region, owner)
    return source_table(
        "accounts",
        {
            "account_id": ids,
            "name": company_names(rng, size),
            "segment": picked(SEGMENTS, segment_of(revenue.at_entry, world)),
            "industry": picked(INDUSTRIES, rng.integers(0, len(INDUSTRIES), size)),
            "region": picked(REGIONS, region),
            "owner_id": picked(csm, owner),
            "owner_email": picked([f"{name}@example.com" for name in csm], owner),
            "owner_type": picked(("CSM",), np.minimum(owner, 0)),
            "timezone": picked([name for zones in ZONES for name in zones], zone),
            "created_on": np.floor(revenue.signed[first]) - rng.integers(0, 60, size),
            "merged_into": _merged_into(rng, world, book, ids),
        },
    )


def _of_their_owner(zone: npt.NDArray[Any], owner: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The zone in which the owner works, that of their oldest account; its own where nobody owns it."""
    owned = np.flatnonzero(owner >= 0)
    _, oldest, whose = np.unique(owner[owned], return_index=True, return_inverse=True)
    found = zone.copy()
    found[owned] = zone[owned][oldest][whose]
    return found


def _merged_into(rng: np.random.Generator, world: World, book: Book, ids: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The surviving account's id for a few acquired accounts that have already left; null for all others."""
    merged = np.full(book.size, None, dtype=object)
    active = np.flatnonzero(book.last_day > world.until_day + 365)
    gone = np.unique(
        book.terms.account[(book.terms.kind == KINDS.index("acquired")) & (book.terms.ends < world.until_day)]
    )
    chosen = gone[rng.random(gone.size) < _MERGED]
    merged[chosen] = ids[rng.choice(active, chosen.size)]
    return merged
