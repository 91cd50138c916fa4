"""Drawn worlds lie in the published ranges, and every draw of one is the same world."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simulation import World
from simulation.book import Book, draw_book, realised_churn
from simulation.drawn import WITH_SIGNAL, another_draw, drawn_world, seed_of
from simulation.families import WITHOUT_SIGNAL
from simulation.states import draw_incidents, market


@pytest.fixture(scope="module", params=[1, 2, 3])
def world(request: pytest.FixtureRequest) -> World:
    return drawn_world(seed_of("test", request.param), accounts=300)


@pytest.fixture(scope="module")
def large(world: World) -> Book:
    return draw_book(another_draw(world, 5, accounts=2000))


def test_a_shorter_history_of_other_accounts_has_the_same_market_break_and_incidents(world: World) -> None:
    other = another_draw(world, 3, accounts=900, weeks=60)
    assert other.total_weeks == world.total_weeks
    shorter = replace(other, burn_in_weeks=60)
    for again in (other, shorter):
        assert again.break_day == world.break_day
        np.testing.assert_array_equal(market(again)[-100:], market(world)[-100:])
        ours, theirs = draw_incidents(world), draw_incidents(again)
        ours_at = world.origin_day + 7 * ours.week
        theirs_at = again.origin_day + 7 * theirs.week
        since = again.origin_day
        for name in ("module", "share", "severity"):
            np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name)[ours_at >= since])
        np.testing.assert_array_equal(theirs_at, ours_at[ours_at >= since])


def test_equal_customers_have_equal_base_rates_in_every_draw_and_size(world: World) -> None:
    def rates(book: Book) -> dict[tuple[int, int], float]:
        kinds = zip(book.prospects.segment.tolist(), book.prospects.term_months.tolist(), strict=True)
        return dict(zip(kinds, book.intercepts.tolist(), strict=True))

    other = replace(another_draw(world, 7, accounts=800, weeks=60), burn_in_weeks=60)
    ours, theirs = rates(draw_book(world)), rates(draw_book(other))
    shared = ours.keys() & theirs.keys()
    assert len(shared) >= 4
    for kind in shared:
        assert ours[kind] == pytest.approx(theirs[kind], abs=1e-9), kind


def test_other_draws_are_other_accounts(world: World) -> None:
    first, second = draw_book(world), draw_book(another_draw(world, 1))
    assert not np.array_equal(first.prospects.fit[:50], second.prospects.fit[:50])


def test_a_drawn_world_loses_as_many_as_it_says_and_in_the_published_ways(world: World, large: Book) -> None:
    churn = realised_churn(large.first_day, large.last_day, until=world.until_day, origin=world.origin_day)
    assert churn == pytest.approx(world.annual_churn, abs=0.03)
    gone = large.terms.kind[(large.terms.kind >= 0) & (large.terms.decided >= world.first_day)]
    assert 0.15 <= (gone == 1).mean() <= 0.45
    assert world.family in WITH_SIGNAL


def test_other_code_draws_other_worlds() -> None:
    assert len({seed_of(code, number) for code in ("a", "b") for number in range(50)}) == 100


def test_nothing_tells_leavers_apart_where_there_is_no_signal() -> None:
    world = drawn_world(seed_of("test", 4), family=WITHOUT_SIGNAL[0], accounts=300)
    book = draw_book(world)
    assert len(np.unique(np.round(book.intercepts, 9))) == 1
    chance = book.terms.chance
    base = book.intercepts[book.terms.account]
    at = book.market[book.week_of(world, book.terms.state_day.astype(np.float64))]
    known = np.isfinite(chance)
    np.testing.assert_allclose(np.log(chance / (1 - chance))[known], (base + at)[known], atol=1e-9)
    assert set(book.terms.kind.tolist()) <= {-1, 0}
