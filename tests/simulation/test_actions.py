"""What is done about an account changes its own later decisions and nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from simulation.actions import LASTS_DAYS, NOBODY, Actions
from simulation.book import Book, draw_book
from simulation.world import World


@pytest.fixture(scope="module")
def world() -> World:
    return World(accounts=120, arr_total=2.4e6, weeks=60, burn_in_weeks=40, base_shift=0.3)


@pytest.fixture(scope="module")
def untouched(world: World) -> Book:
    return draw_book(world)


def chances(book: Book) -> dict[tuple[int, int], float]:
    """By home and start of the term."""
    homes = book.home[book.terms.account]
    keys = zip(homes.tolist(), book.terms.starts.tolist(), strict=True)
    return dict(zip(keys, book.terms.chance.tolist(), strict=True))


def test_only_decisions_within_half_a_year_of_an_action_change(world: World, untouched: Book) -> None:
    day = world.until_day - 300
    everyone = Actions(untouched.home, np.full(untouched.size, day))
    before, after = chances(untouched), chances(draw_book(world, everyone))
    terms = untouched.terms
    keys = list(zip(untouched.home[terms.account].tolist(), terms.starts.tolist(), strict=True))
    decided = {
        k: day for k, day, kind in zip(keys, terms.decided.tolist(), terms.kind.tolist(), strict=True) if kind == 0
    }
    ends = dict(zip(keys, terms.ends.tolist(), strict=True))
    common = [k for k in before if k in after and before[k] == before[k]]
    changed = {k for k in common if before[k] != after[k]}
    assert len(changed) > 20
    given_notice = [decided[k] for k in changed if k in decided]
    assert len(given_notice) >= 5
    assert all(day <= when < day + LASTS_DAYS + 1 for when in given_notice)
    assert all(day <= when < day + LASTS_DAYS + 130 for when in (ends[k] for k in changed))
    # Most are kept by it; a few are driven away, and in silence nobody is reached.
    lower = np.mean([after[k] < before[k] for k in changed])
    assert 0.8 < lower < 1


def test_whoever_is_not_acted_on_decides_as_before(world: World, untouched: Book) -> None:
    some = untouched.home[::2]
    acted = draw_book(world, Actions(some, np.full(len(some), world.until_day - 300)))
    before, after = chances(untouched), chances(acted)
    others = [k for k in before if k in after and k[0] not in set(some.tolist())]
    assert len(others) > 100
    assert [before[k] for k in others] == pytest.approx([after[k] for k in others], nan_ok=True)


def test_accounts_keep_their_place_up_to_the_first_action(world: World, untouched: Book) -> None:
    day = world.until_day - 200
    acted = draw_book(world, Actions(untouched.home, np.full(untouched.size, day)))
    early = untouched.first_day <= day
    assert acted.home[: early.sum()].tolist() == untouched.home[early].tolist()


def test_without_actions_the_book_is_the_same(world: World, untouched: Book) -> None:
    again = draw_book(world, NOBODY)
    assert again.terms.chance.tolist() == pytest.approx(untouched.terms.chance.tolist(), nan_ok=True)
