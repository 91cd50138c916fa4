"""Tuning's rule and budget, on losses made up by hand: what is chosen, when the default stays, when trials end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from models.boosted import Growth, Trees, suited
from models.scorer import Array
from models.tune import Budget, Tuning, paired_error, tuned, within_one_error

ACCOUNTS = ["a", "a", "b", "b", "c", "d"]
DEFAULT, SMALL, LARGE = Growth(), Growth(leaves=3), Growth(leaves=12)


class Listed:
    """A search that proposes what it was given, and keeps what it hears."""

    def __init__(self, *growths: Growth) -> None:
        self._next = iter(growths)
        self.heard: list[float] = []

    def propose(self) -> Growth:
        return next(self._next)

    def learn(self, log_loss: float) -> None:
        self.heard.append(log_loss)


def chosen(growths: Sequence[Growth], losses: Sequence[Sequence[float]]) -> Growth:
    found = within_one_error(growths, [np.array(loss) for loss in losses], ACCOUNTS)
    (one,) = [t for t in found if t.chosen]
    return one.growth


def test_what_is_better_for_everybody_is_chosen_however_little_and_however_far_accounts_differ() -> None:
    # Losses between accounts lie 4 apart; the two trials lie .001 apart, for every account alike.
    default = np.array([0.1, 0.1, 4.1, 4.1, 0.1, 0.1])
    assert chosen([DEFAULT, LARGE], [list(default), list(default - 0.001)]) == LARGE


def test_within_one_standard_error_of_the_best_the_default_stays() -> None:
    # Better by .03 in b's two rows, worse by .005 elsewhere: mean gain .04 / 6, of which b alone is the reason.
    default = [0.1, 0.1, 0.1, 0.1, 0.1, 0.1]
    other = [0.105, 0.105, 0.07, 0.07, 0.105, 0.105]
    gain, error = paired_error(np.array(default) - np.array(other), ACCOUNTS)
    assert gain == pytest.approx(0.04 / 6)
    # Sums less the mean by account: a −.0233, b .0467, c and d −.0117; squared .002994; × 4/3, root, ÷ 6 rows.
    assert error == pytest.approx(np.sqrt(0.0029944 * 4 / 3) / 6, rel=1e-3)
    assert gain < error
    assert chosen([DEFAULT, LARGE], [default, other]) == DEFAULT


def test_an_account_counts_once_however_many_rows_it_has() -> None:
    difference = np.array([0.3, 0.3, 0.3, 0.3, -0.1, -0.1])
    mean, by_account = paired_error(difference, ["a", "a", "a", "a", "b", "c"])
    _, by_row = paired_error(difference, list("abcdef"))
    assert mean == pytest.approx(1 / 6)
    # By account: sums less the mean .5333, −.2667, −.2667, squared .4267; × 3/2, root, ÷ 6 rows.
    assert by_account == pytest.approx(np.sqrt(0.42667 * 1.5) / 6, rel=1e-4)
    assert by_row == pytest.approx(np.sqrt(0.21333 * 1.2) / 6, rel=1e-4)


NEARLY = np.full(6, 0.2) + np.array([0.01, 0.01, -0.01, -0.01, 0.002, 0.0])


def test_where_the_default_is_worse_the_nearest_to_it_of_the_good_ones_is_taken_not_the_best() -> None:
    near, far = Growth(leaves=5), Growth(leaves=12, l2=80.0)
    flat, best = [0.5] * 6, [0.2] * 6
    assert chosen([DEFAULT, far, near], [flat, best, list(NEARLY)]) == near
    # Whatever the order in which they were tried.
    assert chosen([DEFAULT, near, far], [flat, list(NEARLY), best]) == near


def test_nearness_counts_doublings_and_halvings_of_every_parameter() -> None:
    assert DEFAULT.away == 0
    assert Growth(leaves=12, rounds=0.25, fuller=2.0, l2=1.5, columns=0.6).away == pytest.approx(1 + 2 + 1 + 1 + 1)


def test_of_equally_near_ones_the_better_is_taken() -> None:
    flat, half, twice = [0.5] * 6, Growth(l2=1.5), Growth(l2=6.0)
    assert chosen([DEFAULT, half, twice], [flat, list(NEARLY), [0.2] * 6]) == twice


def test_the_default_stays_though_another_is_as_good() -> None:
    assert chosen([DEFAULT, SMALL], [[0.5] * 6, [0.5] * 6]) == DEFAULT


def by_leaves(growth: Growth) -> Array:
    """A made-up scorer for which every leaf helps, everybody alike."""
    return np.full(6, 0.5 - 0.01 * growth.leaves)


def test_a_planted_difference_is_found_and_the_search_hears_of_every_trial() -> None:
    search = Listed(DEFAULT, SMALL, LARGE)
    found = tuned(ACCOUNTS, by_leaves, Budget(3), search)
    assert found.growth == LARGE
    assert search.heard == pytest.approx([0.44, 0.47, 0.38])
    assert [t.behind for t in found.tried] == pytest.approx([0.06, 0.09, 0.0])
    assert found.sentence.startswith(
        "Tuned: 3 trials in 0 s; the best gained .06000, more than one standard error .00000"
    )
    assert "12 leaves" in found.sentence


def test_the_sentence_says_that_the_defaults_stay_and_why() -> None:
    losses = {DEFAULT: np.full(6, 0.1), LARGE: np.array([0.105, 0.105, 0.07, 0.07, 0.105, 0.105])}
    found = tuned(ACCOUNTS, losses.__getitem__, Budget(2), Listed(DEFAULT, LARGE))
    assert found.growth is None
    assert found.sentence == (
        "Tuned: 2 trials in 0 s; the defaults stay: the best gained .00667, no more than one standard error .01053."
    )
    alone = tuned(ACCOUNTS, losses.__getitem__, Budget(1), Listed(DEFAULT))
    assert alone.sentence == "Tuned: 1 trial in 0 s; the defaults stay: no trial did better."


def ticking(*, seconds: float) -> Iterator[float]:
    now = 0.0
    while True:
        yield now
        now += seconds


def test_no_trial_begins_after_the_minutes_are_up_and_what_was_not_tried_is_told() -> None:
    clock = ticking(seconds=25)
    found = tuned(ACCOUNTS, by_leaves, Budget(30, 1), Listed(*[DEFAULT] * 30), clock=lambda: next(clock))
    # Looked at after the first, second and third trial: 25, 50, 75 seconds.
    assert len(found.tried) == 3
    assert "3 of 30 trials in 100 s, 27 not tried: the time (1 min) was up" in found.sentence
    assert (found.as_json()["asked"], found.as_json()["run"]) == (30, 3)


def test_the_first_trial_is_made_whatever_the_minutes() -> None:
    clock = ticking(seconds=1000)
    found = tuned(ACCOUNTS, by_leaves, Budget(30, 0.1), Listed(DEFAULT), clock=lambda: next(clock))
    assert [t.growth for t in found.tried] == [DEFAULT]
    assert found.growth is None


def test_without_rows_to_judge_nothing_is_tried_and_the_defaults_stay() -> None:
    found = tuned([], by_leaves, Budget(30), Listed())
    assert (found.tried, found.growth) == ((), None)
    assert found.sentence == "Tuned: no trial; the training period is too short to judge one; the defaults stay."


def test_every_trial_is_kept_with_what_it_came_to() -> None:
    found = tuned(ACCOUNTS, by_leaves, Budget(2), Listed(DEFAULT, LARGE)).as_json()
    assert found["default_stays"] is False
    assert found["trials"][1] == {
        "leaves": 12, "rounds": 1.0, "fuller": 1.0, "l2": 3.0, "columns": 0.3, "log_loss": pytest.approx(0.38),
        "behind_best": 0.0, "standard_error": 0.0, "chosen": True,
    }  # fmt: skip
    assert [t["chosen"] for t in found["trials"]] == [False, True]


def test_growth_is_measured_against_what_suits_a_book_of_any_size() -> None:
    assert suited(230) == suited(230, Growth()) == Trees()
    grown = suited(920, Growth(leaves=3, rounds=0.5, fuller=2.0, l2=5.0, columns=0.5))
    assert (grown.rounds, grown.leaves, grown.l2, grown.columns) == (80, 3, 5.0, 0.5)
    assert [grown.within(rows).least_rows for rows in (500, 5000, 15_000, 10**6)] == [20, 100, 300, 300]
    assert suited(0, Growth(rounds=0.001)).rounds == 1


def test_a_tuning_that_was_not_made_is_none() -> None:
    assert Tuning(Budget(), (), 0.0).growth is None
