"""What `churn plays` shows to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

MOST_ROWS = 25


def told(found: Mapping[str, Any]) -> Any:
    """One account in full, or the book: counts by playbook, and what is due first."""
    from rich.console import Group
    from rich.text import Text

    head = Text(f"Plays as of {found['as_of']}: {len(found['steps'])} steps for {found['accounts']} accounts", "bold")
    if found["account"] is not None:
        return Group(head, _table(found["steps"], len(found["steps"]), found["as_of"]), *_account(found))
    back = found["win_back"]
    rate = "no loss is old enough yet" if back["rate"] is None else f"{back['rate']:.0%} of {back['lost']}"
    lines = [f"Won back within the time: {rate}.", *_successes(found["success"])]
    if found["expansion"] is None:
        lines.append("Expansion: not known; run `churn signals` for this day first.")
    else:
        lines.append(
            f"Expansion: {sum(c['open'] for c in found['expansion'])} of {len(found['expansion'])} gates open."
        )
    where = "written, `churn apply` delivers them" if found["tasks_written"] else "not written (--write-tasks)"
    lines.append(f"Tasks due within a week: {found['tasks']}, {where}.")
    return Group(head, _counts(found["by_kind"]), _table(found["steps"], MOST_ROWS, found["as_of"]), *map(Text, lines))


def _counts(by_kind: Mapping[str, Mapping[str, int]]) -> Any:
    from rich.table import Table

    states = {"open": "open", "overdue": "overdue", "snoozed": "snoozed", "missed": "due before the first run"}
    table = Table("playbook", *states.values())
    for kind, counts in by_kind.items():
        table.add_row(kind.replace("_", " "), *(str(counts.get(state, 0)) for state in states))
    return table


def nearest(steps: Iterable[Mapping[str, Any]], as_of: str) -> list[Mapping[str, Any]]:
    """The steps by how near their due time is to the day, past or to come: what is due now stands on top."""
    from datetime import datetime

    day = datetime.fromisoformat(as_of)
    return sorted(steps, key=lambda s: (abs(datetime.fromisoformat(s["due_at"]) - day), s["task_key"]))


def _table(steps: Iterable[Mapping[str, Any]], most: int, as_of: str) -> Any:
    from rich.table import Table

    table = Table("account", "step", "due (UTC)", "state", "by", "looked at by")
    for step in nearest(steps, as_of)[:most]:
        until = f" until {step['snoozed_until']}: {step['snoozed_why']}" if step["snoozed_until"] else ""
        table.add_row(
            step["account_id"],
            step["subject"],
            (step["due_at"] or "–")[:16].replace("T", " "),
            f"{step['state']}{until}",
            step["owner_type"].replace("_", " "),
            step["level"] or "–",
        )
    return table


def _account(found: Mapping[str, Any]) -> list[Any]:
    from rich.panel import Panel
    from rich.text import Text

    parts: list[Any] = []
    for step in found["steps"]:
        if step["draft"]:
            parts.append(Panel(Text(step["draft"]), title="Draft"))
        if step["note"]:
            parts.append(Text(f"{step['step']}: {step['note']}"))
    parts += [Text(f"Alert: {a['sentence']} Play: {a['play']}; {a['first_step']}.") for a in found["alerts"] or ()]
    for one in found["expansion"] or ():
        parts.append(
            Text(f"Expansion: {'open' if one['open'] else 'shut'}; {'; '.join(one['shut_by'] or one['tactics'])}")
        )
    parts += [Text(f"Win: {win['sentence']}") for win in found["wins"]]
    for plan in found["success_plans"]:
        missing = ", ".join(plan["missing"]).replace("_", " ") or "nothing"
        unseen = ", ".join(plan["not_known"]).replace("_", " ")
        unknown = f", not known yet {unseen}" if unseen else ""
        parts.append(Text(f"Success plan ({plan['kind'] or 'kind not known'}): missing {missing}{unknown}."))
    return parts


def _successes(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return [
        f"{row['play']}: "
        + (
            f"green again in time {row['recovered']} of {row['rounds']} ({row['low']:.0%} to {row['high']:.0%})"
            if row["rounds"]
            else "no round is old enough to judge"
        )
        + f", {row['open']} still open"
        + (f", {row['began_green']} for risk alone." if row["began_green"] else ".")
        for row in rows
    ]
