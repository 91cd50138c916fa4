"""A business review for people: the six parts with their minutes, and where the files are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WHAT = {
    "brief_html": "our brief",
    "brief_pdf": "our brief as PDF",
    "brief_json": "our brief as a record",
    "sheet_html": "the customer's sheet",
    "sheet_pdf": "the customer's sheet as PDF",
}


def told(found: Mapping[str, Any]) -> Any:
    """The agenda and the files."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    sheet = found["brief"]["sheet"]
    agenda = Table(box=None, pad_edge=False, show_header=False)
    for part in sheet["parts"]:
        agenda.add_row(f"{part['minutes']} min", part["title"])
    files = [Text(f"{WHAT[what]}: {path}", overflow="fold") for what, path in found["files"].items()]
    head = Text(f"{sheet['name']}, {found['minutes']} minutes, as of {found['as_of']}", style="bold")
    return Group(head, agenda, Text(""), *files)
