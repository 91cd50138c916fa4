"""What is likely to become of each account from one Monday on, given its latent states that day and nothing later."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from simulation.book import Book
from simulation.days import Flags, Floats, Ints, add_months
from simulation.families import CAUSES, Standing
from simulation.futures import WEEKS, Path, futures
from simulation.odds import CRISIS_WEEKS, cause_effects, kind_chances, kind_leads, sigmoid, signing_room
from simulation.prospects import Prospects
from simulation.terms import Terms, deciding_day, has_price, price_draws
from simulation.world import World

GAP_DAYS = 14
HORIZONS = (30, 60, 90, 180)
_AHEAD = GAP_DAYS + max(HORIZONS)
_TERMS = 9
"""Terms that may end within the longest horizon: eight months and the one in force."""


@dataclass(frozen=True)
class Present:
    """Accounts with a term in force and nothing decided yet on one day, one row each."""

    terms: Terms
    """The term in force."""
    prospects: Prospects
    signed: Flags
    """The next term is signed already."""
    intercepts: Floats
    """Base log-odds, hidden fit and the market of that day."""
    lag: Floats
    """From the deciding day of the term in force to its first possible notice."""


def present(world: World, book: Book, signed_on: Floats, day: int) -> Present:
    """Everyone whose fate is open on `day`; `signed_on` is the day each term is renewed (NaN: never)."""
    terms = book.terms
    there = np.flatnonzero((terms.starts <= day) & (terms.ends > day) & ~(terms.decided < day))
    account = terms.account[there]
    prospects = book.prospects.rows(account)
    week = int(book.week_of(world, np.array([float(day)]))[0])
    monthly = prospects.term_months == 1
    earliest, _ = kind_leads(world, monthly, prospects.notice_days)
    chosen = terms.rows(there)
    lag = chosen.ends - earliest[:, 0] - chosen.state_day
    return Present(
        terms=chosen,
        prospects=prospects,
        signed=signed_on[there] < day,
        intercepts=book.intercepts[account] + prospects.fit + book.market[week],
        lag=np.where(monthly, lag / 0.3, lag),
    )


def reached(distance: Floats, earliest: Floats, latest: Floats) -> Floats:
    """Probability that what happens uniformly between `earliest` and `latest` days before an end has happened."""
    return np.clip((earliest - distance) / np.maximum(earliest - latest, 1e-9), 0.0, 1.0)


@dataclass(frozen=True)
class _Ahead:
    """Under one course of the states."""

    within: Floats
    in_gap: Floats
    effects: Floats
    by_kind: Floats


def leaving(world: World, book: Book, now: Present, day: int, path: Path, rng: np.random.Generator) -> _Ahead:
    """Probability of a decision to leave in the gap, and in each horizon after it.

    Given the states of `path`, the chance of each way of leaving at each term's end is known; over the day of the
    decision within its term it is integrated. The term in force is known to be neither decided nor, unless
    `now.signed`, renewed yet.
    """
    months = now.prospects.term_months
    monthly = months == 1
    earliest, latest = kind_leads(world, monthly, now.prospects.notice_days)
    room = signing_room(monthly, now.prospects.notice_days)
    size = len(months)
    within, in_gap, by_kind = np.zeros((size, len(HORIZONS))), np.zeros(size), np.zeros((size, 3))
    alive = np.ones(size)
    first_effects = np.zeros((size, len(CAUSES)))
    for ahead in range(_TERMS):
        ends = add_months(now.terms.starts, months * (ahead + 1)) if ahead else now.terms.ends
        to_end = (ends - day).astype(np.float64)
        if (to_end[:, None] - earliest > _AHEAD).all():
            break
        chances, effects = _chances(world, book, now, day, path, ahead, ends, rng)
        stays = 1 - chances.sum(axis=1)
        before = np.zeros_like(chances)
        factor, goes_on = alive, alive * stays
        if ahead == 0:
            before = reached(to_end[:, None], earliest, latest)
            unsigned = stays * (1 - reached(to_end, room, np.ones(size)))
            still_open = (chances * (1 - before)).sum(axis=1) + unsigned
            factor = np.where(now.signed, 0.0, 1 / np.maximum(still_open, 1e-9))
            goes_on = np.where(now.signed, 1.0, unsigned * factor)
            first_effects = np.where(now.signed[:, None], 0.0, effects)

        by_then = [
            chances * np.maximum(reached(to_end[:, None] - days, earliest, latest) - before, 0.0) * factor[:, None]
            for days in (GAP_DAYS, *(GAP_DAYS + horizon for horizon in HORIZONS))
        ]
        early, *later = (share.sum(axis=1) for share in by_then)
        in_gap += early
        within += np.column_stack(later) - early[:, None]
        by_kind += by_then[-1]
        alive = goes_on
    return _Ahead(within, in_gap, first_effects, by_kind)


def _chances(
    world: World, book: Book, now: Present, day: int, path: Path, ahead: int, ends: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Probability of each way of leaving at the end of the term `ahead` of the one in force, and what causes add."""
    size = len(ends)
    rows = np.arange(size)
    account = now.terms.account
    months = now.prospects.term_months
    earliest, _ = kind_leads(world, months == 1, now.prospects.notice_days)
    years = months / 12
    if ahead == 0:
        lag, price, silent = now.lag, now.terms.price, now.terms.silent
    else:
        lag = rng.uniform(20, 120, size)
        price = np.where(has_price(months, now.terms.number + ahead), price_draws(rng, (size,)), 0.0)
        silent = rng.random(size) < 1 - (1 - world.silent_share) ** years
    state_day = deciding_day(ends, earliest[:, 0], lag, months == 1)
    past = state_day < day
    moments = np.where(past, state_day, day).astype(np.float64)
    week = np.clip((state_day - day) // 7, 0, WEEKS - 1)
    then = book.week_of(world, moments)
    # A deciding day that has passed is known; one that lies ahead follows the path.
    at = _either(
        past,
        book.states.standing(world, account, then, book.own_week(account, moments), price),
        path.standing(world, rows, week, price),
    )
    effects = np.where(silent[:, None], 0.0, cause_effects(world, at, moments))
    push = np.where(silent, world.silent_effect, effects.sum(axis=1))
    today = int(book.week_of(world, np.array([float(day)]))[0])
    drift = np.where(past, book.market[then] - book.market[today], path.market[week])
    chance = sigmoid(now.intercepts + drift + push)
    close = np.clip((ends - 7 - day) // 7, 0, WEEKS - 1)
    closed = (path.crisis[rows, close] >= CRISIS_WEEKS) & now.prospects.billed_monthly
    return kind_chances(chance, closed, 1 - (1 - world.acquired_rate) ** years), effects


def _either(first: Flags, one: Standing, other: Standing) -> Standing:
    """`one` where `first`, else `other`."""
    return Standing(
        **{field.name: np.where(first, getattr(one, field.name), getattr(other, field.name)) for field in fields(one)}
    )


@dataclass(frozen=True)
class Outlook:
    """What the states of one day say of everyone present then, one row an account."""

    now: Present
    leaves: Floats
    """Probability that the decision to leave falls into each of HORIZONS after the gap, given that none falls into the
    gap: one column a horizon."""
    effects: Floats
    """Log-odds that each cause is expected to add to the decision on the term in force; 0 once it is renewed."""
    by_kind: Floats
    """Probability of each way of leaving within the gap and the longest horizon."""


def outlook(world: World, book: Book, signed_on: Floats, day: int, rng: np.random.Generator, count: int) -> Outlook:
    """The mean over `count` courses that the states may take from `day` on; its noise is that of `count` draws."""
    now = present(world, book, signed_on, day)
    size = len(now.signed)
    total, gap = np.zeros((size, len(HORIZONS))), np.zeros(size)
    effects, by_kind = np.zeros((size, len(CAUSES))), np.zeros((size, 3))
    for path in futures(world, book, now.terms.account, day, rng, count):
        ahead = leaving(world, book, now, day, path, rng)
        total += ahead.within / count
        gap += ahead.in_gap / count
        effects += ahead.effects / count
        by_kind += ahead.by_kind / count
    leaves = np.clip(total / np.maximum(1 - gap, 1e-9)[:, None], 0.0, 1.0)
    return Outlook(now, leaves, effects, by_kind)
