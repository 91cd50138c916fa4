"""Lists are long enough to work from and end with how many more there are; what was never held leads no list."""

from __future__ import annotations

from serving.workbench.pages import Book
from serving.workbench.pages.navigation import NAVIGATION
from serving.workbench.pages.render import Pages
from tests.serving.pages.more_views import expansion_view, journey_view, qbr_view
from tests.serving.pages.test_render import Text
from tests.serving.pages.views import data_view


def told(book: Book, name: str, view: object) -> str:
    entry = next(entry for entry in NAVIGATION if entry.name == name)
    return Text(Pages(book).page(entry, view)).text.replace("\xa0", " ")


def test_reviews_that_lapsed_come_before_those_that_were_never_held(book: Book) -> None:
    said = told(book, "qbr", qbr_view("Northwind"))
    assert "Owed a review 64 40 of them each quarter Lapsed 9 overdue since the last one Never held 11" in said
    assert said.index("4 Nov 2024") < said.index("52 more, due later") < said.index("Nothing is on record")
    assert "nothing on record the first one" in said
    assert said.index("10 more, with less ARR") < said.index("The agenda")


def test_the_journey_sets_contacts_never_held_apart_and_says_what_its_amounts_are(book: Book) -> None:
    said = told(book, "journey", journey_view("Northwind"))
    assert "Onboarding 7 accounts in their first days" in said
    assert "4 more, further along: churn journey --json" in said
    assert "Never held on record, 4: largest ARR first" in said
    assert "years overdue" not in said
    assert "Of it yellow, red or at high risk" in said
    assert "ARR at risk" not in said
    assert "2 more: churn journey --json" in said


def test_expansion_counts_all_that_are_ready_and_names_the_warnings_that_stand_beside(book: Book) -> None:
    said = told(book, "expansion", expansion_view("Renewal ahead"))
    assert "Ready to talk 4 accounts Their ARR $500,000" in said
    assert "3 more, with less ARR" in said
    assert "stands beside: Renewal ahead" in said


def test_data_health_says_what_was_not_judged_and_what_is_missing_in_the_crm(book: Book) -> None:
    said = told(book, "data", data_view("refused by the CRM"))
    assert "Accounts Rows in order 812 5 Jan not judged: no limit in the contract" in said
    assert "Usage events Rows set apart 722,655 34 5 Jan 7 days 34 break the rule: Count is at least 1." in said
    assert "Of 812 scores of this day 809 are confirmed and 3 are missing . Of 40 tasks" in said
    assert "40 are confirmed, nothing is missing." in said
    assert "The last delivery had 3 rows refused as no such account." in said
    assert "One row may break two rules" in said
