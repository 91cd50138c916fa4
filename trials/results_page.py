"""docs/results.md: a page whose sections are written by the commands that measured them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

HEAD = """# Results

Every figure on this page is written by the command that measured it: each section names its own.
"""
SECTIONS = ("trials", "headroom", "worklist", "oulad")
"""In the order of the page."""


def write_section(page: Path, name: str, text: str, head: str = HEAD, order: Sequence[str] = SECTIONS) -> None:
    """Put a section's text into a page; the other sections stay as they are."""
    found = sections(page.read_text(encoding="utf-8"), order) if page.exists() else {}
    found[name] = text.strip()
    parts = [f"<!-- measured: {n} -->\n\n{found[n]}\n\n<!-- end: {n} -->\n" for n in order if n in found]
    page.write_text("\n".join([head, *parts]), encoding="utf-8")


def sections(text: str, order: Sequence[str] = SECTIONS) -> dict[str, str]:
    """The sections of a page by name.

    >>> sections("x <!-- measured: oulad -->\\n\\n## OULAD\\n\\n<!-- end: oulad -->")
    {'oulad': '## OULAD'}
    """
    found = {}
    for name in order:
        _, begun, rest = text.partition(f"<!-- measured: {name} -->")
        body, ended, _ = rest.partition(f"<!-- end: {name} -->")
        if begun and ended:
            found[name] = body.strip()
    return found
