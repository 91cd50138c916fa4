"""Term after term: when each account's contract ends, and whether it is renewed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from simulation.days import Flags, Floats, Ints, add_months
from simulation.odds import cause_effects, kind_leads, sigmoid, unpaid_share
from simulation.prospects import Prospects
from simulation.states import States
from simulation.streams import stream
from simulation.world import World

STAYS = 10**6
"""Last day of an account that has not left: far beyond every simulated day."""
KINDS = ("voluntary", "non_payment", "acquired", "contraction")


@dataclass(frozen=True)
class Terms:
    """One row a term."""

    account: Ints
    number: Ints
    """0 for the first term of an account."""
    starts: Ints
    ends: Ints
    """Exclusive."""
    notice_lead: Floats
    """Days from the notice, were it given, to the term's end."""
    decided: Floats
    """Day on which the decision to leave becomes known; NaN where the term is renewed or still open."""
    kind: Ints
    """Index into KINDS, -1 for none; contractions are added later, by the revenue."""
    state_day: Ints
    """Day whose latent state decides, 20 to 120 days before the notice, not before the first term."""
    chance: Floats
    """True probability of not renewing given that state, acquisitions aside; NaN where the day lies ahead."""
    silent: Flags
    price: Floats
    """Size of the uplift that awaits at the term's end, in standard deviations; 0 where none is planned."""
    uplift: Floats
    """The same uplift as a share of the ARR."""
    top_cause: Ints
    """Index into odds.CAUSES of the largest cause; -1 where none adds a quarter of a log-odd, or where it is silent."""

    def rows(self, which: Ints | Flags) -> Self:
        """The same columns for the given rows."""
        return type(self)(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @classmethod
    def concat(cls, parts: list[Self]) -> Self:
        """All parts below each other."""
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )


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


def draw_fate(world: World, prospects: Prospects, generation: int) -> Fate:
    """Equal seed and generation give equal draws, whatever the base rate turns out to be."""
    rng = stream(world.seed, f"fate-{generation}")
    shape = (7 * world.total_weeks // 30 + 8, len(prospects.size))
    leave, acquired, unpaid, silent, lead = (rng.random(shape) for _ in range(5))
    return Fate(leave, acquired, unpaid, silent, lead, rng.uniform(20, 120, shape), rng.standard_normal(shape))


def uplift_of(price: Floats) -> Floats:
    """Planned uplift as a share of ARR: 5 % on average, none below -1.25 standard deviations."""
    return np.clip(0.05 + 0.04 * price, 0.0, 0.20)


def top_cause_of(effects: Floats) -> Ints:
    """Column of the largest effect, or -1 below a quarter of a log-odd."""
    return np.where(effects.max(axis=1) >= 0.25, effects.argmax(axis=1), -1)


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
) -> tuple[Terms, Ints]:
    """The terms of one generation and each account's last day (STAYS if it has not left).

    Terms are laid until they begin three months after the data end: renewals are signed ahead.
    """
    earliest, latest = kind_leads(prospects.term_months == 1, prospects.notice_days)
    gone = states.champion_gone()
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
        lead = latest[rows, 0] + fate.lead[number, rows] * (earliest[rows, 0] - latest[rows, 0])
        state_day = np.maximum(np.floor(ends - lead - fate.lag[number, rows]).astype(np.int64), first_starts[rows])
        open_yet = state_day >= world.until_day
        week = np.clip((state_day - world.origin_day) // 7, 0, world.total_weeks - 1)
        own_week = np.clip((state_day - first_starts[rows]) // 7, 0, gone.shape[1] - 1)
        priced = (months > 1) | (number % 12 == 11)
        price = np.where(priced, np.clip(fate.price[number, rows], -1.25, 3.0), 0.0)
        effects = cause_effects(
            world,
            engagement=states.engagement[rows, week],
            payment=states.payment[rows, week],
            pain=states.pain[rows, week],
            sentiment=states.sentiment[rows, week],
            champion_gone=gone[rows, own_week],
            price=price,
        )
        years = months / 12
        silent = fate.silent[number, rows] < 1 - (1 - world.silent_share) ** years
        push = np.where(silent, world.silent_effect, effects.sum(axis=1))
        chance = sigmoid(intercepts[rows] + prospects.fit[rows] + market[week] + push)
        bought = ~open_yet & (fate.acquired[number, rows] < 1 - (1 - world.acquired_rate) ** years)
        leaves = ~open_yet & ((fate.leave[number, rows] < chance) | bought)
        unpaid = fate.unpaid[number, rows] < unpaid_share(
            world, states.payment[rows, week], prospects.billed_monthly[rows]
        )
        kind = np.where(leaves, np.where(bought, 2, np.where(unpaid & ~silent, 1, 0)), -1)
        own_lead = latest[rows, kind] + fate.lead[number, rows] * (earliest[rows, kind] - latest[rows, kind])
        decided = np.maximum(np.floor(ends - own_lead) + 0.4 + 0.3 * fate.lead[number, rows], begin + 0.5)
        parts.append(
            Terms(
                account=rows.astype(np.int64),
                number=np.full(rows.size, number, dtype=np.int64),
                starts=begin,
                ends=ends,
                notice_lead=lead,
                decided=np.where(leaves, decided, np.nan),
                kind=kind.astype(np.int64),
                state_day=state_day,
                chance=np.where(open_yet, np.nan, chance),
                silent=silent,
                price=price,
                uplift=np.where(priced, uplift_of(price), 0.0),
                top_cause=np.where(silent | bought, -1, top_cause_of(effects)),
            )
        )
        left[rows[leaves]] = ends[leaves]
        alive[rows[leaves]] = False
        starts[rows] = ends
    return Terms.concat(parts), left
