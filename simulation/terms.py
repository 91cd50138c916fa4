"""Term after term: when each account's contract ends, and whether it is renewed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from simulation.columns import Columns
from simulation.days import Flags, Floats, Ints, add_months, term_start
from simulation.families import CAUSES
from simulation.odds import CLOSED_IN_CRISIS, CRISIS_WEEKS, cause_effects, kind_leads, sigmoid
from simulation.prospects import Prospects
from simulation.states import States
from simulation.streams import stream
from simulation.treatment import Temper, treatment_effects
from simulation.world import World

STAYS = 10**6
"""Last day of an account that has not left: far beyond every simulated day."""
KINDS = ("voluntary", "non_payment", "acquired", "contraction")


@dataclass(frozen=True)
class Terms(Columns):
    """One row a term."""

    account: Ints
    number: Ints
    """0 for the first term of an account."""
    starts: Ints
    ends: Ints
    """Exclusive."""
    decided: Floats
    """Day on which the decision to leave becomes known; NaN where the term is renewed or still open."""
    kind: Ints
    """Index into KINDS, -1 for none; contractions are added later, by the revenue."""
    state_day: Ints
    """Day whose latent states decide, see `deciding_day`."""
    chance: Floats
    """True probability of not renewing given that state, acquisitions aside; NaN where the day lies ahead."""
    silent: Flags
    price: Floats
    """Size of the uplift that awaits at the term's end, in standard deviations; 0 where none is planned."""
    uplift: Floats
    """The same uplift as a share of the ARR."""
    top_cause: Ints
    """Index into odds.CAUSES of the largest cause; -1 where none adds a quarter of a log-odd, or where it is silent."""


@dataclass(frozen=True)
class Fate:
    """The chance draws of one generation, one row a term number, one column a prospect, fixed before any outcome."""

    leave: Floats
    acquired: Floats
    unpaid: Floats
    silent: Floats
    lead: Floats
    lag: Floats
    price: Floats
    returns: Floats


