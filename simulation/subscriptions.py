"""The table `subscriptions`: terms, renewals and how they were decided."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Ints, happened
from simulation.revenue import Revenue
from simulation.schema import keys, picked, source_table
from simulation.streams import stream
from simulation.terms import KINDS
from simulation.world import World

# The first six are what customers say of the six causes, in the order of odds.CAUSES.
_REASONS = ("low usage", "budget", "support quality", "product fit", "champion left", "price", "competitor", "no reply")


def subscription_table(world: World, book: Book, revenue: Revenue, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """One row a term signed before `data_until`, and a second version of it once a decision is entered late.

    A decision to leave stands on the term that is not renewed; a contraction stands on the term before the smaller
    one, from the day that one is signed. A late entry is dated back: `known_at` says from when it could be known, and
    the world's decision is that day.
    """
    rng = stream(world.seed, "subscriptions", world.draw)
    terms = book.terms
    contracts = revenue.contracts & np.isfinite(revenue.next_signed)
    known_on = np.where(contracts, revenue.next_signed, terms.decided)
    known_on = happened(np.maximum(known_on, terms.starts + 0.1), world.until_day)
    known = np.isfinite(known_on)
    kind = np.where(contracts, KINDS.index("contraction"), terms.kind)
    backdated = known & (rng.random(len(known)) < world.backdated_share)
    dated = np.where(backdated, np.maximum(known_on - rng.uniform(3, 21, len(known)), terms.starts + 0.1), known_on)
    reason = _reason_codes(rng, book)
    kept = np.flatnonzero(revenue.signed < world.until_day)
    first = np.where(backdated, np.nan, known_on)[kept]
    later = kept[backdated[kept]]
    row = np.concatenate([kept, later])
    told = np.concatenate([np.isfinite(first), np.ones(len(later), dtype=bool)])
    account = terms.account[row]
    return source_table(
        "subscriptions",
        {
            "subscription_id": keys("sub", len(known))[row],
            "account_id": account_ids[account],
            "product": picked(("platform",), np.zeros(len(row), dtype=np.int64)),
            "signed_at": revenue.signed[row],
            "starts_on": terms.starts[row].astype(np.float64),
            "ends_on": terms.ends[row].astype(np.float64),
            "arr": revenue.arr[row],
            "seats": revenue.seats[row],
            "list_arr": revenue.list_arr[row],
            "auto_renew": book.prospects.auto_renew[account],
            "notice_days": book.prospects.notice_days[account],
            "decision_at": np.where(told, dated[row], np.nan),
            "decision_kind": picked(KINDS, np.where(told, kind[row], -1)),
            "effective_on": np.where(told, terms.ends[row].astype(np.float64), np.nan),
            "reason": picked(_REASONS, np.where(told, reason[row], -1)),
            "known_at": np.concatenate([revenue.signed[kept], known_on[later]]),
        },
    )


def _reason_codes(rng: np.random.Generator, book: Book) -> Ints:
    """What the customer said: the true top cause more often than not, a guess otherwise, now and then nothing."""
    size = len(book.terms.account)
    told = rng.random(size)
    guess = rng.integers(0, len(_REASONS), size)
    code = np.where((book.terms.top_cause >= 0) & (told < 0.6), book.terms.top_cause, guess)
    code = np.where(book.terms.kind == KINDS.index("non_payment"), _REASONS.index("budget"), code)
    return np.where(told > 0.93, -1, code)
