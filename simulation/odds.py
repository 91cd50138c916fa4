"""Why accounts leave: the true log-odds of not renewing, cause by cause."""

from __future__ import annotations

import numpy as np

from simulation.days import Flags, Floats, Ints
from simulation.prospects import Prospects
from simulation.states import payment_limit
from simulation.world import World

CAUSES = ("usage", "payment", "support", "sentiment", "champion", "price")
UNPAID_WHEN_OVERDUE = 0.88
UNPAID_OTHERWISE = 0.16
"""Share of leavers billed by the month who stop paying instead of giving notice; they blend to BLENDED_UNPAID."""
BLENDED_UNPAID = 0.28
_TAIL_SD = 0.32
"""Standard deviation of the yes/no "beyond the threshold" at its default of 21 days (about one account in nine)."""


def cause_effects(
    world: World,
    *,
    engagement: Floats,
    payment: Floats,
    pain: Floats,
    sentiment: Floats,
    champion_gone: Flags,
    price: Floats,
) -> Floats:
    """Log-odds that each cause adds, one row an account, one column each in the order of CAUSES.

    Payment counts only beyond the overdue threshold; a coming uplift counts more when the champion is gone.
    """
    overdue = (payment > payment_limit(world.overdue_threshold_days)).astype(np.float64)
    gone = champion_gone.astype(np.float64)
    return np.column_stack(
        [
            -world.usage_effect * engagement,
            world.payment_effect / _TAIL_SD * overdue,
            world.pain_effect * pain,
            -world.sentiment_effect * sentiment,
            world.champion_effect * gone,
            (world.price_effect + world.champion_price_effect * gone) * price,
        ]
    )


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


def unpaid_share(world: World, payment: Floats, billed_monthly: Flags) -> Floats:
    """Probability that an account that leaves does so by no longer paying; needs invoices that can go unpaid."""
    overdue = payment > payment_limit(world.overdue_threshold_days)
    share = np.where(overdue, UNPAID_WHEN_OVERDUE, UNPAID_OTHERWISE) * world.involuntary_share / BLENDED_UNPAID
    return np.where(billed_monthly, np.minimum(share, 1.0), 0.0)


def relative_churn(world: World, prospects: Prospects) -> Floats:
    """Annual churn of each prospect's segment and contract type, up to one common scale."""
    relative = np.array(world.churn_by_segment)[prospects.segment]
    return np.asarray(relative * np.where(prospects.term_months == 1, world.monthly_churn_ratio, 1.0))


def kind_leads(monthly: Flags, notice_days: Ints) -> tuple[Floats, Floats]:
    """Earliest and latest distance in days from the decision to the term's end: one column each for voluntary,
    non_payment and acquired. Within these the day is uniform.

    A voluntary notice comes shortly before its deadline, of a month-to-month account at any time within the month.
    """
    notice = notice_days.astype(np.float64)
    latest = np.column_stack(
        [np.where(monthly | (notice == 0), 1.0, notice), np.ones(len(notice)), np.where(monthly, 1.0, notice + 1.0)]
    )
    early = np.where(monthly, 27.0, np.where(notice == 0, 35.0, notice + 15.0))
    earliest = np.column_stack([early, np.full(len(notice), 14.0), np.where(monthly, 27.0, notice + 120.0)])
    return earliest, latest
