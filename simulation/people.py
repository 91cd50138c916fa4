"""The table `users`, and what the other tables need to know about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints, happened
from simulation.revenue import Revenue
from simulation.schema import keys, picked, source_table
from simulation.streams import stream
from simulation.world import World

ROLES = ("champion", "sponsor", "admin", "user")
_DEPARTMENTS = ("operations", "sales", "finance", "engineering", "marketing", "support", "hr", "legal")
_LEAVES_YEARLY = 0.15
"""Rate a year at which ordinary users leave, churn or not."""
_REPLACED = 0.85


@dataclass(frozen=True)
class People:
    """One row a user, sorted by account."""

    ids: npt.NDArray[Any]
    account: Ints
    role: Ints
    """Index into ROLES."""
    created: Floats
    gone: Floats
    """Day after which the user does nothing any more; infinite while they stay."""
    activity: Floats
    """Ordinary activity relative to the account's mean user."""
    commitment: Floats
    """How far engagement can fall before the user stops coming; standard normal."""

    def of_role(self, role: str) -> Ints:
        """Rows with this role."""
        return np.flatnonzero(self.role == ROLES.index(role))


def _champions(book: Book) -> tuple[Ints, Floats, Floats]:
    """Account, first day and last day (infinite while in post) of every champion, predecessors and successors."""
    account, week = np.nonzero(book.states.champion_arrival)
    begin = np.concatenate([book.first_day, book.first_day[account] + 7 * week]).astype(np.float64)
    account = np.concatenate([np.arange(book.size), account])
    order = np.lexsort((begin, account))
    account, begin = account[order], begin[order]
    left_account, left_week = np.nonzero(book.states.champion_exit)
    left_rank = np.arange(len(left_account)) - np.searchsorted(left_account, left_account)
    # The n-th champion of an account leaves at its n-th exit: exits and arrivals alternate.
    end = np.full(len(account), np.inf)
    first_row = np.searchsorted(account, np.arange(book.size))
    row = first_row[left_account] + left_rank
    fits = (row < len(account)) & (account[np.minimum(row, len(account) - 1)] == left_account)
    end[row[fits]] = (book.first_day[left_account] + 7 * left_week)[fits]
    return account, begin, end


def _ordinary(rng: np.random.Generator, world: World, book: Book, revenue: Revenue) -> tuple[Ints, Floats, Floats]:
    """Account, first and last day of everyone who is neither champion nor sponsor.

    Seats bought are filled when their term begins, never before: users must not tell of later expansions.
    """
    terms = book.terms
    # Largest number of seats so far, account by account: the offset keeps accounts apart.
    offset = terms.account * 1_000_000
    largest = np.maximum.accumulate(offset + revenue.seats) - offset
    new_account = terms.number == 0
    added = np.where(new_account, largest - 2, largest - np.append(0, largest[:-1]))
    habit = rng.uniform(0.65, 1.05, book.size)[terms.account]
    count = np.floor(np.maximum(added, 0) * habit + rng.random(len(added))).astype(np.int64)
    count = np.where(new_account, np.maximum(count, 1), count)
    account = np.repeat(terms.account, count)
    begin = np.repeat(terms.starts, count).astype(np.float64)
    prompt = rng.random(len(account)) < 0.75
    begin += np.where(prompt, rng.uniform(-4, 25, len(account)), rng.uniform(25, 300, len(account)))
    end = begin + rng.exponential(365 / _LEAVES_YEARLY, len(account))
    replaced = np.flatnonzero((end < world.until_day) & (rng.random(len(account)) < _REPLACED))
    later = end[replaced] + rng.uniform(3, 60, len(replaced))
    return (
        np.concatenate([account, account[replaced]]),
        np.concatenate([begin, later]),
        np.concatenate([end, later + rng.exponential(365 / _LEAVES_YEARLY, len(replaced))]),
    )


def draw_people(world: World, book: Book, revenue: Revenue) -> People:
    """One champion at a time, one sponsor, and admins and users according to the seats bought so far."""
    rng = stream(world.seed, "people", world.draw)
    lead_account, lead_from, lead_to = _champions(book)
    account, begin, end = _ordinary(rng, world, book, revenue)
    everyone = np.concatenate([lead_account, np.arange(book.size), account])
    # One admin in eight, and the first user of each account.
    first = np.zeros(len(account), dtype=bool)
    first[np.unique(account, return_index=True)[1]] = True
    role = np.where(first | (rng.random(len(account)) < 0.125), ROLES.index("admin"), ROLES.index("user"))
    role = np.concatenate([np.zeros(len(lead_account), dtype=np.int64), np.ones(book.size, dtype=np.int64), role])
    created = np.concatenate([lead_from + 0.4, book.first_day + rng.uniform(0, 30, book.size), begin])
    gone = np.concatenate([lead_to, book.first_day + rng.exponential(365 / 0.12, book.size), end])
    activity = rng.gamma(1.3, 1 / 1.3, len(everyone)) * np.array([1.8, 0.25, 1.4, 0.95])[role]
    commitment = rng.standard_normal(len(everyone)) + np.where(role == ROLES.index("champion"), 0.8, 0.0)
    kept = created < np.minimum(book.last_day, world.until_day)[everyone]
    order = np.lexsort((created, everyone))
    order = order[kept[order]]
    return People(
        ids=keys("usr", len(order)),
        account=everyone[order],
        role=role[order],
        created=created[order],
        gone=np.maximum(gone, created + 1)[order],
        activity=activity[order],
        commitment=commitment[order],
    )


def user_table(world: World, book: Book, people: People, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """One row a user. Most departures are recorded within three weeks, some by a bounced mail first; the rest never."""
    rng = stream(world.seed, "users", world.draw)
    size = len(people.account)
    gone = np.where(people.gone < book.last_day[people.account], people.gone, np.nan)
    recorded = rng.random(size) < np.where(people.role == 0, 0.92, 0.8)
    bounced = (rng.random(size) < 0.35) & recorded
    deactivated = np.where(recorded, gone + rng.exponential(6.0, size), np.nan)
    # A customer who has left keeps no seats: everybody is deactivated within days of the last one.
    over = book.last_day[people.account] < world.until_day
    deactivated = np.where(
        np.isnan(gone) & over, book.last_day[people.account] + rng.uniform(0.3, 6, size), deactivated
    )
    return source_table(
        "users",
        {
            "user_id": people.ids,
            "account_id": account_ids[people.account],
            "role": picked(ROLES, people.role),
            "department": picked(_DEPARTMENTS, rng.integers(0, len(_DEPARTMENTS), size)),
            "created_at": people.created,
            "deactivated_at": happened(deactivated, world.until_day),
            "bounced_at": happened(np.where(bounced, gone + rng.exponential(3.0, size), np.nan), world.until_day),
        },
    )
