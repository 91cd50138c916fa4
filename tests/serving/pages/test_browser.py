"""The written site in a real browser: what a CSM sees, can reach and can do."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from serving.workbench.pages import AccountView, Book, page_name, write_site
from serving.workbench.pages.navigation import NAVIGATION

pytestmark = pytest.mark.browser

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
LOCAL = ("file://", "data:,")
MONDAY = datetime(2025, 1, 6, 9, 0, tzinfo=UTC)
NORTHWIND = "accounts/acc_00012.html"
# The lowest contrast of any visible text with what lies behind it, and that text.
CONTRAST = """() => {
  const parse = (c) => c.match(/[\\d.]+/g).map(Number);
  const linear = (v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = (c) => { const [r, g, b] = c.map((v) => linear(v / 255));
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c.length === 3 || c[3] === 1) return c; } return [255, 255, 255]; };
  let worst = [99, ""];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement, text = walk.currentNode.textContent.trim();
    if (!text || e.closest("title, desc, script, option") || !e.checkVisibility()) continue;
    const style = getComputedStyle(e);
    const a = light(parse(e.closest("svg") ? style.fill : style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    if (ratio < worst[0]) worst = [ratio, text];
  }
  return worst;
}"""


# Module, not session: the open browser keeps an event loop, which other tests of the session must not inherit.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if not CHROMIUM.exists():
        reason = f"Chromium is not installed at {CHROMIUM}"
        if os.environ.get("CI"):
            pytest.fail(reason + "; CI must run the browser tests", pytrace=False)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield chromium
        chromium.close()


def failure(request: Any) -> list[str]:
    # Aborted: the test went on to another page while this file was still loading.
    return [] if request.failure == "net::ERR_ABORTED" else [f"failed: {request.url} {request.failure}"]


@pytest.fixture
def open_page(browser: Any, site: Path) -> Iterator[Callable[..., Any]]:
    """Open a page of the site; the test fails if any page logs an error or asks for anything but files."""
    contexts: list[Any] = []
    trouble: list[str] = []

    def opened(
        path: str = "accounts.html", *, width: int = 1366, height: int = 768, on: datetime = MONDAY, **options: Any
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, timezone_id="UTC", **options)
        contexts.append(context)
        page = context.new_page()
        page.clock.set_fixed_time(on)
        page.on("console", lambda message: trouble.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (trouble.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: None if request.url.startswith(LOCAL) else trouble.append(request.url))
        page.on("requestfailed", lambda request: trouble.extend(failure(request)))
        page.goto(f"{site.as_uri()}/{path}")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert trouble == []


def shown(page: Any) -> list[str]:
    return list(page.locator("#book tbody tr:visible a").all_inner_texts())


def test_three_answers_stand_above_the_fold_of_a_laptop(open_page: Callable[..., Any]) -> None:
    page = open_page(NORTHWIND)
    for heading in ("Why", "What changed", "Next step"):
        box = page.get_by_role("region", name=heading, exact=True).bounding_box()
        assert box["y"] + box["height"] <= 768, heading
    assert page.get_by_role("heading", level=2).all_inner_texts()[3:6] == ["Why", "What changed", "Next step"]


def test_search_and_filters_work_together_and_say_how_many(open_page: Callable[..., Any]) -> None:
    page = open_page()
    count = page.get_by_role("status").filter(has_text="account")
    assert count.inner_text() == "12 accounts, $1,140,000 ARR at risk"
    page.get_by_label("Name or id").fill("SOHNE creme")
    assert shown(page) == ["Crème Brûlée & Söhne"]
    assert count.inner_text() == "1 of 12 accounts, $16,300 ARR at risk"
    page.get_by_label("Name or id").fill("ACC_00012")
    assert shown(page) == ["Northwind Logistics", "Same Id In Capitals"]
    page.get_by_label("Health").select_option("Red")
    assert shown(page) == ["Northwind Logistics"]
    page.get_by_label("Name or id").fill("nobody has this name")
    assert page.get_by_text("No account matches.").is_visible()
    page.get_by_role("button", name="Clear all").click()
    from playwright.sync_api import expect

    expect(count).to_have_text(re.compile("^12 "))
    assert len(shown(page)) == 12
    page.get_by_label("Churn risk").select_option("Not available")
    assert shown(page) == ["Nothing Known Ltd", "?"]
    page.get_by_label("Churn risk").select_option("High")
    page.get_by_label("Segment").select_option("Enterprise")
    assert shown(page) == []


def test_a_long_book_shows_two_hundred_and_searches_all(
    browser: Any, book: Book, northwind: AccountView, tmp_path: Path
) -> None:
    many = [replace(northwind, account_id=f"a{n:03d}", name=f"Customer {n:03d}", arr=1000.0 - n) for n in range(205)]
    index = write_site(replace(book, accounts=many), tmp_path / "site")
    page = browser.new_page()
    page.goto(index.with_name("accounts.html").as_uri())
    assert len(shown(page)) == 200
    assert page.get_by_role("status").filter(has_text="account").inner_text().startswith("205 accounts")
    page.get_by_label("Name or id").fill("customer 204")
    assert shown(page) == ["Customer 204"]
    page.get_by_label("Name or id").fill("")
    page.get_by_role("button", name="Show 5 more").click()
    assert len(shown(page)) == 205
    assert not page.locator("#more").is_visible()
    page.close()


def test_an_owner_can_bookmark_her_book_and_comes_back_to_it(open_page: Callable[..., Any]) -> None:
    page = open_page("accounts.html#owner=Priya+Nair")
    mine = shown(page)
    assert len(mine) == 3
    assert "Blauwal Versicherung AG" in mine
    page.get_by_text("Blauwal Versicherung AG").click()
    assert page.get_by_role("navigation", name="Accounts").get_by_text("Priya Nair: 2 of 3").is_visible()
    page.get_by_role("link", name="← Accounts").click()
    assert shown(page) == mine
    page.get_by_label("Owner").select_option("No owner")
    page.get_by_text("Nothing Known Ltd").click()
    page.go_back()
    assert page.get_by_label("Owner").input_value() != ""
    assert shown(page) == ["Nothing Known Ltd", "?"]


def test_the_filters_work_from_the_keyboard_with_a_visible_focus(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "3px"
    assert page.locator(".skip").bounding_box()["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.type("rocket")
    assert len(shown(page)) == 1
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "owner"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_without_javascript_the_book_is_complete_and_shows_no_dead_controls(open_page: Callable[..., Any]) -> None:
    page = open_page(java_script_enabled=False)
    assert len(shown(page)) == 12
    assert not page.locator("#filters").is_visible()


@pytest.mark.parametrize("width", [390, 320, 768, 1024])
def test_no_page_scrolls_sideways(open_page: Callable[..., Any], book: Book, site: Path, width: int) -> None:
    page = open_page(width=width, height=844)
    for path in [*(e.file for e in NAVIGATION), *(f"accounts/{page_name(a.account_id)}" for a in book.accounts)]:
        page.goto((site / path).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_every_page_has_landmarks_headings_in_order_and_names_for_everything(
    open_page: Callable[..., Any], book: Book, site: Path
) -> None:
    page = open_page()
    for path in [*(e.file for e in NAVIGATION), *(f"accounts/{page_name(a.account_id)}" for a in book.accounts)]:
        page.goto((site / path).as_uri())
        assert page.locator("html[lang=en]").count() == 1
        assert [page.get_by_role(role).count() for role in ("main", "contentinfo")] == [1, 1]
        assert page.get_by_role("navigation", name="Pages").locator("[aria-current=page]").count() == 1
        assert page.get_by_role("search").count() == (path == "accounts.html")
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => Number(h.tagName[1]))")
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b - a <= 1 for a, b in pairwise(levels)), path
        nameless = page.evaluate("""[
          ...[...document.querySelectorAll("input, select")].filter((e) => !e.labels.length),
          ...[...document.querySelectorAll("svg[role=img]")].filter((e) => !e.querySelector("title") && !e.ariaLabel),
          ...[...document.querySelectorAll("th")].filter((e) => !e.scope),
          ...[...document.querySelectorAll("a, h1, h2, button")].filter((e) => !e.textContent.trim()),
        ].map((e) => e.outerHTML)""")
        assert nameless == [], path


def test_all_text_has_contrast_of_at_least_four_and_a_half(open_page: Callable[..., Any], site: Path) -> None:
    page = open_page(on=datetime(2025, 2, 1, tzinfo=UTC))  # expired: with the banner
    for path in [
        *(e.file for e in NAVIGATION),
        NORTHWIND,
        f"accounts/{page_name('acc_nothing')}",
        "accounts/acc_00002.html",
    ]:
        page.goto((site / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        ratio, text = page.evaluate(CONTRAST)
        assert ratio >= 4.5, (path, text)
    assert page.locator("#stale").is_visible()


@pytest.mark.parametrize(("day", "expired"), [(6, False), (13, False), (14, True)])
def test_a_page_marks_itself_from_the_day_after_its_last(
    open_page: Callable[..., Any], day: int, expired: bool
) -> None:
    for path in ("index.html", "data.html", "accounts.html", NORTHWIND):
        page = open_page(path, on=datetime(2025, 1, day, 23, 0, tzinfo=UTC))
        assert page.get_by_text("Out of date.").is_visible() == expired
        assert page.get_by_text(re.compile("use until 13 Jan 2025", re.IGNORECASE)).first.is_visible()


def test_print_leaves_out_the_controls_and_folds_nothing_away(open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.emulate_media(media="print")
    assert not page.locator("#filters").is_visible()
    assert len(shown(page)) == 12
    page = open_page(NORTHWIND)
    bodies = page.locator(".body").all()
    assert len(bodies) == 3
    assert all(not body.is_visible() or body.bounding_box()["height"] == 0 for body in bodies)
    page.emulate_media(media="print")
    assert not any(nav.is_visible() for nav in page.get_by_role("navigation").all())
    assert all(body.bounding_box()["height"] > 10 for body in bodies)
    pdf = page.pdf(format="A4")
    assert len(re.findall(rb"/Type /Page\b", pdf)) <= 3


def test_markup_in_the_data_is_text(open_page: Callable[..., Any], evil: str) -> None:
    for path in ("accounts.html", f"accounts/{page_name('a/b' + chr(92) + 'c:../..')}"):
        page = open_page(path)
        assert page.evaluate("[...document.scripts].map((s) => s.getAttribute('src').split('/').pop())") == ["book.js"]
        assert page.locator("img").count() == 0
        assert page.locator("main bdi").filter(has_text=evil).first.is_visible()


def test_base_and_drivers_add_up_to_the_shown_probability_on_every_page(
    open_page: Callable[..., Any], book: Book, site: Path
) -> None:
    page = open_page()
    checked = 0
    for account in book.accounts:
        page.goto((site / "accounts" / page_name(account.account_id)).as_uri())
        texts = page.locator(".drivers .value").all_inner_texts()
        if not texts:
            continue
        *parts, total = (float(re.sub(r"[\s%]", "", text).replace("−", "-")) for text in texts)
        assert sum(parts) == pytest.approx(total, abs=1e-6)
        assert page.locator(".verdict .number").first.inner_text() == texts[-1]
        ends = page.locator(".drivers rect").evaluate_all("bars => bars.map((b) => b.getBoundingClientRect())")
        last, total = ends[-2], ends[-1]
        assert total["right"] == pytest.approx(last["right" if texts[-2].startswith("+") else "left"], abs=1)
        checked += 1
    assert checked >= 9
