"""What each term is worth: uplifts, expansions and contractions, scaled so that the book meets its ARR and its NRR."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.book import Book
from simulation.days import Flags, Floats, Ints
from simulation.odds import signing_room
from simulation.streams import stream
from simulation.world import World

_ENTRY_WEEKS = 156


@dataclass(frozen=True)
class Revenue:
    """One row a term, in the order of the book's terms, but for `at_entry`."""

    arr: Floats
    list_arr: Floats
    """What the term would cost without its discount; the larger the gap, the larger the coming uplift."""
    seats: Ints
    contracts: Flags
    """True where the term, if it is renewed, is renewed for less."""
    expands: Flags
    """True where the next term, if there is one, is sold larger."""
    offered: Floats
    """ARR that is offered on top where it expands."""
    asked: Floats
    """ARR that the renewal offer asks for."""
    signed: Floats
    """Day on which the term was signed."""
    next_signed: Floats
    """Day on which the term is renewed; NaN where it is not, also where the account comes back later."""
    at_entry: Floats
    """ARR of each account's first term that reaches into the last three years: one row an account. Segment and habits
    follow it and not later ARR, which would tell who stayed long enough to grow."""


def in_force(book: Book, arr: Floats, day: int) -> Floats:
    """ARR of each account on `day`; 0 outside its terms."""
    on = (book.terms.starts <= day) & (book.terms.ends > day)
    return np.asarray(np.bincount(book.terms.account[on], weights=arr[on], minlength=book.size), dtype=np.float64)


def net_retention(book: Book, arr: Floats, *, until: int) -> float:
    """ARR now of the accounts of 365 days ago, over their ARR then."""
    then, now = in_force(book, arr, until - 365), in_force(book, arr, until)
    return float(now[then > 0].sum() / then.sum())


def draw_revenue(world: World, book: Book) -> Revenue:
    """Terms priced so that NRR and total ARR at `data_until` come out as the world asks."""
    rng = stream(world.seed, "revenue", world.draw)
    terms, size = book.terms, len(book.terms.account)
    years = book.prospects.term_months[terms.account] / 12
    week = book.week_of(world, terms.state_day.astype(np.float64))
    engagement = book.states.engagement[terms.account, week]
    # Drawn for leavers as well: what sales is asked for must not tell what will be decided.
    contracts = rng.random(size) < np.minimum(world.contraction_rate * years * np.exp(-0.35 * engagement), 0.5)
    # A gentle slope: expansion follows engagement, but plenty of lukewarm accounts grow as well.
    yearly = np.clip(0.34 * np.exp(0.25 * engagement), 0.0, 0.85)
    expands = ~contracts & (rng.random(size) < 1 - (1 - yearly) ** years)
    amount = np.exp(rng.normal(np.log(0.25), 0.5, size)) * np.sqrt(np.maximum(years, 1.0))
    cut = rng.uniform(0.10, 0.45, size)
    granted = terms.uplift * rng.uniform(0.5, 1.0, size)

    def priced(factor: float) -> Floats:
        growth = np.where(contracts, 1 - cut, 1 + granted + np.where(expands, factor * amount, 0.0))
        return book.prospects.size[terms.account] * _running_product(growth, terms.number == 0)

    low, high = 0.0, 6.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (
            (middle, high) if net_retention(book, priced(middle), until=world.until_day) < world.nrr else (low, middle)
        )
    factor = (low + high) / 2
    arr = priced(factor)
    arr *= world.arr_total / in_force(book, arr, world.until_day).sum()
    arr = np.maximum(np.round(arr / 12) * 12, 120.0)
    discount = 1.2 * terms.uplift + np.abs(rng.normal(0.0, 0.06, size))
    habit = np.exp(rng.normal(0.0, 0.25, book.size))[terms.account]
    signed = _signed(book, rng)
    renewed = np.append(terms.account[1:] == terms.account[:-1], False) & (terms.kind < 0)
    return Revenue(
        arr=arr,
        list_arr=np.round(arr * (1 + discount) / 12) * 12,
        seats=np.maximum(np.round(2.0 * (arr / 1000) ** 0.62 * habit), 3).astype(np.int64),
        contracts=contracts,
        expands=expands,
        offered=np.round(arr * factor * amount),
        asked=np.round(arr * (1 + np.maximum(terms.uplift + rng.normal(0.0, 0.04, size), 0.0))),
        signed=signed,
        next_signed=np.where(renewed, np.append(signed[1:], np.nan), np.nan),
        at_entry=arr[_entry_terms(world, book)],
    )


def _entry_terms(world: World, book: Book) -> Ints:
    """Row of the first term of each account that ends within the last three years, or within a longer history."""
    entry = min(world.first_day, world.until_day - 7 * _ENTRY_WEEKS)
    reaching = np.flatnonzero(book.terms.ends > entry)
    return np.asarray(reaching[np.unique(book.terms.account[reaching], return_index=True)[1]])


def _running_product(growth: Floats, first: Flags) -> Floats:
    """Product of the growth of all earlier terms of the same account; 1.0 for a first term."""
    steps = np.log(np.concatenate([[1.0], growth[:-1]]))
    steps[first] = 0.0
    total = np.cumsum(steps)
    begin = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
    return np.asarray(np.exp(total - total[begin]))


def _signed(book: Book, rng: np.random.Generator) -> Floats:
    """First terms are signed up to a month ahead, renewals as `odds.signing_room` says."""
    terms, size = book.terms, len(book.terms.account)
    monthly = book.prospects.term_months[terms.account] == 1
    room = signing_room(monthly, book.prospects.notice_days[terms.account])
    ahead = np.where(terms.number == 0, rng.uniform(1, 30, size), rng.uniform(1, room, size))
    return np.floor(terms.starts - ahead) + rng.uniform(0.35, 0.7, size)