def draw_fate(world: World, prospects: Prospects, generation: int) -> Fate:
    """Equal seed, draw and generation give equal fates, whatever the base rate turns out to be."""
    rng = stream(world.seed, f"fate-{generation}", world.draw)
    shape = (7 * world.total_weeks // 30 + 8, len(prospects.size))
    leave, acquired, unpaid, silent, lead, returns = (rng.random(shape) for _ in range(6))
    return Fate(leave, acquired, unpaid, silent, lead, rng.uniform(20, 120, shape), price_draws(rng, shape), returns)


def price_draws(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Coming uplifts in standard deviations."""
    return np.clip(rng.standard_normal(shape), -1.25, 3.0)


def uplift_of(price: Floats) -> Floats:
    """Planned uplift as a share of ARR: 5 % on average, none below -1.25 standard deviations."""
    return np.clip(0.05 + 0.04 * price, 0.0, 0.20)


def has_price(months: Ints, number: Ints) -> Flags:
    """Terms that end with a new price: all that run longer than a month, and every twelfth month of the others."""
    return np.asarray((months > 1) | (number % 12 == 11))


def top_cause_of(effects: Floats) -> Ints:
    """Column of the largest effect, or -1 below a quarter of a log-odd."""
    return np.where(effects.max(axis=1) >= 0.25, effects.argmax(axis=1), -1)


def deciding_day(ends: Ints, earliest: Floats, lag: Floats, monthly: Flags) -> Ints:
    """Day whose states decide on a term: `lag` days before the first possible notice, a third of it month to month."""
    return np.floor(ends - earliest - np.where(monthly, 0.3 * lag, lag)).astype(np.int64)


def lay_terms(
    world: World,
    prospects: Prospects,
    states: States,
    fate: Fate,
    *,
    first_starts: Ints,
    intercepts: Floats,
    market: Floats,
    takes_part: Flags,
    temper: Temper,
    acted_on: Callable[[Ints, Ints], Flags],
) -> tuple[Terms, Ints]:
    """The terms of one generation and each account's last day (STAYS if it has not left).

    Three ways of leaving compete at each term's end: a notice, drawn from the states of its deciding day; an unpaid
    close, where a crisis of payment outlasts the term; an acquisition. Nothing before that depends on what is drawn.
    `acted_on` says of rows and days who had been acted on shortly before. Whoever was before the notice would be given may
    still change their mind, though the states that drive them away are those of the deciding day.
    Terms are laid until they begin three months after the data end: renewals are signed ahead.
    """
    monthly = prospects.term_months == 1
    earliest, latest = kind_leads(world, monthly, prospects.notice_days)
    left = np.full(len(first_starts), STAYS, dtype=np.int64)
    starts = first_starts.copy()
    alive = takes_part.copy()
    parts: list[Terms] = []
    for number in range(fate.leave.shape[0]):
        rows = np.flatnonzero(alive & (starts < world.until_day + 92))
        if rows.size == 0:
            break
        months = prospects.term_months[rows]
        begin = starts[rows]
        ends = add_months(begin, months)
        leads = latest[rows] + fate.lead[number, rows][:, None] * (earliest[rows] - latest[rows])
        state_day = deciding_day(ends, earliest[rows, 0], fate.lag[number, rows], monthly[rows])
        open_yet = state_day >= world.until_day
        week = np.clip((state_day - world.origin_day) // 7, 0, world.total_weeks - 1)
        priced = has_price(months, np.full(rows.size, number))
        price = np.where(priced, fate.price[number, rows], 0.0)
        at = states.standing(world, rows, week, (state_day - first_starts[rows]) // 7, price)
        effects = cause_effects(world, at, state_day.astype(np.float64))
        years = months / 12
        silent = fate.silent[number, rows] < 1 - (1 - world.silent_share) ** years
        push = np.where(silent, world.silent_effect, effects.sum(axis=1))
        cause = top_cause_of(effects)
        treated = treatment_effects(world, temper.rows(rows), np.where(silent, -1, cause))
        notice_day = np.floor(ends - leads[:, 0]).astype(np.int64)
        push = push + np.where(acted_on(rows, notice_day), treated, 0.0)
        chance = sigmoid(intercepts[rows] + prospects.fit[rows] + market[week] + push)
        bought = fate.acquired[number, rows] < 1 - (1 - world.acquired_rate) ** years
        gives_notice = ~open_yet & (fate.leave[number, rows] < chance)
        closing_week = np.floor((ends - leads[:, 1] - world.origin_day) / 7).astype(np.int64)
        crisis = states.crisis[rows, np.clip(closing_week, 0, world.total_weeks - 1)] >= CRISIS_WEEKS
        closed = crisis & prospects.billed_monthly[rows] & (closing_week < world.total_weeks)
        unpaid = closed & (fate.unpaid[number, rows] < CLOSED_IN_CRISIS)
        kind = np.where(bought, 2, np.where(gives_notice, 0, np.where(unpaid, 1, -1)))
        leaves = kind >= 0
        own_lead = np.take_along_axis(leads, np.maximum(kind, 0)[:, None], axis=1)[:, 0]
        decided = np.maximum(np.floor(ends - own_lead) + 0.4 + 0.3 * fate.lead[number, rows], begin + 0.5)
        cause = np.where(kind == 1, CAUSES.index("payment"), cause)
        parts.append(
            Terms(
                account=rows.astype(np.int64),
                number=np.full(rows.size, number, dtype=np.int64),
                starts=begin,
                ends=ends,
                decided=np.where(leaves, decided, np.nan),
                kind=kind.astype(np.int64),
                state_day=state_day,
                chance=np.where(open_yet, np.nan, chance),
                silent=silent,
                price=price,
                uplift=np.where(priced, uplift_of(price), 0.0),
                top_cause=np.where((silent & (kind != 1)) | bought, -1, cause),
            )
        )
        starts[rows] = ends
        again = term_start(np.floor(ends + 60 + 180 * fate.lead[number, rows]).astype(np.int64))
        comes_back = leaves & (kind < 2) & (fate.returns[number, rows] < world.returning_share)
        comes_back &= again < world.until_day - 1
        starts[rows[comes_back]] = again[comes_back]
        gone = leaves & ~comes_back
        left[rows[gone]] = ends[gone]
        alive[rows[gone]] = False
    return Terms.concat(parts), left
