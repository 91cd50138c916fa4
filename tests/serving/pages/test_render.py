"""What the pages say, read from their HTML."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from serving.workbench.pages import AccountView, Book, page_name, render, words
from serving.workbench.pages.ranking import places
from serving.workbench.pages.render import Pages
from serving.workbench.pages.view import Ahead
from tests.serving.pages.conftest import SIGNALS, evil_signals

JARGON = r"\b(shap|logits?|log-odds|lightgbm|gbm|features?|auc|roc|calibrat\w*|nan|none|null|undefined)\b"
ELSEWHERE = r"(https?:)?//|@import|url\("


class Text(HTMLParser):
    """Text, ids and tags of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.ids: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.ids.extend(value or "" for name, value in attrs if name == "id")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.words))


def page(book: Book, account: AccountView) -> Text:
    return Text(Pages(book).account(account, places([account])[account.account_id]))


def test_no_page_speaks_jargon_or_shows_a_missing_value_as_a_word_of_code(site: Path) -> None:
    for path in site.rglob("*.html"):
        said = Text(path.read_text("utf-8")).text
        # The policy speaks of the product's features, and of having none.
        own = {"policy.html": {"features", "feature", "none"}}.get(path.name, set())
        assert not {word[0].lower() for word in re.finditer(JARGON, said, re.IGNORECASE)} - own, path.name


