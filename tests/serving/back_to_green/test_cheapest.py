"""The frontier finds what trying every combination finds."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.workbench.back_to_green.cheapest import Options, cheapest, most


def group(*pairs: tuple[float, float]) -> Options:
    hours, gains = zip(*pairs, strict=True) if pairs else ((), ())
    return Options(np.array(hours, dtype=float), np.array(gains, dtype=float))


# Eighths add up exactly in floats, so that a tie is a tie for both.
EIGHTHS = st.integers(0, 40).map(lambda n: n / 8)
GROUPS = st.lists(st.lists(st.tuples(EIGHTHS, EIGHTHS.map(lambda g: g - 1)), max_size=4), max_size=5)


def by_hand(groups: list[Options], need: float) -> tuple[float, float] | None:
    """(hours, gain) of the cheapest combination of all, of those the one that gains most."""
    found = []
    for picks in product(*(range(-1, len(g.hours)) for g in groups)):
        hours = sum(float(g.hours[p]) for g, p in zip(groups, picks, strict=True) if p >= 0)
        gain = sum(float(g.gains[p]) for g, p in zip(groups, picks, strict=True) if p >= 0)
        if gain >= need:
            found.append((hours, -gain))
    return None if not found else (min(found)[0], -min(found)[1])


@settings(max_examples=150, deadline=None)
@given(GROUPS, st.integers(-4, 80).map(lambda n: n / 8))
def test_the_cheapest_choice_is_the_one_that_trying_all_finds(
    lists: list[list[tuple[float, float]]], need: float
) -> None:
    groups = [group(*pairs) for pairs in lists]
    picks, wanted = cheapest(groups, need), by_hand(groups, need)
    if picks is None or wanted is None:
        assert picks is None
        assert wanted is None
        return
    chosen = [(g, p) for g, p in zip(groups, picks, strict=True) if p is not None]
    hours, gain = sum(float(g.hours[p]) for g, p in chosen), sum(float(g.gains[p]) for g, p in chosen)
    if need > 0:
        assert (hours, gain) == wanted
    else:
        assert hours == 0.0


def test_a_dear_option_gives_way_to_two_cheap_ones_that_gain_as_much() -> None:
    one, two, dear = group((1.0, 2.0)), group((1.5, 3.0)), group((3.0, 5.0))
    assert cheapest([one, two, dear], 5.0) == (0, 0, None)
    assert cheapest([one, two, dear], 5.5) == (0, None, 0)


def test_the_best_there_is_takes_what_gains_and_leaves_what_harms() -> None:
    assert most([group((1.0, 2.0), (4.0, 2.0), (2.0, 1.0)), group((0.5, -1.0)), group()]) == (0, None, None)
