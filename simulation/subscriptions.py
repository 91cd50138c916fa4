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
    """One row a term signed before `data_until`.

    A decision to leave stands on the term that is not renewed; a contraction stands on the term before the smaller one.
    """
    rng = stream(world.seed, "subscriptions")
    terms = book.terms
    decided = np.where(revenue.contracts, np.floor(terms.ends - terms.notice_lead) + 0.5, terms.decided)
    decided = happened(np.maximum(decided, terms.starts + 0.1), world.until_day)
    known = np.isfinite(decided)
    kind = np.where(revenue.contracts, KINDS.index("contraction"), terms.kind)
    kept = np.flatnonzero(revenue.signed < world.until_day)
    account = terms.account[kept]
    reason = picked(_REASONS, np.where(known, _reason_codes(rng, book), -1))
    return source_table(
        "subscriptions",
        {
            "subscription_id": keys("sub", len(kept)),
            "account_id": account_ids[account],
            "product": picked(("platform",), np.zeros(len(kept), dtype=np.int64)),
            "signed_at": revenue.signed[kept],
            "starts_on": terms.starts[kept].astype(np.float64),
            "ends_on": terms.ends[kept].astype(np.float64),
            "arr": revenue.arr[kept],
            "seats": revenue.seats[kept],
            "list_arr": revenue.list_arr[kept],
            "auto_renew": book.prospects.auto_renew[account],
            "notice_days": book.prospects.notice_days[account],
            "decision_at": decided[kept],
            "decision_kind": picked(KINDS, np.where(known, kind, -1))[kept],
            "effective_on": np.where(known, terms.ends.astype(np.float64), np.nan)[kept],
            "reason": reason[kept],
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
