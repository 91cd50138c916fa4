"""What a ranking is worth in money, and from which probability on it pays to act. The only module that imports empulse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.bootstrap import Resampler
from models.scorer import Array
from policy.money import Money

DRAWS = 200
"""Of the accounts, for the intervals of EMPC and EMPB: the best share to contact is sought anew in each."""
THRESHOLDS = tuple(round(0.01 * i, 2) for i in range(1, 41))


def empc(churned: Array, score: Array, money: Money) -> float | None:
    """Expected maximum profit per row at the best share to contact, every customer of the same value.

    How many take the offer is uncertain: profit is averaged over that share (Verbraken 2013, doi 10.1109/TKDE.2012.50).
    Null without both kinds of rows.
    """
    from empulse.metrics import empc_score

    if not churned.any() or churned.all():
        return None
    return float(
        empc_score(
            churned,
            score,
            alpha=money.taken.alpha,
            beta=money.taken.beta,
            clv=money.customer_value,
            incentive_cost=money.incentive,
            contact_cost=money.contact,
        )
    )


def empb(churned: Array, score: Array, arr: Array, money: Money) -> float | None:
    """Expected maximum profit per row where every customer is worth its own ARR (Janssens 2022).

    The offer costs the same share of each customer's ARR as `incentive` is of `customer_value`, and a contact that
    share of the average ARR. Null without both kinds of rows, or where no row has an ARR; rows without one are left out.
    """
    from empulse.metrics import empb_score

    known = arr > 0
    y, s, value = churned[known], score[known], arr[known]
    if not y.any() or y.all():
        return None
    return float(
        empb_score(
            y,
            s,
            clv=value,
            alpha=money.taken.alpha,
            beta=money.taken.beta,
            incentive_fraction=money.incentive / money.customer_value,
            contact_cost=money.contact / money.customer_value * float(value.mean()),
        )
    )


def profit_draws(
    resampler: Resampler, churned: Array, score: Array, arr: Array, money: Money, *, draws: int = DRAWS
) -> tuple[Array, Array]:
    """(EMPC, EMPB) of the first draws of the accounts; NaN where undefined."""
    found = np.full((2, draws), np.nan)
    for draw in range(draws):
        rows = np.repeat(np.arange(len(churned)), resampler.multiplicity[resampler.account, draw].astype(int))
        y, s, value = churned[rows], score[rows], arr[rows]
        found[:, draw] = [np.nan if v is None else v for v in (empc(y, s, money), empb(y, s, value, money))]
    return found[0], found[1]


def pays_from(money: Money) -> float:
    """The probability from which an offer pays, at the mean share that takes it.

    >>> from policy.policy import load_policy
    >>> round(pays_from(load_policy().money), 4)  # 11 / (0.3 × 190 + 10)
    0.1642
    """
    share = money.taken.alpha / (money.taken.alpha + money.taken.beta)
    kept = share * (money.customer_value - money.incentive)
    return (money.incentive + money.contact) / (kept + money.incentive)


def net_benefit(churned: Array, probability: Array, *, threshold: float) -> float:
    """Churned rows found per row, less the false alarms at the odds of the threshold (Vickers 2006).

    >>> net_benefit(np.array([1.0, 0, 0, 0]), np.array([0.9, 0.6, 0.1, 0.1]), threshold=0.5)
    0.0
    """
    return float(benefit_by_row(churned, probability, threshold=threshold).mean())


def benefit_by_row(churned: Array, probability: Array, *, threshold: float) -> Array:
    """What each row adds to the net benefit: 1 for a churned row found, minus the odds for a false alarm."""
    acted = probability >= threshold
    return np.asarray(acted * (churned - (1 - churned) * threshold / (1 - threshold)))


def net_benefit_curve(
    churned: Array, probability: Array, *, thresholds: Sequence[float] = THRESHOLDS
) -> list[tuple[float, float]]:
    """(threshold, net benefit), for every threshold."""
    return [(t, net_benefit(churned, probability, threshold=t)) for t in thresholds]
