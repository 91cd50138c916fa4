"""Back to green within 30 days: the first of two scores in a row, counted per play with its interval (I8)."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from serving.workbench.plays.success import Started, Success, recovered_on, recoveries, successes
from tests.serving.workbench.facts import AS_OF, POLICY

DAY = date(2026, 3, 2)
WEEK = timedelta(weeks=1)


def scores(*values: float | None) -> dict[date, float | None]:
    """One score a week, the first on the day the play was published."""
    return {DAY + place * WEEK: value for place, value in enumerate(values)}


@pytest.mark.parametrize(
    ("given", "weeks"),
    [
        ((60, 75, 75), 1),
        ((60, 74.99, 75, 80), 2),
        ((60, 80, 60, 80, 80), 3),
        ((60, 80), None),
        ((60, 80, None, 80), None),
        ((80, 80, 60), None),
    ],
)
def test_the_day_is_the_first_of_two_green_scores_in_a_row_after_publication(
    given: tuple[float | None, ...], weeks: int | None
) -> None:
    found = recovered_on(scores(*given), DAY, POLICY)
    assert found == (None if weeks is None else DAY + weeks * WEEK)


def test_every_way_back_to_green_is_a_recovery_and_being_green_is_none() -> None:
    assert recoveries(scores(80, 80, 60, 80, 80, 40, 80, 80), POLICY) == [DAY + 3 * WEEK, DAY + 6 * WEEK]
    assert recoveries(scores(80, 80, 80), POLICY) == []
    assert recoveries(scores(60, 80, 60), POLICY) == []


def test_a_round_counts_where_the_account_was_green_within_30_days_and_is_open_until_they_are_over() -> None:
    # Published on 2 March 2026, the 30 days end on 1 April: day 28 is in time, day 35 is not.
    known = {
        "in time": scores(60, 60, 60, 60, 80, 80),
        "late": scores(60, 60, 60, 60, 60, 80, 80),
        "young": {},
    }
    started = [
        Started("in time", "call", DAY, DAY),
        Started("late", "call", DAY, DAY),
        Started("young", "call", date(2026, 5, 2), date(2026, 5, 2)),
    ]
    (found,) = successes(started, known, AS_OF, POLICY)
    assert (found.play, found.rounds, found.recovered, found.open, found.share) == ("call", 2, 1, 1, 0.5)
    # Wilson for 1 of 2, worked by hand: (1 + z²/2 ± z √(1/2 + z²/4)) ÷ (2 + z²) with z = 1.96.
    assert found.low == pytest.approx(0.0945, abs=1e-4)
    assert found.high == pytest.approx(0.9055, abs=1e-4)


def test_without_a_round_whose_time_is_over_nothing_is_said() -> None:
    (found,) = successes([Started("a", "call", date(2026, 5, 2), date(2026, 5, 2))], {}, AS_OF, POLICY)
    assert found == Success("call", 0, 0, 1, None, None, None)


def test_thirty_days_after_publication_are_over_on_the_thirty_first() -> None:
    def rounds(published: date) -> int:
        return successes([Started("a", "call", published, published)], {}, AS_OF, POLICY)[0].rounds

    assert (rounds(AS_OF - timedelta(days=30)), rounds(AS_OF - timedelta(days=31))) == (0, 1)


def test_a_round_of_an_account_that_was_green_is_told_apart() -> None:
    known = {"ill": scores(60, 80, 80), "risky": scores(80, 80, 80)}
    (found,) = successes([Started(name, "call", DAY, DAY) for name in known], known, AS_OF, POLICY)
    assert (found.rounds, found.recovered, found.share, found.began_green) == (1, 1, 1.0, 1)


def test_a_day_of_something_else_breaks_the_row() -> None:
    assert recovered_on(scores(80, 80, 80, 80), DAY, POLICY, {DAY + WEEK}) == DAY + 2 * WEEK
