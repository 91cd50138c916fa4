"""Why accounts leave: the true log-odds of not renewing, cause by cause, and how the ways of leaving compete."""

from __future__ import annotations

import numpy as np

from simulation.days import Flags, Floats, Ints
from simulation.families import CAUSES, FAMILIES, Standing
from simulation.prospects import Prospects
from simulation.world import World

CLOSED_IN_CRISIS = 0.9
"""Probability that an account billed by the month is closed at the term's end while a crisis goes on."""
CRISIS_WEEKS = 5
"""Age from which a crisis closes an account."""
_ACQUIRED_EARLIER = 120.0


def effect_sizes(world: World) -> Floats:
    """The world's effects, in the order of CAUSES."""
    return np.array(
        [
            world.usage_effect,
            world.payment_effect,
            world.pain_effect,
            world.sentiment_effect,
            world.champion_effect,
            world.price_effect,
        ]
    )


def cause_effects(world: World, at: Standing, moments: Floats | None = None) -> Floats:
    """Log-odds that each cause adds, one row a decision, one column each in the order of CAUSES.

    Decisions at `moments` (days) on or after the market's break weigh usage and price as it left them; None is before.
    """
    effects = np.column_stack(FAMILIES[world.family](at)).astype(np.float64) * effect_sizes(world)
    if moments is not None:
        after = moments >= world.break_day
        effects[after, CAUSES.index("usage")] *= world.break_usage
        effects[after, CAUSES.index("price")] *= world.break_price
    return effects


def sigmoid(log_odds: Floats) -> Floats:
    """Log-odds to probability."""
    return np.asarray(1.0 / (1.0 + np.exp(-log_odds)))


def intercept_for(log_odds: Floats, share: float) -> float:
    """The constant that makes the mean probability of `log_odds` equal `share`."""
    low, high = -15.0, 10.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if sigmoid(log_odds + middle).mean() < share else (low, middle)
    return (low + high) / 2


def relative_churn(world: World, prospects: Prospects) -> Floats:
    """Annual churn of each prospect's segment and contract type, up to one common scale."""
    relative = np.array(world.churn_by_segment)[prospects.segment]
    return np.asarray(relative * np.where(prospects.term_months == 1, world.monthly_churn_ratio, 1.0))


def kind_chances(chance: Floats, closed: Flags, bought: Floats) -> Floats:
    """Probability of each way of leaving at the end of a term: voluntary, non_payment, acquired; the rest stays.

    An acquisition comes before everything, a notice before an unpaid invoice. `closed`: a crisis old enough goes on at
    the term's end of an account billed by the month.
    """
    return np.column_stack(
        [(1 - bought) * chance, (1 - bought) * (1 - chance) * CLOSED_IN_CRISIS * closed.astype(np.float64), bought]
    )


def kind_leads(world: World, monthly: Flags, notice_days: Ints) -> tuple[Floats, Floats]:
    """Earliest and latest distance in days from the decision to the term's end: one column each for voluntary,
    non_payment and acquired. Within these the day is uniform.

    A voluntary notice comes shortly before its deadline, of a month-to-month account at any time within the month.
    """
    notice = notice_days.astype(np.float64)
    ones = np.ones(len(notice))
    latest = np.column_stack([np.where(monthly | (notice == 0), 1.0, notice), ones, np.where(monthly, 1.0, notice + 1)])
    spread = world.notice_spread_days
    early = np.where(monthly, 27.0, np.where(notice == 0, spread + 20.0, notice + spread))
    acquired = np.where(monthly, 27.0, notice + _ACQUIRED_EARLIER)
    return np.column_stack([early, 14.0 * ones, acquired]), latest


def signing_room(monthly: Flags, notice_days: Ints) -> Floats:
    """A renewal is signed between so many days and one day before the term's end, uniformly."""
    return np.where(monthly, 3.0, np.maximum(notice_days, 21)).astype(np.float64)
