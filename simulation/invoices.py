"""The table `invoices`: what was billed, when it was paid, and what went wrong on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints, add_months, happened
from simulation.revenue import Revenue
from simulation.schema import keys, source_table
from simulation.states import payment_delay
from simulation.streams import stream
from simulation.terms import KINDS
from simulation.world import World

_DISPUTED = 0.008


def invoice_table(world: World, book: Book, revenue: Revenue, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """One row a billing period: each month, or each year in advance, due after 14 or 30 days.

    `paid_at` is null while open; `known_at` is added later.
    """
    rng = stream(world.seed, "invoices", world.draw)
    terms = book.terms
    months = book.prospects.term_months[terms.account]
    step = np.where(book.prospects.billed_monthly[terms.account], 1, 12)
    periods = np.maximum(months // step, 1)
    row = np.repeat(np.arange(len(months)), periods)
    place = np.arange(len(row)) - np.repeat(np.cumsum(periods) - periods, periods)
    issued = add_months(terms.starts[row], place * step[row])
    kept = np.flatnonzero((issued >= world.first_day) & (issued < world.until_day))
    kept = kept[np.argsort(issued[kept], kind="stable")]
    row, issued = row[kept], issued[kept].astype(np.float64)
    account = terms.account[row]
    net = np.where(months[row] == 1, 14.0, 30.0)
    due = issued + net

    week = book.week_of(world, due)
    state = book.states.payment[account, week]
    delay = (payment_delay(state) + 6.0) * np.exp(rng.normal(0.0, 0.35, len(row))) - 6.0
    paid = due + np.maximum(delay, 1.0 - net) + rng.uniform(0.3, 0.7, len(row))
    # Nothing is paid while a crisis lasts; what is still open when an account is closed stays so.
    stuck = book.states.crisis[account, book.week_of(world, paid)] > 0
    paid = np.where(stuck, _after_crisis(world, book, account, paid), paid)
    closes = np.full(book.size, np.inf)
    leaving = terms.kind == KINDS.index("non_payment")
    closes[terms.account[leaving]] = terms.decided[leaving]
    unpaid = np.isnan(paid) | ((paid > closes[account]) & (issued < closes[account]))
    paid[unpaid] = np.nan
    fails = rng.random(len(row)) < np.where(stuck, 0.7, np.where(delay > 14, 0.30, 0.015))
    failed = np.where(fails, due + rng.uniform(-1.0, 2.0, len(row)), np.nan)
    resolved = np.where(fails, np.maximum(paid, failed + 0.1), np.nan)
    disputed = np.where(rng.random(len(row)) < _DISPUTED, issued + rng.uniform(2, 25, len(row)), np.nan)
    until = world.until_day
    return source_table(
        "invoices",
        {
            "invoice_id": keys("inv", len(row)),
            "account_id": account_ids[account],
            "issued_on": issued,
            "due_on": due,
            "amount": np.round(revenue.arr[row] * step[row] / 12, 2),
            "paid_at": happened(np.where(fails, np.maximum(paid, failed + 0.1), paid), until),
            "failed_at": happened(failed, until),
            "failure_resolved_at": happened(resolved, until),
            "disputed_at": happened(disputed, until),
            "dispute_resolved_at": happened(disputed + rng.uniform(5, 50, len(row)), until),
            "known_at": issued,
        },
    )


def _after_crisis(world: World, book: Book, account: Ints, moment: Floats) -> Floats:
    """The first day after `moment` in a week without a crisis; NaN where the data end before."""
    calm = book.states.crisis == 0
    weeks = np.arange(world.total_weeks)
    # The next calm week at or after each week, found from the end backwards.
    following = np.minimum.accumulate(np.where(calm, weeks, world.total_weeks + 1)[:, ::-1], axis=1)[:, ::-1]
    week = following[account, book.week_of(world, moment)].astype(np.float64)
    return np.where(week > world.total_weeks, np.nan, world.origin_day + 7 * week + moment % 1)
