"""The table `opportunities`: what sales was asked, offered and got."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints, happened
from simulation.odds import signing_room
from simulation.revenue import Revenue
from simulation.schema import flags_or_null, keys, picked, source_table
from simulation.streams import stream
from simulation.world import World


def opportunity_table(world: World, book: Book, revenue: Revenue, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """New logos, renewals of annual and longer terms, expansions won and lost, attempts to win back.

    `amount` is the ARR asked for. `stage` and `won` are as of `data_until`, like a CRM export: they say nothing about
    the time before `closed_at`.
    """
    rng = stream(world.seed, "opportunities", world.draw)
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

    long = np.flatnonzero(book.prospects.term_months[terms.account] > 1)
    closed = np.where(terms.kind >= 0, terms.decided, revenue.next_signed)
    created = np.floor(terms.ends[long] - rng.uniform(100, 135, len(long))) + 0.5
    ended = np.maximum(closed[long], created + 1.0)
    add(long, 1, revenue.asked[long], created, ended, (terms.kind[long] < 0).astype(np.float64))

    # Talks about more begin with leavers too, and are lost with them.
    growing = np.flatnonzero(revenue.expands)
    room = signing_room(terms.ends - terms.starts < 32, book.prospects.notice_days[terms.account])[growing]
    opened = terms.ends[growing] - rng.uniform(0.5, 1.0, len(growing)) * room - rng.uniform(5, 60, len(growing))
    opened = np.maximum(opened, terms.starts[growing])
    talked = (terms.kind[growing] < 0) | (opened < terms.decided[growing])
    growing, opened = growing[talked], opened[talked]
    won = np.isfinite(revenue.next_signed[growing])
    ended = np.maximum(closed[growing], opened + 0.5)
    add(growing, 2, np.maximum(revenue.offered[growing], 60.0), opened, ended, won.astype(np.float64))

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
