"""One owner's week against every possible week: nothing beats it, and more hours never make it worse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.workbench.worklist.choice import Candidate, More, Week, week, worth_of_more
from serving.workbench.worklist.knapsack import most_valuable

DAY = 8 * 60
TUESDAY = Fraction(2, 5)


def account(
    name: str, hours: float, worth: float | None, *, due: bool = False, by: Fraction = Fraction(1)
) -> Candidate:
    return Candidate(name, round(60 * hours), None if worth is None else round(100 * worth), due, by)


def books(most: int, due: st.SearchStrategy[bool]) -> st.SearchStrategy[list[Candidate]]:
    day = st.integers(0, 5).map(lambda n: Fraction(n, 5))
    one = st.tuples(st.integers(0, 12), st.none() | st.integers(-20, 60), due, day)
    return st.lists(one, max_size=most).map(
        lambda rows: [Candidate(f"a{i:02d}", 20 * m, c, d, by) for i, (m, c, d, by) in enumerate(rows)]
    )


def in_time(some: Sequence[Candidate], capacity: int) -> bool:
    """Whether what is due by each moment fits into the time there is until then, and everything into the week."""
    due = [c for c in some if c.due]
    moments = [(sum(d.minutes for d in due if d.by <= c.by), c.by) for c in due]
    return sum(c.minutes for c in some) <= capacity and all(used <= capacity * by for used, by in moments)


def best_of_all(values: Sequence[int], minutes: Sequence[int], capacity: int) -> int:
    """The value of the best of all subsets."""
    n = len(values)
    taken = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    fits = taken @ np.array(minutes, dtype=np.int64) <= capacity
    return int((taken @ np.array(values, dtype=np.int64))[fits].max())


def promise(found: Week, candidates: Sequence[Candidate]) -> tuple[int, int, int]:
    """What is kept of the promises, in the order in which it counts: value, accounts, little time."""
    kept = [c for c in candidates if c.account_id in found.due]
    return sum(c.worth for c in kept), len(kept), -sum(c.minutes for c in kept)


@settings(max_examples=60, deadline=None)
@given(books(11, st.just(False)), st.integers(0, 1500))
def test_the_chosen_accounts_equal_brute_force(candidates: list[Candidate], capacity: int) -> None:
    found = week(candidates, capacity)
    values, minutes = [c.worth for c in candidates], [c.minutes for c in candidates]
    assert found.cents == (best_of_all(values, minutes, capacity) if candidates else 0)
    assert found.minutes <= capacity


@settings(max_examples=40, deadline=None)
@given(books(9, st.booleans()), st.integers(0, 900))
def test_with_promises_too_nothing_of_all_that_is_possible_is_better(
    candidates: list[Candidate], capacity: int
) -> None:
    found = week(candidates, capacity)
    n = len(candidates)
    every = []
    for bits in range(2**n):
        some = [c for i, c in enumerate(candidates) if bits >> i & 1]
        if in_time(some, capacity):
            due = [c for c in some if c.due]
            kept = sum(c.worth for c in due), len(due), -sum(c.minutes for c in due)
            every.append((*kept, sum(c.worth for c in some if not c.due)))
    new = sum(c.worth for c in candidates if c.account_id in found.new)
    assert (*promise(found, candidates), new) == max(every)
    assert in_time([c for c in candidates if c.account_id in (*found.due, *found.new, *found.unweighed)], capacity)


def test_twenty_accounts_equal_brute_force() -> None:
    rng = np.random.default_rng(5)
    candidates = [Candidate(f"a{i:02d}", int(m), int(c)) for i, (m, c) in enumerate(rng.integers(1, 400, (20, 2)))]
    values, minutes = [c.worth for c in candidates], [c.minutes for c in candidates]
    for capacity in (300, 1200):
        assert week(candidates, capacity).cents == best_of_all(values, minutes, capacity)


@settings(max_examples=60, deadline=None)
@given(books(14, st.just(False)), st.integers(0, 1500), st.integers(0, 600))
def test_more_hours_never_save_less(candidates: list[Candidate], capacity: int, more: int) -> None:
    few, many = week(candidates, capacity), week(candidates, capacity + more)
    assert worth_of_more(candidates, capacity, more) == More(0, many.cents - few.cents)
    assert many.cents >= few.cents


@settings(max_examples=60, deadline=None)
@given(books(9, st.booleans()), st.integers(0, 900), st.integers(0, 600))
def test_a_day_more_never_breaks_a_promise_nor_saves_less(
    candidates: list[Candidate], capacity: int, more: int
) -> None:
    now, found = week(candidates, capacity), worth_of_more(candidates, capacity, more)
    then = week(candidates, capacity + more, keep=now.due)
    assert set(now.due) <= set(then.due)
    assert found.promises == len(then.due) - len(now.due)
    assert found.cents == max(then.cents - now.cents, 0)
    # Savings shrink only where the time keeps a promise instead.
    assert then.cents >= now.cents or found.promises > 0


@settings(max_examples=60, deadline=None)
@given(books(9, st.booleans()), st.integers(0, 900), st.integers(0, 600))
def test_more_hours_never_keep_promises_of_less_worth(candidates: list[Candidate], capacity: int, more: int) -> None:
    few, many = week(candidates, capacity), week(candidates, capacity + more)
    assert promise(few, candidates)[:2] <= promise(many, candidates)[:2]


@settings(max_examples=40, deadline=None)
@given(books(10, st.booleans()), st.integers(0, 900), st.randoms())
def test_the_order_of_the_accounts_changes_nothing(candidates: list[Candidate], capacity: int, random: object) -> None:
    mixed = list(candidates)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert week(mixed, capacity) == week(candidates, capacity)


def test_ten_promises_of_three_hours_due_tomorrow_evening_are_four_in_a_week_of_thirty_hours() -> None:
    ten = [account(f"a{i}", 3, 10, due=True, by=TUESDAY) for i in range(10)]
    found = week(ten, 30 * 60)
    assert (found.due, len(found.breached)) == (("a0", "a1", "a2", "a3"), 6)
    # By Friday evening all of them fit.
    assert week([replace(c, by=Fraction(1)) for c in ten], 30 * 60).breached == ()


def test_what_is_due_first_stands_first_and_leaves_the_later_days_to_the_rest() -> None:
    found = week([account("late", 18, 1, due=True), account("early", 12, 1, due=True, by=TUESDAY)], 30 * 60)
    assert (found.due, found.breached) == (("early", "late"), ())


def test_what_cannot_be_weighed_takes_the_hours_that_are_left_in_its_order() -> None:
    unknown = [replace(account(name, h, None), place=p) for name, h, p in (("a", 3, 2), ("b", 4, 1), ("c", 3, 0))]
    found = week([*unknown, account("known", 2, 50)], 8 * 60)
    assert (found.new, found.unweighed) == (("known",), ("c", "a"))
    assert week(unknown, 7 * 60).unweighed == ("c", "b")


def test_a_promise_that_does_not_fit_is_said_though_no_line_can_be_drawn() -> None:
    found = week([account("promised", 4, 20, due=True)], 2 * 60)
    assert (found.breached, found.cut) == (("promised",), None)
    assert worth_of_more([account("promised", 4, 20, due=True)], 2 * 60, DAY) == More(1, 2_000)


def test_a_day_that_keeps_a_promise_instead_of_saving_saves_nothing_and_never_less() -> None:
    both = [account("promised", 9, 0, due=True), account("new", 2, 1_000)]
    assert week(both, 2 * 60).cents == 100_000
    assert worth_of_more(both, 2 * 60, DAY) == More(promises=1, cents=0)


def test_a_day_more_breaks_no_promise_for_one_that_is_worth_more() -> None:
    promised = [account("a", 2, 1, due=True), account("b", 2, 1, due=True), account("long", 9, 500, due=True)]
    assert week(promised, 10 * 60).due == ("long",)
    assert worth_of_more(promised, 4 * 60, 6 * 60) == More(promises=0, cents=0)


def test_of_two_alike_the_first_by_account_id_is_chosen() -> None:
    alike = [account("b", 2, 50), account("a", 2, 50), account("c", 2, 50)]
    assert week(alike, 4 * 60).new == ("a", "b")


def test_what_takes_no_time_is_always_done() -> None:
    # The solver alone takes one of these: its table of a fuller week forgets what takes no time.
    found = week([account("a", 0, 0.01), account("b", 4, 0.01), account("c", 1, 0.01)], 4 * 60)
    assert (found.cents, "a" in found.new) == (2, True)


def test_promised_work_is_done_before_more_valuable_new_work() -> None:
    found = week([account("promised", 3, 1, due=True), account("new", 2, 900)], 4 * 60)
    assert (found.due, found.new, found.breached) == (("promised",), (), ())


def test_where_promises_do_not_fit_the_most_valuable_are_kept_and_the_others_named() -> None:
    promised = [account("x", 3, 10, due=True), account("y", 3, 80, due=True), account("z", 2, 60, due=True)]
    found = week(promised, 5 * 60)
    assert (found.due, found.breached) == (("y", "z"), ("x",))


def test_promises_that_save_nothing_are_kept_as_far_as_they_fit() -> None:
    promised = [account("x", 3, 0, due=True), account("y", 1, None, due=True), account("z", 2, -5, due=True)]
    found = week(promised, 3 * 60)
    assert (found.due, found.breached) == (("y", "z"), ("x",))
    assert found.cents == -500


def test_work_that_saves_nothing_or_does_harm_is_not_chosen() -> None:
    assert week([account("none", 1, 0), account("harm", 1, -30), account("unknown", 1, None)], DAY).new == ()


def test_the_cut_line_is_the_best_account_per_hour_that_was_left_out_and_what_it_lacks() -> None:
    # 100 for 2 hours and 90 for 2 fit; of the rest, 60 for 2 hours is more per hour than 80 for 4.
    found = week([account("a", 2, 100), account("b", 2, 90), account("c", 4, 80), account("d", 2, 60)], 5 * 60)
    assert found.cut is not None
    assert (found.cut.account_id, found.cut.free_minutes, found.cut.missing_minutes) == ("d", 60, 60)
    assert week([account("a", 2, 100)], DAY).cut is None


def test_one_more_day_is_worth_what_eight_more_hours_would_save() -> None:
    left = [account("a", 4, 100), account("b", 5, 70), account("c", 4, 40), account("d", 9, 500)]
    # 4 hours: a. 12 hours: d alone, 9 hours, is worth 500; with it nothing else fits.
    assert worth_of_more(left, 4 * 60, DAY) == More(0, 40_000)


def test_without_hours_nothing_is_chosen_and_time_given_back_is_refused() -> None:
    assert week([account("a", 1, 10)], -60).new == ()
    with pytest.raises(ValueError, match="minutes below 0"):
        most_valuable([1], [-1], 10)
