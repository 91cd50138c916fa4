"""How causes act: the structural families, so that no kind of model wins by construction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.days import Flags, Floats

CAUSES = ("usage", "payment", "support", "sentiment", "champion", "price")
_LOW_SD, _HIGH_SD, _FAR_SD = 0.43, 0.37, 0.37
"""Standard deviations of the yes/no below -0.7, and beyond 1, of a standard normal."""
_LATE_SD = 0.32
"""Of "pays later than the threshold" at its default of 21 days (about one account in nine)."""


@dataclass(frozen=True)
class Standing:
    """What a decision rests on, one row a decision: latent states (mean 0, SD near 1), yes/no and the coming price."""

    engagement: Floats
    late_payment: Floats
    """State of payment; high is trouble."""
    pays_late: Flags
    """The state is beyond the threshold, or a crisis is on."""
    pain: Floats
    sentiment: Floats
    champion_gone: Flags
    price: Floats
    """Uplift that awaits, in standard deviations; 0 where none is planned."""


def _mixed(at: Standing) -> tuple[Floats, ...]:
    """Straight lines, one threshold (payment) and one interaction (price, once the champion is gone)."""
    gone = at.champion_gone.astype(np.float64)
    late = at.pays_late.astype(np.float64)
    return -at.engagement, late / _LATE_SD, at.pain, -at.sentiment, gone, at.price * (1 + 1.2 * gone)


def _additive(at: Standing) -> tuple[Floats, ...]:
    """Straight lines only: the home of a logistic regression."""
    return (
        -at.engagement,
        at.late_payment,
        at.pain,
        -at.sentiment,
        at.champion_gone.astype(np.float64),
        at.price,
    )


def _threshold(at: Standing) -> tuple[Floats, ...]:
    """Nothing counts until it is bad enough: the home of trees."""
    return (
        (at.engagement < -0.7) / _LOW_SD,
        at.pays_late / _LATE_SD,
        (at.pain > 1.0) / _HIGH_SD,
        (at.sentiment < -1.0) / _HIGH_SD,
        at.champion_gone.astype(np.float64),
        (at.price > 1.0) / _FAR_SD,
    )


def _interaction(at: Standing) -> tuple[Floats, ...]:
    """Causes count fully only together: usage without a champion, pain in a bad mood, price while payment is late."""
    gone = at.champion_gone.astype(np.float64)
    unhappy = (at.sentiment < 0).astype(np.float64)
    return (
        -at.engagement * (0.6 + 1.2 * gone),
        at.pays_late / _LATE_SD,
        at.pain * (0.3 + 1.2 * unhappy),
        -at.sentiment,
        gone,
        at.price * (0.5 + 1.2 * gone + 1.2 * at.pays_late),
    )


def _usage_uninformative(at: Standing) -> tuple[Floats, ...]:
    """Usage says nothing: seats and logins are habit, the rest decides."""
    usage, *others = _mixed(at)
    return (np.zeros_like(usage), *others)


def _price_driven(at: Standing) -> tuple[Floats, ...]:
    """Mostly the coming price."""
    usage, payment, support, sentiment, champion, price = _mixed(at)
    return 0.4 * usage, payment, 0.5 * support, 0.5 * sentiment, champion, 2.2 * price


def _null(at: Standing) -> tuple[Floats, ...]:
    """Nothing that anybody could measure: whoever finds a pattern here has found noise."""
    return (np.zeros_like(at.engagement),) * len(CAUSES)


FAMILIES = {
    "mixed": _mixed,
    "additive": _additive,
    "threshold": _threshold,
    "interaction": _interaction,
    "usage_uninformative": _usage_uninformative,
    "price_driven": _price_driven,
    "null": _null,
}
"""By name: six columns of unit causes, in the order of CAUSES, which the world's effects multiply."""
WITHOUT_SIGNAL = ("null",)
