"""Who is in the generated book: accounts with their terms, people and rates of use, as plain NumPy arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

FIRST, WEEKS = date(2024, 1, 1), 104  # a Monday; day 0 of the book
DAYS = 7 * WEEKS
TERM_DAYS = 364
MODULES, FEATURES_PER_MODULE = 8, 6
LEAVING_SHARE, STARTING_SHARE = 0.15, 0.3
MEAN_PEOPLE = 8


@dataclass(frozen=True)
class Size:
    """A generated book: how many accounts, and about how many events they leave in 104 weeks."""

    name: str
    accounts: int
    events: int


SIZES = {
    size.name: size
    for size in (
        Size("tiny", 40, 20_000),
        Size("S", 2_000, 5_650_000),
        Size("M", 20_000, 56_700_000),
        Size("L", 100_000, 214_000_000),
    )
}


@dataclass(frozen=True)
class Book:
    """One value per account: first day, the day its last term ends, terms, people, modules, rate of use."""

    start: Any
    end: Any
    terms: Any
    leaves: Any
    people: Any
    first_person: Any
    modules: Any
    rate: Any

    @property
    def accounts(self) -> int:
        """How many there are."""
        return len(self.start)

    @property
    def persons(self) -> int:
        """People of all accounts."""
        return int(self.people.sum())


def random(*parts: int) -> np.random.Generator:
    """A generator of its own for every part of the data, so that no part depends on the order of another."""
    return np.random.default_rng([2024, *parts])


def book(size: Size) -> Book:
    """The accounts of a size; the same on every machine."""
    dice, n = random(0), size.accounts
    new = dice.random(n) < STARTING_SHARE
    start = np.where(new, dice.integers(0, 500, n), dice.integers(-700, 0, n))
    terms = (DAYS - start + TERM_DAYS - 1) // TERM_DAYS
    stays = dice.geometric(LEAVING_SHARE, n)
    leaves = stays < terms
    terms = np.minimum(terms, stays)
    people = 1 + dice.geometric(1 / (MEAN_PEOPLE - 1), n)
    return Book(
        start=start,
        end=start + terms * TERM_DAYS,
        terms=terms,
        leaves=leaves,
        people=people,
        first_person=np.concatenate([[0], np.cumsum(people)[:-1]]),
        modules=dice.integers(3, MODULES + 1, n),
        rate=people * dice.lognormal(0.0, 0.6, n),
    )


def account_ids(book: Book) -> Any:
    """Names of the accounts, as an Arrow array to take from."""
    import pyarrow as pa

    return pa.array([f"a{i:06d}" for i in range(book.accounts)])


def person_ids(book: Book) -> Any:
    """Names of all people, as an Arrow array to take from."""
    import pyarrow as pa

    return pa.array([f"u{i:07d}" for i in range(book.persons)])
