"""What `churn replay` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

from serving.workbench.pages.words import percent, score

SHOWN = 12
"""Differences and pieces of evidence; the file has all."""


def told(result: Mapping[str, Any]) -> Any:
    """What was known, said and asked for then, whether it is rebuilt equal, and what became of it."""
    return Group(*_account(result), *_verdict(result), Text(result["path"]))


def _account(result: Mapping[str, Any]) -> Iterator[Any]:
    if "account_id" not in result:
        return
    said = result["score"]
    yield Text(f"{result['name']} ({result['account_id']}), as of {result['as_of']}", "bold")
    yield Text(
        f"Published {result['published_at']}: {percent(said['churn_probability'])} within {said['horizon_days']} days, "
        f"risk {said['risk_tier'] or 'not available'}; health {said['health_tier']}, {score(said['health_score'])} of 100"
    )
    yield from (Text(f"- {reason}") for reason in result["reasons"])
    known = result["known"]
    moved = [row for row in known if row["before"] != row["after"]]
    yield Text(f"Known then, {len(known)} pieces of evidence, of which {len(moved)} had moved:")
    yield from (Text(f"  {row['sentence']}") for row in moved[:SHOWN])
    yield from (Text(f"Task: {task['subject']}, due {task['due_at']}") for task in result["tasks"])
    outcome = result["outcome"]
    on = outcome["decided_on"] or outcome["ended_on"]
    when = f" on {on}, {outcome['days_after']} days after" if on else ""
    yield Text(f"Since then: {outcome['outcome']}{when} (data until {outcome['known_until']})")


def _verdict(result: Mapping[str, Any]) -> Iterator[Any]:
    fields, accounts = f"{result['fields']:,} fields", result["accounts"]
    over = f"{fields} of {accounts:,} account{'' if accounts == 1 else 's'}"
    if result["equal"]:
        yield Text(f"Equal, bit for bit: {over}.", "green")
    else:
        yield Text(f"{result['differing']:,} of {over} differ.", "yellow")
        table = Table(box=SIMPLE)
        for head in ("table", "account", "row", "field", "published", "rebuilt"):
            table.add_column(head)
        for d in result["differences"][:SHOWN]:
            cells = (d["table"], d["account_id"], d["key"], d["field"], str(d["published"]), str(d["rebuilt"]))
            table.add_row(*(Text(cell) for cell in cells))
        yield table
        yield from (Text(f"Why it may: {sentence}") for sentence in result["why"])
    if result["not_kept"]:
        yield Text(f"Not kept by the run, so not compared: {', '.join(result['not_kept'])}.", "yellow")
