"""The planner: the example of the texts, month by month to the cent (M18)."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from policy.policy import load_policy
from serving.workbench.kpis.scenario import Rates, outlook, planned, rates_now

SCENARIO = load_policy().scenario


def test_the_ten_millions_of_the_texts_as_they_go_on_and_as_promised() -> None:
    found = planned(SCENARIO)
    assert rates_now(SCENARIO) == Rates(10_000_000, churn=0.15, expansion=0.20)
    assert (found.now.grr, found.now.nrr, found.now.end_arr) == (0.85, 1.05, 10_500_000)
    assert found.promised.rates.expansion == 0.25
    assert (found.promised.grr, found.promised.nrr, found.promised.end_arr) == (0.90, 1.15, 11_500_000)
    assert (found.target_arr, found.new_arr_needed) == (14_000_000, 2_500_000)
    assert round(found.promised.lifetime_years or 0, 6) == 10


def test_the_months_are_even_and_close() -> None:
    steps = outlook(Rates(10_000_000, churn=0.15, expansion=0.20)).steps
    assert len(steps) == 12
    assert (steps[0].churn, steps[0].expansion, steps[0].end) == (12_500_000, 16_666_666, 1_004_166_666)
    assert sum(step.expansion for step in steps) == 200_000_000


def test_a_second_year_starts_from_what_the_first_one_left() -> None:
    found = outlook(Rates(1_000_000, churn=0.10, new_arr=100_000, months=24))
    assert found.steps[11].end == 100_000_000
    assert found.end_arr == 1_000_000
    assert outlook(Rates(1_000_000, churn=0.10, months=24)).end_arr == 810_000


def test_without_churn_there_is_no_mean_lifetime_and_with_more_of_everything_nothing_is_needed() -> None:
    assert outlook(Rates(1.0, churn=0.0)).lifetime_years is None
    assert planned(SCENARIO, Rates(20_000_000, churn=0.1)).new_arr_needed == 0


def test_to_another_company_the_scenarios_arr_promises_nothing() -> None:
    found = planned(SCENARIO, Rates(2_000_000, churn=0.1), of_another=True)
    assert (found.target_arr, found.new_arr_needed, found.promised.nrr) == (None, None, 1.15)


SHARES = st.floats(0, 1, allow_nan=False)


@given(
    st.floats(0, 1e9, allow_nan=False), SHARES, SHARES, SHARES, st.floats(0, 1e8, allow_nan=False), st.integers(1, 40)
)
def test_whatever_the_rates_every_month_closes_to_the_cent(
    arr: float, churn: float, contraction: float, expansion: float, new_arr: float, months: int
) -> None:
    steps = outlook(Rates(arr, churn, contraction, expansion, new_arr, months)).steps
    assert len(steps) == months
    for before, step in pairwise(steps):
        assert step.start == before.end
    for step in steps:
        assert step.end == step.start - step.churn - step.contraction + step.expansion + step.new