def test_the_monday_list_begins_with_the_owners(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    assert 0 < page.index("Dana Ortiz</h2>") < page.index('<h2 id="nobody">') < page.index('<h2 id="desk">')


def test_nothing_points_outside_the_folder(site: Path, evil: str) -> None:
    for path in [*site.rglob("*.html"), *site.glob("*.css"), site / "book.js"]:
        source = path.read_text("utf-8").replace("// Marks", "Marks").replace("// The choice", "The choice")
        assert not re.findall(ELSEWHERE, source), path.name
        assert evil not in source


def test_ids_are_unique_and_what_is_missing_is_said_in_words(book: Book, nothing: AccountView) -> None:
    said = page(book, nothing)
    assert len(said.ids) == len(set(said.ids))
    for part in ("Churn probability", "Health score", "ARR at risk"):
        assert re.search(rf"{part} .*? Not available", said.text)
    assert "Four weeks before: not available" in said.text
    assert "Unrated" in said.text
    assert "Little evidence." in said.text
    assert "Reasons are not available" in said.text
    assert "Usage is not available" in said.text


@pytest.mark.parametrize("broken", [float("nan"), float("inf"), None])
def test_a_broken_number_is_not_available_and_never_0(book: Book, northwind: AccountView, broken: float | None) -> None:
    account = replace(
        northwind, probability=broken, probability_before=broken, health_score=broken, components={"usage": broken}
    )
    said = page(book, account).text
    assert "Churn probability next 90 days Not available" in said
    assert re.search(r"Usage 40\u00a0% not available", said) or "Usage 40 % not available" in said
    assert not re.search(JARGON, said, re.IGNORECASE)


def test_probability_and_health_stand_apart_each_with_its_value_four_weeks_before(
    book: Book, northwind: AccountView
) -> None:
    said = page(book, northwind).text.replace("\u00a0", " ")
    assert "Churn probability next 90 days 41 % High risk Four weeks before: 18 %, up 23 points" in said
    assert "Health score 0–100, high is healthy 47 of 100 Red Four weeks before: 68, down 21" in said
    assert "41 % means that of a hundred accounts like this one about 41 are expected" in said


def test_two_measures_that_disagree_are_pointed_out(book: Book, northwind: AccountView) -> None:
    assert "point different ways" in page(book, replace(northwind, health_tier="green")).text
    assert "point different ways" not in page(book, northwind).text


def test_tasks_stand_in_order_of_their_due_time_in_their_own_zone(book: Book, northwind: AccountView) -> None:
    said = page(book, northwind).text
    assert said.index("Assess why usage fell") < said.index("Write to the executive sponsor")
    assert "Due Tue 7 Jan, 07:00 UTC" in said
    mixed = [replace(task, due_at=task.due_at.replace(tzinfo=None)) for task in northwind.tasks[:1]] + northwind.tasks[
        1:
    ]
    assert "Due Wed 8 Jan, 07:00 UTC" in page(book, replace(northwind, tasks=mixed)).text


def test_the_book_names_losses_limits_and_missing_tables(site: Path) -> None:
    said = Text((site / "accounts.html").read_text("utf-8")).text
    assert "Fabrikam Retail Gave notice on 12 December" in said
    assert "Not connected: survey responses, touchpoints" in said
    assert "Use until 13 Jan 2025." in said
    assert "about four left within 90 days." in said


def test_every_account_is_linked_even_without_a_name(book: Book, site: Path) -> None:
    html = (site / "accounts.html").read_text("utf-8")
    for account in book.accounts:
        assert f'href="accounts/{page_name(account.account_id)}"' in html
    assert '<bdi class="clamp">?</bdi>' in html


def test_templates_hold_no_raw_output(site: Path) -> None:
    templates = Path(render.__file__).parent / "templates"
    for template in templates.iterdir():
        assert not re.search(r"\|\s*safe|autoescape|Markup|style=|onclick", template.read_text("utf-8")), template.name


def test_the_shown_change_is_the_difference_of_the_shown_numbers() -> None:
    assert words.change(render.percent_value(0.116, 0), render.percent_value(0.093, 0), unit=" points") == "up 3 points"
    assert words.change(render.floor(50.0), render.floor(49.99)) == "up 1"


def test_a_page_says_how_the_account_is_served_and_how_far_its_onboarding_is(
    book: Book, northwind: AccountView
) -> None:
    service = "High-touch, enterprise: check-in every 30 days, custom success plan, on the QBR list"
    said = page(book, replace(northwind, service=service, journey="behind")).text
    assert f"{service}." in said
    assert "Onboarding: behind" in said
    plain = page(book, northwind).text
    assert "-touch" not in plain
    assert "Onboarding:" not in plain


def test_an_onboarding_accounts_own_weights_are_shown(book: Book, northwind: AccountView) -> None:
    own = replace(northwind, weights={"usage": 50, "engagement": 30, "sentiment": 12, "commercial": 8})
    assert "50 %" in page(book, own).text
    assert "50 %" not in page(book, northwind).text


def test_open_signals_are_told_apart_from_chances_and_from_what_the_segment_shares(
    book: Book, northwind: AccountView
) -> None:
    said = page(book, replace(northwind, signals=SIGNALS)).text
    assert "2 open warnings, 1 new : Logins down, Failed payment or dispute" in said
    assert (
        "Logins down Since 2 Dec 2024 Daily logins in four weeks fell to 28, from 44.3 on average. 44.3 → 28 "
        "Adoption rescue Call the champion." in said
    )
    assert "Failed payment or dispute Since 6 Jan , new Payments failed: 1. No play is set for it." in said
    assert re.search(r"Core modules used less Since .* Suppressed Most of the segment shows the same", said)
    assert said.index("Suppressed") < said.index("Chances to grow: They grow or promote us")
    assert "not seen on the last run Departments: 4. Expansion talk" in said
    calm = page(book, replace(northwind, signals=SIGNALS[3:], health_tier="green")).text
    assert "No warning stands. What is not connected" in calm
    assert "open warning" not in calm


def test_signals_that_were_not_looked_for_are_not_said_to_be_none(book: Book, northwind: AccountView) -> None:
    unknown = page(replace(book, accounts=[northwind]), northwind).text
    assert "Open signals" not in unknown
    assert "No warning" not in unknown
    assert "Not looked for: early warnings as of 6 Jan 2025. churn signals --as-of 2025-01-06" in unknown
    looked = replace(book, accounts=[replace(northwind, signals=[])])
    said = page(looked, looked.accounts[0]).text
    assert "Open signals No warning stands." in said
    assert "Not looked for" not in said


def test_the_book_counts_the_warnings_of_an_account_and_neither_chances_nor_suppressed_ones(
    book: Book, northwind: AccountView
) -> None:
    listed = [replace(northwind, signals=SIGNALS)]
    said = Text(Pages(replace(book, accounts=listed)).accounts(listed)).text
    assert "41 % 2 warnings, 1 new 47" in said.replace("Red ", "")
    assert "warning" not in Text(Pages(book).accounts([northwind])).text


def test_markup_in_a_signal_is_text(book: Book, northwind: AccountView, evil: str) -> None:
    listed = replace(northwind, signals=evil_signals())
    for html in (Pages(book).account(listed, places([listed])[listed.account_id]), Pages(book).accounts([listed])):
        assert evil not in html
        assert "&lt;script&gt;" in html


AHEAD = Ahead(
    horizons=[(30, 0.004), (60, 0.25), (90, 0.4137), (180, 0.62)],
    low=0.22,
    high=0.51,
    wide=True,
    stretched=True,
    median_days=121.4,
    arr_at_risk_180d=79_612.0,
    others=[("A smaller contract within 90 days", 0.031)],
)


def test_the_range_stands_beside_the_probability_and_the_horizons_below(book: Book, northwind: AccountView) -> None:
    said = page(book, replace(northwind, ahead=AHEAD)).text
    assert "High risk range 22–51\xa0%".replace("\xa0", " ") in said.replace("\xa0", " ")
    assert "30 days 0.4 % 60 days 25 % 90 days 41 % 180 days 62 %" in said.replace("\xa0", " ")
    assert "Little evidence. Too few accounts were rated like this one" in said
    assert "Half of such accounts have decided after 4 months." in said
    assert "A smaller contract within 90 days: 3.1 %" in said.replace("\xa0", " ")
    assert "Within 180 days $79,600" in said
    assert "A single account may differ more." in said
    narrow = page(book, replace(northwind, ahead=replace(AHEAD, wide=False, stretched=False))).text
    assert "Little evidence" not in narrow
    assert "the range shown reaches from theirs to it" in said
    assert "reaches from" not in narrow


def test_without_an_outlook_nothing_is_said_of_one(book: Book, northwind: AccountView) -> None:
    unknown = Ahead([], None, None, False, False, None, None, [])
    for account in (northwind, replace(northwind, ahead=unknown)):
        said = page(book, account).text
        assert "range" not in said
        assert "180 days" not in said
        assert "Half of such" not in said


def test_the_way_back_to_green_is_told_where_somebody_looked(book: Book, northwind: AccountView) -> None:
    way = {
        "way_back_short": "Not reachable by 30 December: best = 61.",
        "way_back": "This is what went together, not a promise",
    }
    said = page(book, replace(northwind, health_tier="yellow", **way)).text
    assert "Back to green Not reachable by 30 December: best = 61." in said
    assert said.count("best = 61") == 1
    assert "not a promise." in said
    assert "Back to a lower risk Not reachable" in page(book, replace(northwind, health_tier="green", **way)).text
    assert "Back to green" not in page(book, northwind).text
    assert "Back to green" not in page(book, replace(northwind, held_since=book.as_of, **way)).text
