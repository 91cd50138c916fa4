"""docs/reliability.md: what the write-back survives, each section by the command that measured it."""

from __future__ import annotations

from pathlib import Path

from trials.results_page import write_section

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reliability.md"
HEAD = """# Reliability

What may happen to a delivery, how many rows it takes in which time, and how another tool fares: each section is written by
the command that it names. How the write-back works is told in [destinations](destinations.md); what it defends against in
[threat model](threat-model.md).
"""
SECTIONS = ("matrix", "volume", "rival")
"""In the order of the page."""


def put(name: str, text: str, page: Path = PAGE) -> None:
    """Write a section; the others stay as they are."""
    write_section(page, name, text, HEAD, SECTIONS)
