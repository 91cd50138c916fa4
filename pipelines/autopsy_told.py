"""What `churn autopsy` prints for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from serving.workbench.pages.words import money, percent
from serving.workbench.replay.autopsy import LAPSE

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
        how = "ran out" if a["kind"] == LAPSE else "decided"
        lines.append(Text(f"{a['name']} ({a['account_id']}), {how} {a['decided_on']}: {a['verdict']}", "bold"))
        lines += [Text(f"  {sentence}") for sentence in a["evidence"]]
    n = result["rescored_weeks"]
    note = Text(
        f"Each with the {result['lookback_days']} days before its decision. Weeks that were never published are replayed "
        "by today's rules: they say what would have been flagged, and nobody could have worked on them."
        + (f" {n} published weeks were scored again since: their tiers are the later ones." if n else "")
    )
    return Group(table, _beside(result), note, *lines, Text(result["path"]))


def _beside(result: Mapping[str, Any]) -> Text:
    """What a flag is worth: how many of those who stayed had one, too."""
    stayed = result["stayed"]
    return Text(
        f"Flagged at least once: {result['flagged']} of the {result['lost']} lost; in look-backs as long, "
        f"{percent(stayed['flagged'])} of the {stayed['accounts']:,} accounts that stayed."
    )
