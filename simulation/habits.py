"""Habits that mislead: work that moves from logins to schedules, and exports that look like use."""

from __future__ import annotations

import numpy as np

from simulation.book import Book
from simulation.days import Floats, Ints
from simulation.entitlements import FEATURE_MODULE, FEATURES
from simulation.people import People
from simulation.streams import stream
from simulation.world import World

LEFT_TO_DO = 0.45
"""Share of the logins that stay once the work is scheduled."""
EXPORT = next(index for index, row in enumerate(FEATURES) if row[1] == "exports")
EXPORTS_A_DAY = 25.0
_EXPORT_WEEKS = 2
_AT_LEAST = 0.15
"""Share of the accounts without any cause that export all the same: a year's end asks for reports."""


def automated_from(world: World, book: Book) -> Floats:
    """Day from which much of each account's work is scheduled, a few weeks after its start or later; mostly infinite."""
    rng = stream(world.seed, "habits", world.draw)
    chosen = rng.random(book.size) < world.automated_share
    begin = np.maximum(book.first_day, world.first_day) + rng.uniform(60, 700, book.size)
    return np.where(chosen, begin, np.inf)


def exports(world: World, book: Book, people: People, starts: Floats) -> tuple[Ints, Ints, Ints]:
    """Account, day and user of exports two to four weeks before a notice is due, where reporting is sold (`starts`).

    They follow the chance of leaving and never what is decided, so they are a sign of risk that looks like use.
    """
    rng = stream(world.seed, "exports", world.draw)
    terms = book.terms
    long = (terms.ends - terms.starts > 40) & np.isfinite(terms.chance)
    share = np.clip(_AT_LEAST + world.export_share * np.nan_to_num(terms.chance), 0.0, 1.0)
    row = np.flatnonzero(long & (rng.random(len(share)) < share))
    deadline = terms.ends[row] - book.prospects.notice_days[terms.account[row]]
    offset = np.arange(7 * _EXPORT_WEEKS) - 7 * _EXPORT_WEEKS - 14
    day = deadline[:, None] + offset[None, :]
    hit = (rng.random(day.shape) < 0.5) & ((day + 3) % 7 < 5)
    hit &= day >= np.maximum(starts[terms.account[row], FEATURE_MODULE[EXPORT]], world.first_day)[:, None]
    hit &= day < world.until_day
    term, column = np.nonzero(hit)
    account, days = terms.account[row[term]], day[term, column]
    # The account's first user does it, or somebody unnamed once they have left.
    first = np.minimum(np.searchsorted(people.account, account), len(people.account) - 1)
    there = (people.account[first] == account) & (people.created[first] < days)
    return account[there], days[there], np.where(people.gone[first] > days, first, -1)[there]
