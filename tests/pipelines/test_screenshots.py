"""The pictures of the documents: every page of the demo at laptop and phone width, taken in real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from serving.workbench.pages.navigation import NAVIGATION
from tests.pipelines.conftest import UNTIL

Run = Callable[..., tuple[int, Any, str]]
MORNING = datetime.combine(UNTIL, time(6))  # UTC and naive, as runs are stamped
IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.mark.slow
@pytest.mark.browser
def test_pages_of_a_scored_book_make_the_readmes_pictures(
    trained: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path: Path, churn: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set CHURN_WRITE_IMAGES=1 to keep them in docs/images."""
    # Whole: the workbench reads the stored indicators and the registered model, too.
    scored = Path(shutil.copytree(trained[0], tmp_path / "scored"))
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: the pages were not looked at")
        pytest.skip("chromium is not installed; `make test` installs it where apt may")
    from playwright.sync_api import sync_playwright

    # Scored on the Monday itself: by the clock of the machine the tasks would fall due whenever this test runs.
    for module in ("pipelines.score", "pipelines.build_features"):
        monkeypatch.setattr(f"{module}.now_utc", lambda: MORNING)
    code, _, _ = churn("score", "--project", scored, "--as-of", UNTIL, "--json")
    assert code == 0
    due = pd.read_parquet(scored / ".churn" / "tasks" / f"as_of={UNTIL}" / "tasks.parquet", partitioning=None)["due_at"]
    assert due.dt.date.between(UNTIL, UNTIL + timedelta(days=7)).all()
    code, _, _ = churn("signals", "--project", scored, "--as-of", UNTIL, "--json")
    assert code == 0
    code, _, _ = churn("workbench", "--project", scored, "--as-of", UNTIL, "--json")
    assert code == 0
    code, found, _ = churn("report", "--project", scored, "--json")
    assert code == 0
    index = Path(found["page"])
    folder = IMAGES if os.environ.get("CHURN_WRITE_IMAGES") else tmp_path
    folder.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1366, "height": 900})
        # The Tuesday after the snapshot: a page read in time carries no warning.
        page.clock.set_fixed_time(datetime(2026, 6, 2, 8, tzinfo=UTC))
        failures: list[str] = []
        page.on("console", lambda m: failures.append(m.text) if m.type == "error" else None)
        for entry in NAVIGATION:
            page.goto((index.parent / entry.file).as_uri())
            assert "Not computed" not in page.inner_text("main"), entry.name
            page.screenshot(path=folder / f"{entry.name}.png")
        page.goto((index.parent / "accounts.html").as_uri())
        assert page.locator("tbody tr").count() > 100
        account = (index.parent / _told_account(scored, page)).as_uri()
        page.set_viewport_size({"width": 1366, "height": 1280})
        page.goto(account)
        page.screenshot(path=folder / "account.png")
        text = page.inner_text("main")
        page.set_viewport_size({"width": 390, "height": 844})
        for name, address in (("monday", index.as_uri()), ("account", account)):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") == 390
            # Three screens: the first alone shows a heading and little more, the whole list goes on for every owner.
            three = {"x": 0, "y": 0, "width": 390, "height": 3 * 844}
            page.screenshot(path=folder / f"{name}-phone.png", full_page=True, clip=three)
        browser.close()
    assert not failures
    assert "Out of date" not in text
    for heading in ("Why", "What changed", "Next step", "Open signals"):
        assert heading in text
    assert (folder / "account.png").stat().st_size > 20_000


def _told_account(scored: Path, page: Any) -> str:
    """The address of the account with the most to tell: most reasons, then a task, then most ARR at risk."""
    scores = pd.read_parquet(next((scored / ".churn" / "scores").glob("*/*.parquet")), partitioning=None)
    tasks = pd.read_parquet(next((scored / ".churn" / "tasks").glob("*/*.parquet")), partitioning=None)
    chosen = scores[scores["risk_tier"] == "high"].copy()
    chosen["reasons"] = chosen[["reason_1", "reason_2", "reason_3"]].notna().sum(axis=1)
    chosen["worked"] = chosen["account_id"].isin(tasks["account_id"])
    chosen["at_risk"] = chosen["arr"] * chosen["churn_probability"]
    chosen = chosen.sort_values(["reasons", "worked", "at_risk"])
    account = chosen.iloc[-1]["account_id"]
    link = page.locator("a", has_text="").evaluate_all(
        "(links, id) => links.map(a => a.getAttribute('href')).filter(h => h && h.includes(id))", account
    )
    return str(link[0]).split("#")[0]
