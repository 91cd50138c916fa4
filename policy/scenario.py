"""The scenario audit (M18): what the promised rates imply, computed and set beside what is promised."""

from __future__ import annotations

from dataclasses import dataclass

from policy.metrics import Scenario
from policy.segments import Segments

# Rates are given in whole percents; sums of them in floats miss by some 1e-17.
DECIMALS = 10


@dataclass(frozen=True)
class Implied:
    """What follows from the scenario's rates. Shares are of the ARR at the start; money is in its currency."""

    grr: float
    expansion: float
    target_grr: float
    target_expansion: float
    arr_from_nrr: float
    new_logos: float
    lifetime_gain: float
    ltv_churn: float
    average_arr: float
    activated: float


def implied(scenario: Scenario) -> Implied:
    """The arithmetic of the scenario: NRR = GRR + expansion, mean lifetime = 1 ÷ churn."""
    grr, target_grr = 1 - scenario.churn, 1 - scenario.target_churn
    arr_from_nrr = scenario.arr * scenario.target_nrr
    return Implied(
        grr=round(grr, DECIMALS),
        expansion=round(scenario.nrr - grr, DECIMALS),
        target_grr=round(target_grr, DECIMALS),
        target_expansion=round(scenario.target_nrr - target_grr, DECIMALS),
        arr_from_nrr=round(arr_from_nrr, 2),
        new_logos=round(scenario.target_arr - arr_from_nrr, 2),
        lifetime_gain=round(scenario.churn / scenario.target_churn - 1, DECIMALS),
        ltv_churn=round(scenario.churn / (1 + scenario.target_ltv_gain), DECIMALS),
        average_arr=round(scenario.arr / scenario.customers, 2),
        activated=round(1 - scenario.never_activate, DECIMALS),
    )


@dataclass(frozen=True)
class Audited:
    """One promise of the scenario, what its own rates say to it, and whether the two agree."""

    about: str
    says: str
    agrees: bool


def audit(scenario: Scenario, segments: Segments, *, activation_from: float) -> tuple[Audited, ...]:
    """Every promise of the scenario beside what its own rates imply."""
    found = implied(scenario)
    gap = found.new_logos
    gain, promised = found.lifetime_gain, scenario.target_ltv_gain
    on_boundary = found.average_arr in segments.boundaries()
    reached = found.activated == activation_from
    return (
        Audited(
            "expansion now",
            f"GRR {percent(found.grr)} with NRR {percent(scenario.nrr)} implies {percent(found.expansion)} expansion "
            f"in {scenario.months} months, {money(found.expansion * scenario.arr)} on {money(scenario.arr)}.",
            found.expansion >= 0,
        ),
        Audited(
            "expansion promised",
            f"GRR {percent(found.target_grr)} with NRR {percent(scenario.target_nrr)} needs "
            f"{percent(found.target_expansion)} expansion, "
            f"{(found.target_expansion - found.expansion) * 100:+.3g} points on now.",
            found.target_expansion <= found.expansion,
        ),
        Audited(
            "ARR promised",
            f"NRR {percent(scenario.target_nrr)} alone gives {money(found.arr_from_nrr)}; "
            + (
                f"{money(scenario.target_arr)} needs {money(gap)} of new logos."
                if gap > 0
                else f"that reaches the {money(scenario.target_arr)} promised without new logos."
            ),
            gap <= 0,
        ),
        Audited(
            "lifetime value promised",
            f"Churn {percent(scenario.churn)} → {percent(scenario.target_churn)} changes the mean lifetime by "
            f"{gain * 100:+.3g} %; {promised * 100:+.3g} % LTV would match a churn of {percent(found.ltv_churn)}.",
            abs(gain - promised) < 0.005,
        ),
        Audited(
            "activation now",
            f"{percent(scenario.never_activate)} never activate, so {percent(found.activated)} do; "
            f"the plan starts from {percent(activation_from)}.",
            reached,
        ),
        Audited(
            "average account",
            f"{money(scenario.arr)} over {scenario.customers:,} customers is {money(found.average_arr)} each"
            + (
                ", exactly on a boundary of the segments: where half-open bands put it matters." if on_boundary else "."
            ),
            not on_boundary,
        ),
    )


def percent(share: float) -> str:
    """A share for people, to a tenth of a percent.

    >>> percent(0.85), percent(0.15 / 1.4), percent(1.05)
    ('85 %', '10.7 %', '105 %')
    """
    return f"{round(share * 100, 1):g} %"


def money(amount: float) -> str:
    """An amount for people.

    >>> money(11_500_000), money(20_000), money(10_000_000), money(12_345)
    ('$11.5M', '$20K', '$10M', '$12,345')
    """
    for size, letter in ((1_000_000, "M"), (1_000, "K")):
        short = f"{amount / size:g}"
        if abs(amount) >= size and len(short) <= 5:
            return f"${short}{letter}"
    return f"${amount:,.0f}"
