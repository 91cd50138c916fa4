"""Ways back to green for people: one account in sentences, the whole list as a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serving.workbench.back_to_green.told import WHY, hours, percent, shown

LISTED = 25


def one(found: Mapping[str, Any]) -> Any:
    """One account: the answer, each change, and what is not offered."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    parts: list[Any] = [Text(f"{found['account_id']} as of {found['as_of']}", style="bold"), Text(found["sentence"])]
    for goal in found["goals"]:
        if not goal["changes"]:
            continue
        changes = Table(box=None, pad_edge=False, title=_aim(goal), title_justify="left", title_style="")
        for name in ("change", "from", "to", "work", "similar accounts"):
            changes.add_column(name, justify="left" if name == "change" else "right")
        for c in goal["changes"]:
            changes.add_row(c["what"], c["before_text"], c["after_text"], hours(c["hours"]), str(c["similar_accounts"]))
        parts += [Text(""), changes]
    if found["not_offered"]:
        told = "; ".join(f"{name.replace('_', ' ')}: {WHY[why]}" for name, why in found["not_offered"].items())
        parts += [Text(""), Text(f"Not offered: {told}.", style="dim")]
    return Group(*parts)


def _aim(goal: Mapping[str, Any]) -> str:
    what = "Green health" if goal["aim"] == "health" else "Out of high risk"
    return f"{what}, {hours(goal['hours'])} of work{'' if goal['reachable'] else ': not reachable, the most there is'}"


def book(found: Mapping[str, Any]) -> Any:
    """The list: the worst first, so many of them."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    counted = found["statuses"]
    head = (
        f"As of {found['as_of']}: {counted['reachable']} accounts can be green or out of high risk again by "
        f"{found['by']}, {counted['not_reachable']} cannot; of {counted['term_ends_first']} the term ends first."
    )
    rows = Table(box=None, pad_edge=False)
    for name in ("account", "health", "score", "would be", "risk", "would be", "work", "changes"):
        rows.add_column(name, justify="left" if name in ("account", "health", "changes") else "right")
    reachable = sorted((a for a in found["accounts"] if a["status"] == "reachable"), key=lambda a: a["hours"])
    for a in reachable[:LISTED]:
        what = ", ".join(f"{c['what']} {c['before_text']} → {c['after_text']}" for c in a["changes"])
        risk = [percent(a[name]) for name in ("probability", "probability_after")]
        scores = [shown(a[name]) for name in ("score", "score_after")]
        rows.add_row(a["account_id"], a["health_tier"], *scores, *risk, hours(a["hours"]), what)
    more = len(reachable) - LISTED
    tail = [Text(f"… and {more} more.")] if more > 0 else []
    return Group(Text(head), rows, *tail, Text(f"Every account, with those out of reach: {found['path']}"))
