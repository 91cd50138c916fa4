"""The table `opportunities`: what sales was asked, offered and got."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints, happened
from simulation.revenue import Revenue
from simulation.schema import flags_or_null, keys, picked, source_table
from simulation.streams import stream
from simulation.world import World


def opportunity_table(world: World, book: Book, revenue: Revenue, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """New logos, renewals of annual and longer terms, expansions won and lost, attempts to win back.

    `amount` is the ARR asked for. `stage` and `won` are as of `data_until`, like a CRM export: they say nothing about
    the time before `closed_at`.
    """
    rng = stream(world.seed, "opportunities")
    terms, size = book.terms, len(book.terms.account)
    parts: list[dict[str, Floats]] = []

    def add(rows: Ints, kind: int, amount: Floats, created: Floats, closed: Floats, won: Floats) -> None:
        parts.append(
            {
                "account": terms.account[rows].astype(np.float64),
                "kind": np.full(len(rows), float(kind)),
                "amount": np.round(amount),
                "created": created,
                "closed": closed,
                "won": won,
            }
        )

    first = np.flatnonzero(terms.number == 0)
    add(
        first,
        0,
        revenue.arr[first],
        revenue.signed[first] - rng.uniform(20, 90, len(first)),
        revenue.signed[first],
        np.ones(len(first)),
    )

    following = np.append(terms.account[1:] == terms.account[:-1], False)
    next_signed = np.where(following, np.append(revenue.signed[1:], np.nan), np.nan)
    long = np.flatnonzero(book.prospects.term_months[terms.account] > 1)
    closed = np.where(terms.kind >= 0, terms.decided, next_signed)[long]
    created = np.floor(terms.ends[long] - rng.uniform(100, 135, len(long))) + 0.5
    closed = np.maximum(closed, created + 1.0)
    add(long, 1, revenue.asked[long], created, closed, (terms.kind[long] < 0).astype(np.float64))

    sold = np.flatnonzero(following & revenue.expands)
    gain = np.maximum(revenue.arr[sold + 1] - revenue.arr[sold], 60.0)
    opened = np.maximum(next_signed[sold] - rng.uniform(5, 60, len(sold)), terms.starts[sold])
    add(sold, 2, gain, opened, next_signed[sold], np.ones(len(sold)))

    length = (terms.ends - terms.starts) / 365
    tried = np.flatnonzero(rng.random(size) < 0.18 * length)
    opened = terms.starts[tried] + rng.random(len(tried)) * (terms.ends - terms.starts)[tried] * 0.7
    add(
        tried,
        2,
        revenue.arr[tried] * rng.uniform(0.1, 0.4, len(tried)),
        opened,
        opened + rng.uniform(10, 70, len(tried)),
        np.zeros(len(tried)),
    )

    lost = np.flatnonzero((terms.kind >= 0) & (rng.random(size) < 0.3))
    opened = terms.ends[lost] + rng.uniform(20, 90, len(lost))
    add(lost, 3, revenue.arr[lost], opened, opened + rng.uniform(20, 80, len(lost)), np.zeros(len(lost)))

    merged = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    kept = np.flatnonzero(merged["created"] < world.until_day)
    kept = kept[np.argsort(merged["created"][kept], kind="stable")]
    row = {name: values[kept] for name, values in merged.items()}
    ended = happened(row["closed"], world.until_day)
    won = np.where(np.isfinite(ended), row["won"], np.nan)
    stage = np.where(np.isnan(won), rng.integers(0, 3, len(kept)), np.where(won == 1, 3, 4)).astype(np.int64)
    return source_table(
        "opportunities",
        {
            "opportunity_id": keys("opp", len(kept)),
            "account_id": account_ids[row["account"].astype(np.int64)],
            "kind": picked(("new", "renewal", "expansion", "win_back"), row["kind"].astype(np.int64)),
            "stage": picked(("qualification", "proposal", "negotiation", "closed_won", "closed_lost"), stage),
            "amount": row["amount"],
            "created_at": row["created"],
            "closed_at": ended,
            "won": flags_or_null(won),
        },
    )
