"""The portfolio says what is at stake, who made GRR what it is, and sums that a reader can check."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from serving.workbench.pages import Book
from serving.workbench.pages.navigation import NAVIGATION
from serving.workbench.pages.portfolio_view import Load, Mover, PortfolioView
from serving.workbench.pages.render import Pages
from tests.serving.pages.more_views import GRR, portfolio_view
from tests.serving.pages.test_render import Text


def told(book: Book, view: PortfolioView) -> str:
    entry = next(entry for entry in NAVIGATION if entry.name == "portfolio")
    return Text(Pages(book).page(entry, view)).text.replace("\xa0", " ")


@pytest.fixture
def view() -> PortfolioView:
    return portfolio_view("Northwind")


def test_the_three_amounts_at_stake_are_told_with_what_they_are_of(book: Book, view: PortfolioView) -> None:
    said = told(book, view)
    assert "Expected to be lost $309,000 ARR × churn probability of 812 accounts, decided within 90 days" in said
    # 128,400 + 2 × 96,000; unwell is the red one, and the one whose health nobody knows.
    assert (
        "Renewals within 90 days $320,400 ARR of 3 terms still open, $224,400 of it not green or at high risk" in said
    )
    assert "5 more are signed ( $210,000 )" in said or "5 more are signed ($210,000)" in said
    assert "Decided to leave $9,648 ARR of 1 account on the way out" in said
    assert re.search(r"Northwind No owner \$9,648 26 Dec 2024 7 Jan No reason recorded Northwind", said)
    assert "Not available" not in told(book, replace(view, stake=replace(view.stake, leavers=())))[:2000]
    unknown = told(book, replace(view, stake=replace(view.stake, ahead=None, leavers=None)))
    assert "Renewals and departures were not looked for: churn plays does." in unknown


def test_what_moved_grr_and_what_was_lost_add_up_with_a_row_for_the_rest(book: Book, view: PortfolioView) -> None:
    said = told(book, view)
    assert "7 others −0.09" in said
    assert view.movers_sum == pytest.approx(-0.41 + 0.11 - 0.09)
    assert "Change of GRR −0.39" in said
    # 128,400 + 40,000 + 300,000; 3.1 + 1 + 8.5 points.
    assert "12 others $300,000 −8.50 14 customers $468,400 −12.60" in said


def test_who_left_more_than_a_year_ago_is_said_to_count_no_more(book: Book, view: PortfolioView) -> None:
    gone = Mover("gone", "Old Co", None, "recovered", 0.16, 0.0, 0.0, False)
    back = replace(gone, account_id="back", arr_before=4_000.0, arr_now=4_000.0)
    said = told(book, replace(view, movers=(gone, back)))
    assert "Left more than a year ago, no longer counted" in said
    assert "Grew back" in said


def test_a_goal_without_days_is_said_to_have_none(book: Book, view: PortfolioView) -> None:
    assert view.goal is not None
    assert "between 6 Jan 2024 and 6 Jan 2025" in told(book, view)
    rates = ((date(2024, 1, 1), None), (date(2024, 2, 1), 0.08), (date(2025, 1, 1), 0.126))
    undated = replace(view.goal, starts=None, ends=None, line=None, on_track=None, rates=rates)
    said = told(book, replace(view, goal=undated))
    assert "no goal has been dated" in said
    assert "The rate was 8.0 % on 1 Feb 2024." in said
    assert "between" not in said[said.index("The goal for churn") : said.index("All figures")]


@pytest.mark.parametrize(
    ("owed", "overdue", "available", "told"),
    [(30.0, 0.0, 30.0, ""), (30.1, 0.0, 30.0, "over"), (20.0, 10.1, 30.0, "late"), (20.0, 10.0, 30.0, ""), (9.0, 9.0, None, "")],
)  # fmt: skip
def test_the_hours_have_a_verdict_of_their_own(owed: float, overdue: float, available: float | None, told: str) -> None:
    assert Load("a", "csm", 1, 1.0, 0.1, "under", owed, available, overdue).hours_told == told


def test_the_books_add_up_to_the_totals_above(book: Book, view: PortfolioView) -> None:
    arr = replace(GRR, id="M15", title="ARR", unit="money", value=4_350_000.0, n=99, target=None, met=None)
    found = replace(view, leading=(arr,))
    assert found.loads_sum == (97, 4_344_800.0)
    assert found.in_no_book == (2.0, 5_200.0)
    said = told(book, found)
    assert "Nobody 14 $304,800" in said
    assert re.search(r"In no book .*? 2 \$5,200", said)
    assert "All 99 $4,350,000" in said
    assert replace(view, leading=(replace(arr, value=4_344_800.0, n=97),)).in_no_book == (0.0, 0.0)
