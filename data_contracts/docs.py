"""Data Docs: what Great Expectations found, one page per table and an index, readable without a network.

The result tables are rendered by Great Expectations. The page around them is our own, because the library's pages
load their styles and scripts from other hosts and are empty without them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_contracts.contract import Contract

if TYPE_CHECKING:
    from data_contracts.verdict import TableCheck

STYLE = (Path(__file__).parent / "docs.css").read_text(encoding="utf-8")
ACROSS = "Across columns and rows"
VERDICTS = {
    "ok": "every row holds",
    "quarantined": "some rows were set apart",
    "stopped": "the run must not go on",
    "absent": "not mapped by this project",
}


@dataclass(frozen=True)
class Page:
    """One table's results, ready to be written: how many checks ran, how many failed, and the rendered body."""

    name: str
    rows: int
    checks: int
    failed: int
    body: str


def rendered(results: Sequence[Any], contract: Contract, *, rows: int) -> Page:
    """One table's validation results as a page, its checks grouped by the column that they speak about."""
    from great_expectations.render.renderer.content_block import ValidationResultsTableContentBlockRenderer
    from great_expectations.render.view import DefaultJinjaComponentView

    column_of = {check.name: check.column or ACROSS for check in contract.checks}
    groups: dict[str, list[Any]] = defaultdict(list)
    place = {check.name: number for number, check in enumerate(contract.checks)}
    for result in sorted(results, key=lambda result: place[result.expectation_config.meta["check"]]):
        result.result = _shown(result.result)
        groups[column_of[result.expectation_config.meta["check"]]].append(result)
    described = {c.name: c.description for c in contract.columns} | {ACROSS: ""}
    view, parts = DefaultJinjaComponentView(), []
    for column in [*(c.name for c in contract.columns if c.name in groups), *({ACROSS} & set(groups))]:
        block = ValidationResultsTableContentBlockRenderer.render(groups[column], include_column_name=False)
        table = view.render({"content_block": block.to_json_dict()})
        parts.append(f"<h2>{escape(column)}</h2><p>{escape(described[column])}</p>{without_network(table)}")
    failed = sum(not result.success for result in results)
    head = f"<h1>{escape(contract.name)}</h1><p>{escape(contract.purpose)}</p>"
    head += f"<p>{rows:,} rows, {len(results)} checks, {failed} failed.</p>"
    return Page(contract.name, rows, len(results), failed, _code(head + "".join(parts)))


def _shown(result: Mapping[str, Any]) -> dict[str, Any]:
    """A result without places in a frame that nobody keeps, and with the data's own text escaped.

    Great Expectations puts sampled values into its tables as they are.
    """
    places = ("unexpected_index_list", "partial_unexpected_index_list", "unexpected_list")
    return {key: _escaped(value) for key, value in result.items() if key not in places}


def _escaped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _escaped(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_escaped(inner) for inner in value)
    return escape(value) if isinstance(value, str) else value


def write_site(folder: Path, pages: Mapping[str, Page], checks: Mapping[str, TableCheck]) -> Path:
    """Write NAME.html for every page and index.html over all tables; an earlier run's page of a table goes."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in set(checks) - set(pages):
        (folder / f"{name}.html").unlink(missing_ok=True)
    for page in pages.values():
        told = _told(checks.get(page.name))
        body = f'<p><a href="index.html">All tables</a></p>{told}{page.body}'
        (folder / f"{page.name}.html").write_text(_html(page.name, body), encoding="utf-8")
    names = [*checks, *(name for name in pages if name not in checks)]
    lines = "".join(_index_row(name, pages.get(name), checks.get(name)) for name in names)
    head = "<tr><th>Table</th><th>Verdict</th><th>Rows</th><th>Set apart</th><th>Checks</th><th>Failed</th></tr>"
    index = folder / "index.html"
    index.write_text(_html("Data contracts", f"<h1>Data contracts</h1><table>{head}{lines}</table>"), encoding="utf-8")
    return index


def _index_row(name: str, page: Page | None, check: TableCheck | None) -> str:
    verdict = check.verdict if check else ("ok" if page and not page.failed else "quarantined")
    link = f'<a href="{escape(name)}.html">{escape(name)}</a>' if page else escape(name)
    numbers = [
        f"{page.rows:,}" if page else "",
        f"{check.quarantined:,}" if check and page else "",
        str(page.checks) if page else "",
        str(page.failed) if page else "",
    ]
    meaning = _code(escape((check.message if check else "") or VERDICTS[verdict]))
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    return f'<tr><td>{link}</td><td><span class="{verdict}">{verdict}</span> {meaning}</td>{cells}</tr>'


def _told(check: TableCheck | None) -> str:
    """What stops the table and the cure, or where the rows are that were set apart."""
    if check and check.message:
        return _code(f'<p class="told">{escape(check.message)} {escape(check.cure)}</p>')
    if check and check.quarantined:
        kept = f"{check.quarantined:,} rows were set apart; the warehouse keeps them, with their reasons, in"
        return f'<p class="aside">{kept} <code>quarantined.{escape(check.name)}</code>.</p>'
    return ""


def _html(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _code(html: str) -> str:
    """Names in backticks as code."""
    return re.sub(r"`([\w.]+)`", r"<code>\1</code>", html)


def without_network(html: str) -> str:
    """The text without anything that would load from another host or run: scripts, links, images, imports, urls.

    >>> without_network('<p>a</p><script src="https://x.example/y.js"></script><img src=//x.example/z.png><p>b</p>')
    '<p>a</p><p>b</p>'
    """
    html = re.sub(r"<script\b.*?</script\s*>", "", html, flags=re.IGNORECASE | re.DOTALL)
    html = re.sub(r"<(?:link|img|iframe|script)\b[^>]*>", "", html, flags=re.IGNORECASE)
    return re.sub(r"@import[^;]*;|url\([^)]*\)", "", html, flags=re.IGNORECASE)
