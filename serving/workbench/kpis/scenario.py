"""The planner (M18): what rates come to by the year's end and month by month, beside what is promised."""

from __future__ import annotations

from dataclasses import dataclass, replace

from policy.metrics import Scenario
from policy.scenario import DECIMALS, implied

MONTHS_A_YEAR = 12
CENTS = 100


@dataclass(frozen=True)
class Rates:
    """ARR at the start and the rates of a year, each a share of the ARR with which the year begins; new ARR in money."""

    arr: float
    churn: float
    contraction: float = 0.0
    expansion: float = 0.0
    new_arr: float = 0.0
    months: int = MONTHS_A_YEAR


@dataclass(frozen=True)
class Step:
    """One month, in whole cents: start − churn − contraction + expansion + new = end."""

    month: int
    start: int
    churn: int
    contraction: int
    expansion: int
    new: int
    end: int


@dataclass(frozen=True)
class Outlook:
    """What the rates come to. `grr` and `nrr` are those of a year; `lifetime_years` 1 ÷ churn, null without churn."""

    rates: Rates
    steps: tuple[Step, ...]
    end_arr: float
    grr: float
    nrr: float
    lifetime_years: float | None


def outlook(rates: Rates) -> Outlook:
    """Month by month to the cent: a year's amounts are spread evenly, the last month of a year takes what rounding left.

    >>> found = outlook(Rates(10_000_000, churn=0.15, expansion=0.20))
    >>> found.end_arr, found.nrr, len(found.steps)
    (10500000.0, 1.05, 12)
    """
    arr = round(rates.arr * CENTS)
    steps: list[Step] = []
    while len(steps) < rates.months:
        year = {
            "churn": round(arr * rates.churn),
            "contraction": round(arr * rates.contraction),
            "expansion": round(arr * rates.expansion),
            "new": round(rates.new_arr * CENTS),
        }
        for place in range(min(MONTHS_A_YEAR, rates.months - len(steps))):
            share = {name: _part(amount, place) for name, amount in year.items()}
            end = arr - share["churn"] - share["contraction"] + share["expansion"] + share["new"]
            steps.append(Step(len(steps) + 1, arr, **share, end=end))
            arr = end
    grr = round(1 - rates.churn - rates.contraction, DECIMALS)
    return Outlook(
        rates,
        tuple(steps),
        arr / CENTS,
        grr,
        round(grr + rates.expansion, DECIMALS),
        1 / rates.churn if rates.churn else None,
    )


@dataclass(frozen=True)
class Planned:
    """The scenario as it goes on now and as promised, and what the promise needs beside its own rates.

    `new_arr_needed` is the ARR of new customers that is missing to the promised ARR at the end, 0 where nothing is; both
    are null where no ARR is promised.
    """

    now: Outlook
    promised: Outlook
    target_arr: float | None
    new_arr_needed: float | None


def rates_now(scenario: Scenario) -> Rates:
    """The scenario's rates: expansion is what its NRR and its churn leave over."""
    return Rates(scenario.arr, scenario.churn, expansion=implied(scenario).expansion, months=scenario.months)


def planned(scenario: Scenario, now: Rates | None = None, *, of_another: bool = False) -> Planned:
    """The two plans, from the scenario's rates or from those given; what is promised keeps its churn and its NRR.

    `of_another`: the rates are of another company than the scenario's, whose ARR promises nothing to it.
    """
    given = now or rates_now(scenario)
    promised = replace(
        given,
        churn=scenario.target_churn,
        contraction=0.0,
        expansion=round(scenario.target_nrr - (1 - scenario.target_churn), DECIMALS),
        new_arr=0.0,
    )
    ahead = outlook(promised)
    if of_another:
        return Planned(outlook(given), ahead, None, None)
    needed = max(round(scenario.target_arr - ahead.end_arr, 2), 0.0)
    return Planned(outlook(given), ahead, scenario.target_arr, needed)


def _part(amount: int, place: int) -> int:
    """The share of one month of a year's amount: whole cents that add up to it."""
    return amount * (place + 1) // MONTHS_A_YEAR - amount * place // MONTHS_A_YEAR
