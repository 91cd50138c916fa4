"""Data Docs: a page per table and an index, readable offline, with every check's sentence and nothing that calls out."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import tempfile
from html.parser import HTMLParser
from pathlib import Path

import ibis
import pytest

from data_contracts.check import check_sources
from data_contracts.contract import source_contracts
from data_contracts.docs import without_network
from data_contracts.validate import Validator
from tests.data_contracts.rows import CLEAN, NOW, deliver, select

EVIL = '<svg onload="alert(1)"><img src="https://evil.example/x.png"></svg>'


class Loaded(HTMLParser):
    """Collects what a page would fetch or run, and the text a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.runs: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.links |= {v for k, v in values.items() if k in ("src", "href", "srcset", "data", "action") and v}
        if tag in ("svg", "script", "link", "img", "iframe", "object", "embed", "base", "form"):
            self.runs.append(tag)
        self.runs += [name for name in values if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(path: Path) -> Loaded:
    page = Loaded()
    page.feed(path.read_text(encoding="utf-8"))
    return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "docs"
    (folder / "invoices.html").parent.mkdir(parents=True)
    (folder / "invoices.html").write_text("an earlier run's page", encoding="utf-8")
    (folder / "notes.txt").write_text("somebody's own file", encoding="utf-8")
    engine = ibis.duckdb.connect()
    events = [CLEAN["usage_events"] | {"event_id": f"e{n}", "channel": "ui" if n else EVIL} for n in range(40)]
    rows = {"usage_events": events, "accounts": [CLEAN["accounts"]]}
    mapped = {name: deliver(engine, name, table) for name, table in rows.items()}
    mapped["subscriptions"] = select("subscriptions", "SELECT 'x' AS subscription_id")
    _, report = check_sources(engine, engine, mapped, {}, now=NOW, docs=folder)
    assert report.docs == folder / "index.html"
    return folder


def test_a_page_per_table_and_an_index_over_all(site: Path) -> None:
    assert {path.name for path in site.iterdir()} == {"index.html", "accounts.html", "usage_events.html", "notes.txt"}
    index = seen(site / "index.html")
    assert index.links == {"accounts.html", "usage_events.html"}
    assert all(name in index.text for name in source_contracts())
    assert "quarantined some rows were set apart" in index.text
    assert "stopped subscriptions has no column account_id, starts_on, ends_on, arr." in index.text
    assert seen(site / "usage_events.html").links == {"index.html"}


def test_every_check_stands_there_with_its_sentence_and_its_result(site: Path) -> None:
    text = re.sub(r"\s+", " ", seen(site / "usage_events.html").text)
    for check in source_contracts()["usage_events"].checks:
        if not check.name.endswith("_type"):
            sentence = check.says.replace("`", "")
            assert sentence in text.replace("`", ""), check.name
    assert "40 rows, 13 checks, 1 failed." in text
    assert "1 rows were set apart; the warehouse keeps them, with their reasons, in quarantined.usage_events." in text
    assert source_contracts()["usage_events"].column("channel").description in text


def test_nothing_calls_out_or_runs(site: Path) -> None:
    for path in site.glob("*.html"):
        page = seen(path)
        assert page.runs == [], path.name
        assert not any("//" in link for link in page.links), path.name
        assert not re.search(r"url\(|@import|<script|javascript:", path.read_text(encoding="utf-8")), path.name


def test_values_of_the_user_s_data_are_shown_as_text(site: Path) -> None:
    assert EVIL in seen(site / "usage_events.html").text
    assert EVIL not in (site / "usage_events.html").read_text(encoding="utf-8")


@pytest.mark.browser
def test_a_browser_shows_the_status_without_a_network(site: Path) -> None:
    chromium = shutil.which("chromium")
    if chromium is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: the Data Docs were not looked at")
        pytest.skip("chromium is not installed; `make test` installs it where apt may")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--host-resolver-rules=MAP * ~NOTFOUND"]
    ran = subprocess.run([chromium, *options, (site / "usage_events.html").as_uri()], capture_output=True, text=True)
    assert "fails" in (Path(__file__).parents[2] / "data_contracts" / "docs.css").read_text(encoding="utf-8")
    assert 'class="fas fa-times text-danger"' in ran.stdout


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ('<p>a</p><SCRIPT src="https://x.example/y.js">\n</script ><p>b</p>', "<p>a</p><p>b</p>"),
        ("<link rel=stylesheet href=//x.example/z.css><p>b</p>", "<p>b</p>"),
        ('<p style="background: url(https://x.example/a.png)">b</p>', '<p style="background: ">b</p>'),
        ("<style>@import 'https://x.example/a.css';b{}</style>", "<style>b{}</style>"),
    ],
)
def test_what_would_load_is_cut(html: str, left: str) -> None:
    assert without_network(html) == left


def test_the_library_is_quiet_and_leaves_no_temporary_folder(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with caplog.at_level(logging.INFO):
        logging.getLogger("great_expectations").setLevel(logging.NOTSET)
        Validator(docs=tmp_path / "docs").write_docs()
    assert [r.getMessage() for r in caplog.records if r.name.startswith("great_expectations")] == []
    assert [path.name for path in tmp_path.iterdir()] == ["docs"]


def test_a_level_the_user_has_set_is_kept() -> None:
    logger = logging.getLogger("great_expectations")
    before = logger.level
    try:
        logger.setLevel(logging.DEBUG)
        Validator()
        assert logger.level == logging.DEBUG
    finally:
        logger.setLevel(before)


def test_without_a_folder_nothing_is_written() -> None:
    assert Validator().write_docs() is None
