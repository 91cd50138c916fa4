"""The book: which prospects became customers, when, and until when, at a base rate that meets the wanted churn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from simulation.actions import NOBODY, Actions
from simulation.days import Flags, Floats, Ints, term_start
from simulation.odds import cause_effects, intercept_for, relative_churn
from simulation.prospects import Prospects, draw_prospects
from simulation.states import PRESENT, Incidents, States, draw_incidents, draw_states, market
from simulation.streams import stream
from simulation.terms import Fate, Terms, draw_fate, lay_terms, price_draws
from simulation.treatment import Temper, draw_temper
from simulation.world import World

_AT_LARGE = 1_000_000
_FAR = 10_000_000
"""More days than there are: keeps the terms of accounts apart in one sorted list."""
_SAMPLE, _SAMPLE_WEEKS = 1500, 208


@dataclass(frozen=True)
class Book:
    """All accounts with a day inside the emitted history, oldest first; the terms are sorted by account and number."""

    prospects: Prospects
    states: States
    temper: Temper
    terms: Terms
    home: Ints
    """Place and generation of each account in one number: the same whatever becomes of the others."""
    first_day: Ints
    last_day: Ints
    """Exclusive; terms.STAYS for an account that has not left."""
    intercepts: Floats
    """Base log-odds of not renewing a term, for each account."""
    incidents: Incidents
    market: Floats
    base_shift: float
    """Log-odds by which the base rates were moved."""

    @property
    def size(self) -> int:
        """Number of accounts."""
        return len(self.first_day)

    def week_of(self, world: World, moments: Floats) -> Ints:
        """Column of the weekly states at each moment."""
        week = np.floor((moments - world.origin_day) / 7).astype(np.int64)
        return np.clip(week, 0, world.total_weeks - 1)

    def own_week(self, accounts: Ints, moments: Floats) -> Ints:
        """Column of the champion's weeks, which are counted from the account's own start."""
        week = np.floor((moments - self.first_day[accounts]) / 7).astype(np.int64)
        return np.clip(week, 0, self.states.champion.shape[1] - 1)

    def champion_gone_at(self, accounts: Ints, moments: Floats) -> Ints:
        """1 where the account has no champion at that moment, else 0."""
        return (self.states.champion[accounts, self.own_week(accounts, moments)] > PRESENT).astype(np.int64)

    def in_term(self, accounts: Ints, moments: Floats) -> Flags:
        """True where a term of the account is in force: those who return were away in between."""
        starts = self.terms.account * _FAR + self.terms.starts
        row = np.searchsorted(starts, accounts * _FAR + np.floor(moments), side="right") - 1
        found = np.maximum(row, 0)
        return (row >= 0) & (self.terms.account[found] == accounts) & (self.terms.ends[found] > moments)


@dataclass(frozen=True)
class _Generation:
    prospects: Prospects
    states: States
    temper: Temper
    fate: Fate


@dataclass(frozen=True)
class _Part:
    """A generation with its terms, and when each of its accounts began and left."""

    generation: _Generation
    terms: Terms
    begin: Ints
    left: Ints
    intercepts: Floats


class _Slots:
    """Places in the book: when an account leaves, the next generation's prospect takes its place."""

    def __init__(self, world: World, actions: Actions) -> None:
        self.world, self.actions = world, actions
        # About three weeks of vacancy for each departure.
        self.count = round(world.accounts * (1 + world.annual_churn * 1.1 * 19 / 365))
        self.incidents = draw_incidents(world)
        self.market = market(world)
        self._generations: list[_Generation] = []
        self._scale, self._samples = _base(world)

    def generation(self, number: int) -> _Generation:
        """The prospects of a generation, drawn once."""
        while len(self._generations) <= number:
            index = len(self._generations)
            prospects = draw_prospects(self.world, self.count, index)
            states = draw_states(self.world, prospects, self.incidents, index)
            temper = draw_temper(self.world, self.count, index)
            self._generations.append(_Generation(prospects, states, temper, draw_fate(self.world, prospects, index)))
        return self._generations[number]

    def intercepts(self, prospects: Prospects, shift: float) -> Floats:
        """Base log-odds of each prospect's group, moved by `shift`."""
        rates = _term_rates(self.world, prospects, self._scale)
        monthly = prospects.term_months == 1
        values = np.zeros(len(rates))
        for kind in (False, True):
            for rate in np.unique(rates[monthly == kind]):
                values[(monthly == kind) & (rates == rate)] = intercept_for(self._samples[int(kind)], float(rate))
        return values + shift

    def book(self, shift: float) -> Book:
        """Everybody who was ever a customer, at one base rate."""
        world = self.world
        first = self.generation(0).prospects
        months = first.term_months
        begin = term_start(world.origin_day - np.floor(first.phase * months * 30.4).astype(np.int64))
        takes_part = np.ones(self.count, dtype=bool)
        parts: list[_Part] = []
        number = 0
        while takes_part.any():
            generation = self.generation(number)
            intercepts = self.intercepts(generation.prospects, shift)
            terms, left = lay_terms(
                world,
                generation.prospects,
                generation.states,
                generation.fate,
                first_starts=begin,
                intercepts=intercepts,
                market=self.market,
                takes_part=takes_part,
                temper=generation.temper,
                acted_on=partial(self._acted_on, number),
            )
            parts.append(_Part(generation, terms, begin, left, intercepts))
            number += 1
            begin = term_start(np.minimum(left, world.until_day) + self.generation(number).prospects.vacancy)
            takes_part = takes_part & (left < world.until_day) & (begin < world.until_day)
        return _gathered(world, parts, self.incidents, self.market, shift)

    def _acted_on(self, generation: int, rows: Ints, day: Ints) -> Flags:
        return self.actions.shortly_before(generation * self.count + rows, day)


