"""axe-core finds nothing on any page, at laptop and phone width, with everything unfolded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from serving.workbench.pages import page_name
from serving.workbench.pages.navigation import NAVIGATION
from serving.workbench.qbr import brief_page, sheet_page
from tests.serving.pages.test_browser import browser, open_page  # noqa: F401 - fixtures
from tests.serving.qbr.test_pages import full

pytestmark = pytest.mark.browser
PAGES = [*(entry.file for entry in NAVIGATION), "accounts/acc_00012.html", f"accounts/{page_name('acc_nothing')}"]


@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_no_violation(open_page: Callable[..., Any], site: Path, width: int) -> None:  # noqa: F811
    assert_accessible(open_page(width=width, height=844), [site / path for path in PAGES])


@pytest.mark.parametrize("width", [1366, 390])
def test_nor_on_a_business_review_and_its_sheet(
    open_page: Callable[..., Any],  # noqa: F811
    tmp_path: Path,
    width: int,
) -> None:
    review = full()
    (tmp_path / "brief.html").write_text(brief_page(review, currency="USD"), encoding="utf-8")
    (tmp_path / "sheet.html").write_text(sheet_page(review.sheet), encoding="utf-8")
    page = open_page(width=width, height=844)
    assert_accessible(page, [tmp_path / "brief.html", tmp_path / "sheet.html"])
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def assert_accessible(page: Any, paths: Iterable[Path]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    for path in paths:
        page.goto(path.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
        told = [f"{v['id']}: {v['help']} {[n['html'] for n in v['nodes'][:3]]}" for v in found.response["violations"]]
        assert not told, (path, told)
