"""What `churn autopsy` prints for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from serving.workbench.pages.words import money, percent

SHOWN = 5
"""Losses told in full, the largest first; the file has all."""


def told(result: Mapping[str, Any], currency: str) -> Any:
    """The verdicts with accounts and ARR, then the largest losses with their evidence."""
    table = Table(title=f"Lost from {result['from']} until {result['until']}", title_justify="left", box=SIMPLE)
    for head in ("verdict", "accounts", "share", "ARR lost", "share of ARR"):
        table.add_column(head, justify="left" if head == "verdict" else "right")
    for verdict, n in result["verdicts"].items():
        table.add_row(
            verdict, str(n["accounts"]), percent(n["share"]), money(n["arr"], currency), percent(n["share_of_arr"])
        )
    largest = sorted(result["autopsies"], key=lambda a: (-(a["arr"] or 0.0), a["account_id"]))[:SHOWN]
    lines = []
    for a in largest:
        lines.append(Text(f"{a['name']} ({a['account_id']}), decided {a['decided_on']}: {a['verdict']}", "bold"))
        lines += [Text(f"  {sentence}") for sentence in a["evidence"]]
    note = Text(
        f"Each with the {result['lookback_days']} days before its decision. Weeks that were never published are replayed "
        "by today's rules: they say what would have been flagged, and nobody could have worked on them."
    )
    return Group(table, note, *lines, Text(result["path"]))
