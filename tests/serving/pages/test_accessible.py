"""axe-core finds nothing on any page, at laptop and phone width, with everything unfolded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from serving.workbench.pages import page_name
from serving.workbench.pages.navigation import NAVIGATION
from tests.serving.pages.test_browser import browser, open_page  # noqa: F401 - fixtures

pytestmark = pytest.mark.browser
PAGES = [*(entry.file for entry in NAVIGATION), "accounts/acc_00012.html", f"accounts/{page_name('acc_nothing')}"]


@pytest.mark.parametrize("width", [1366, 390])
def test_axe_finds_no_violation(open_page: Callable[..., Any], site: Path, width: int) -> None:  # noqa: F811
    from axe_playwright_python.sync_playwright import Axe

    page = open_page(width=width, height=844)
    for path in PAGES:
        page.goto((site / path).as_uri())
        page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
        found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
        told = [f"{v['id']}: {v['help']} {[n['html'] for n in v['nodes'][:3]]}" for v in found.response["violations"]]
        assert not told, (path, told)
