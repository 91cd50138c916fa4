"""Beside others of the segment: at least five of them, none by name, and no figure that gives one of them away."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.errors import SettingsError
from policy.policy import load_policy, policy_from
from serving.workbench.qbr.benchmark import around, benchmark, middle
from serving.workbench.qbr.brief import benchmarks
from serving.workbench.qbr.records import Benchmark
from tests.serving.qbr.material import features

POLICY = load_policy()
SEATS = "seat_utilisation_28d"


def beside(*peers: float | None, own: float | None = 0.3) -> Benchmark:
    return benchmark(SEATS, own, peers, POLICY, currency="USD")


def test_the_middle_and_the_quartiles_are_means_of_several_peers() -> None:
    # Sorted .1 .2 .3 .6 .9: the three lowest, the three in the middle, the three highest.
    found = beside(0.9, 0.1, 0.6, 0.2, 0.3)
    assert [found.lower, found.median, found.upper] == pytest.approx([0.2, 1.1 / 3, 0.6])
    assert (found.own_text, found.lower_text, found.median_text, found.upper_text) == ("30 %", "20 %", "37 %", "60 %")
    assert (found.peers, found.withheld) == (5, "")


def test_four_peers_are_too_few_and_nothing_is_told_of_them() -> None:
    found = beside(0.1, 0.2, 0.3, 0.4)
    assert (found.lower, found.median, found.upper) == (None, None, None)
    assert (found.peers, found.withheld) == (4, "fewer than 5 similar customers to compare with")
    assert found.own_text == "30 %"
    assert beside(0.1, 0.2, 0.3, 0.4, 0.5).median is not None


def test_a_peer_of_which_nothing_is_known_is_none() -> None:
    assert beside(0.1, 0.2, 0.3, 0.4, None, float("nan")).peers == 4


def test_what_all_peers_have_in_common_is_not_told_as_it_would_be_known_of_each() -> None:
    assert beside(1.0, 1.0, 1.0, 1.0, 1.0, 1.0).median is None


def test_peers_are_the_others_of_the_team_segment() -> None:
    small, unknown = {"arr": 5_000.0, SEATS: 0.99}, {"arr": None, SEATS: 0.99}
    frame = features(*({SEATS: n / 10} for n in range(1, 6)), small, unknown, seat_utilisation_28d=0.8)
    found = {b.indicator: b for b in benchmarks(frame, "acc-1", POLICY, currency="USD")}
    assert (found[SEATS].own, found[SEATS].peers, found[SEATS].median) == (0.8, 5, pytest.approx(0.3))
    # What is not known of the account is not compared.
    assert "advanced_use_share_28d" not in found


@pytest.mark.parametrize("count", [*range(5, 40), 100, 101])
def test_no_value_of_one_peer_follows_from_the_three_figures(count: int) -> None:
    """No combination of the figures is a single peer's value: its unit vector is not in the span of the three."""
    rows = [
        [Fraction(int(i in around(count, q)), len(around(count, q))) for i in range(count)] for q in (0.25, 0.5, 0.75)
    ]
    assert all(len(around(count, q)) >= 3 for q in (0.25, 0.5, 0.75))
    rank = rank_of(rows)
    for peer in range(count):
        assert rank_of([*rows, [Fraction(int(i == peer)) for i in range(count)]]) == rank + 1, peer


def rank_of(rows: list[list[Fraction]]) -> int:
    left, rank = [list(r) for r in rows], 0
    for column in range(len(rows[0])):
        pivot = next((i for i in range(rank, len(left)) if left[i][column]), None)
        if pivot is None:
            continue
        left[rank], left[pivot] = left[pivot], left[rank]
        for i in range(rank + 1, len(left)):
            factor = left[i][column] / left[rank][column]
            left[i] = [a - factor * b for a, b in zip(left[i], left[rank], strict=True)]
        rank += 1
    return rank


@given(st.lists(st.integers(0, 100), min_size=5, max_size=60).map(sorted))
def test_the_figures_lie_in_order_and_within_the_peers(values: list[int]) -> None:
    lower, median, upper = (middle(values, q) for q in (0.25, 0.5, 0.75))
    assert values[0] <= lower <= median <= upper <= values[-1]


@given(st.integers(5, 60))
def test_the_middle_of_evenly_spread_peers_is_their_median(count: int) -> None:
    assert middle(list(range(count)), 0.5) == pytest.approx((count - 1) / 2)


def test_a_policy_that_would_compare_with_fewer_than_five_is_refused() -> None:
    with pytest.raises(SettingsError, match="benchmark_least"):
        policy_from({"qbr": {"benchmark_least": 4}}, where="policy.yaml")