def _term_rates(world: World, prospects: Prospects, scale: float) -> Floats:
    """Wanted probability of not renewing one term."""
    annual = np.minimum(relative_churn(world, prospects) * scale, 0.8)
    return np.asarray(1.0 - (1.0 - annual) ** (prospects.term_months / 12))


def _base(world: World) -> tuple[float, tuple[Floats, Floats]]:
    """The scale of annual churn, and sampled log-odds (annual and longer, monthly) that intercepts are solved on.

    They come from accounts of their own, the same whatever the draw: a base rate belongs to the world, not to a book.
    """
    # As many weeks for every world: what is emitted or simulated of a book must not move its rates.
    at_large = replace(world, draw=_AT_LARGE, weeks=_SAMPLE_WEEKS // 2, burn_in_weeks=_SAMPLE_WEEKS // 2)
    prospects = draw_prospects(at_large, _SAMPLE, 0)
    states = draw_states(at_large, prospects, draw_incidents(at_large), 0)
    relative = relative_churn(world, prospects)
    rng = stream(world.seed, "base")
    rows = np.tile(np.arange(_SAMPLE), 6)
    week = rng.integers(0, at_large.total_weeks, rows.size)
    samples = []
    for priced in (True, False):
        price = price_draws(rng, rows.shape) if priced else np.zeros(rows.size)
        effects = cause_effects(world, states.standing(world, rows, week, week, price))
        samples.append(effects.sum(axis=1) + rng.normal(0.0, world.hidden_fit_sd, rows.size))
    return world.annual_churn / float(relative.mean()), (samples[0], samples[1])


def _gathered(
    world: World,
    parts: list[_Part],
    incidents: Incidents,
    market_push: Floats,
    shift: float,
) -> Book:
    """The generations below each other, without those who left before the emitted history, oldest account first."""
    size = len(parts[0].begin)
    terms = Terms.concat([part.terms for part in parts])
    home = np.repeat(np.arange(len(parts)) * size, [len(part.terms.account) for part in parts]) + terms.account
    present = np.unique(home)
    first_day = np.concatenate([part.begin for part in parts])
    last_day = np.concatenate([part.left for part in parts])
    present = present[last_day[present] > world.first_day]
    order = present[np.argsort(first_day[present], kind="stable")]
    row_of = np.full(len(first_day), -1, dtype=np.int64)
    row_of[order] = np.arange(len(order))
    account = row_of[home]
    rank = np.lexsort((terms.number, account))
    rank = rank[account[rank] >= 0]
    chosen = terms.rows(rank)
    chosen.account[:] = account[rank]
    return Book(
        prospects=Prospects.concat([part.generation.prospects for part in parts]).rows(order),
        states=States.concat([part.generation.states.rows(np.arange(size)) for part in parts]).rows(order),
        temper=Temper.concat([part.generation.temper for part in parts]).rows(order),
        terms=chosen,
        home=order,
        first_day=first_day[order],
        last_day=last_day[order],
        intercepts=np.concatenate([part.intercepts for part in parts])[order],
        incidents=incidents,
        market=market_push,
        base_shift=shift,
    )


def realised_churn(first_day: Ints, last_day: Ints, *, until: int, origin: int) -> float:
    """Share of the accounts of a year before that have left, averaged over the last two years.

    Shorter histories use what they have, raised to a year.
    """
    begins = [until - 365 * years for years in (2, 1) if until - 365 * years >= origin] or [origin]
    rates = []
    for begin in begins:
        end = min(begin + 365, until)
        active = (first_day <= begin) & (last_day > begin)
        gone = float((last_day[active] <= end).mean())
        rates.append(1 - (1 - gone) ** (365 / (end - begin)))
    return float(np.mean(rates))


def draw_book(world: World, actions: Actions = NOBODY) -> Book:
    """The book at the world's `base_shift`, or the one whose realised churn comes closest to `annual_churn`, found by
    moving every base rate alike. `actions` change the decisions that follow them, and nothing before.

    The chance draws stay the same throughout: only the accounts near the line change their mind.
    """
    slots = _Slots(world, actions)
    if world.base_shift is not None:
        return slots.book(world.base_shift)
    low, high = -1.5, 1.5
    best: tuple[float, Book] | None = None
    for _ in range(8):
        middle = (low + high) / 2
        book = slots.book(middle)
        churn = realised_churn(book.first_day, book.last_day, until=world.until_day, origin=world.origin_day)
        if best is None or abs(churn - world.annual_churn) < best[0]:
            best = (abs(churn - world.annual_churn), book)
        if best[0] < 0.001:
            break
        low, high = (middle, high) if churn < world.annual_churn else (low, middle)
    if best is None:
        raise ValueError("no base rate was tried")
    return best[1]
