"""What `churn worklist` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

SHOWN = 10
"""Accounts shown without an owner, and of the desk; the files hold all."""
DONE = ("due", "chosen", "breached")
ASIDE = ("snoozed", "settled")


def told(result: Mapping[str, Any], currency: str) -> Any:
    """Who has no owner first, then each owner's week, then where views disagree."""
    head = Text(
        f"Week of {result['as_of']}: {_hours(result['hours_used'])} of {_hours(result['hours'])} hours for plays are used, "
        f"expected to save {_saved(result['saved_arr'], currency)} of ARR"
        + (f"; {_count(result['breached'], 'promise')} cannot be kept in time." if result["breached"] else "."),
        "bold",
    )
    held = [Text(f"{result['held_out']} accounts of the holdout are left alone.")] if result["held_out"] else []
    return Group(
        head,
        Text(result["save_effects"]["sentence"]),
        *held,
        *_unowned(result["unowned"], currency),
        *_owners(result, currency),
        *_desk(result, currency),
        Text(result["path"]),
    )


def _unowned(rows: Sequence[Mapping[str, Any]], currency: str) -> Iterator[Any]:
    if not rows:
        return
    table = _table("\nNobody owns these: assign them", "account", "play", "hours", "saves", "why")
    for row in rows[:SHOWN]:
        table.add_row(_name(row), row["play"] or "", f"{row['hours']:g}", _money(row["saved_arr"]), row["why"] or "")
    yield table
    if len(rows) > SHOWN:
        yield Text(f"… and {len(rows) - SHOWN} more: `churn worklist --json`.")


def _owners(result: Mapping[str, Any], currency: str) -> Iterator[Any]:
    for owner in result["owners"]:
        mine = [row for row in result["worklist"] if row["worker_id"] == owner["owner_id"]]
        rows = [row for row in mine if row["status"] in DONE]
        title = f"\n{owner['owner_id']}: {_hours(owner['hours_used'])} of {_hours(owner['hours'])} hours, saves {_saved(owner['saved_arr'], currency)}"
        if rows:
            table = _table(title, "account", "play", "hours", "saves", "due", "why")
            for row in rows:
                why = ": ".join(filter(None, (row["note"], row["why"])))
                table.add_row(
                    _name(row), row["play"] or "", f"{row['hours']:g}", _money(row["saved_arr"]), _due(row), why
                )
            yield table
        else:
            yield Text(f"{title}; nothing is chosen.")
        yield Text(line(owner, currency), "dim")
        yield from _listed([row for row in mine if row["status"] == "unknown"], "Cannot be weighed")
        yield from _listed([row for row in mine if row["status"] in ASIDE], "Left alone")


def _listed(rows: Sequence[Mapping[str, Any]], title: str) -> Iterator[Text]:
    if not rows:
        return
    yield Text(f"{title}: {len(rows)} accounts", "yellow")
    for row in rows[:SHOWN]:
        until = f", until {row['until'][:10]}" if row["until"] else ""
        yield Text(f"  {_name(row)}: {row['note']}{until}")
    if len(rows) > SHOWN:
        yield Text(f"  … and {len(rows) - SHOWN} more: `churn worklist --json`.")


def _due(row: Mapping[str, Any]) -> str:
    """When a promise is due, in the zone of who looks after the account.

    >>> _due({"due_at": "2026-06-02T15:00:00", "zone": "Europe/Berlin", "overdue_since": None, "status": "due"})
    'Tue 2026-06-02 17:00 CEST'
    """
    if row["due_at"] is None:
        return ""
    at = datetime.fromisoformat(row["due_at"]).replace(tzinfo=UTC).astimezone(ZoneInfo(row["zone"] or "UTC"))
    late = "overdue since " if row["overdue_since"] else ""
    return f"{late}{at:%a %Y-%m-%d %H:%M %Z}" + (" does not fit" if row["status"] == "breached" else "")


def line(owner: Mapping[str, Any], currency: str) -> str:
    """Which promises break, where the line falls and what one more day is worth, a sentence each."""
    told = []
    if owner["breached"]:
        told.append(f"{_count(owner['breached'], 'promise')} cannot be kept in time.")
    if owner["cut_account_id"] is not None:
        told.append(
            f"First below the line: {owner['cut_account_id']}, {currency} {owner['cut_saved_arr']:,.0f} for "
            f"{_hours(owner['cut_hours'])} hours; {_hours(owner['cut_missing_hours'])} hours are missing for it."
        )
    elif not owner["breached"] and not owner["unknown"]:
        told.append("Nothing worth doing is left out.")
    if owner["day_hours"] is not None:
        kept = f"keep {_count(owner['day_promises'], 'more promise')} and " if owner["breached"] else ""
        told.append(
            f"One more day ({owner['day_hours']:g} hours) would {kept}save {_saved(owner['day_saved_arr'], currency)} more."
        )
    return " ".join(told)


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _desk(result: Mapping[str, Any], currency: str) -> Iterator[Any]:
    rows = result["desk"]
    if not rows:
        yield Text("\nNowhere do rule, model, CSM and contract disagree.")
        return
    title = f"\nViews disagree about {len(rows)} accounts, those farthest apart first"
    table = _table(title, "account", "ARR", "health", "risk", "CSM", "contract and payments", "left before")
    for row in rows[:SHOWN]:
        table.add_row(
            _name(row),
            _money(row["arr"]),
            row["rule"] or "–",
            row["model"] or "–",
            row["csm"] or "–",
            row["commercial"] or "–",
            _before(row),
        )
    yield table
    if more := rows[SHOWN:]:
        near = sum(row["apart"] == "near" for row in more)
        yield Text(f"… and {len(more)} more, {near} of them but one step apart, as yellow with a low risk.")
    yield Text(f"Left before: of weeks in which health and risk were the same; by {result['history']}.", "dim")


def _before(row: Mapping[str, Any]) -> str:
    """How many accounts that were seen alike left, and after how many of their weeks; a dash where too few are known."""
    rate = row["cell_churn_rate"]
    if rate is None:
        return "–"
    share = f"{rate:.1%}".replace("%", " %")
    return f"{row['cell_churned_accounts']:,} of {row['cell_accounts']:,} accounts; {share} of such weeks"


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in columns:
        right = column in ("hours", "saves", "ARR", "left before")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['name']} ({row['account_id']})" if row["name"] else str(row["account_id"])


def _saved(value: float | None, currency: str) -> str:
    return "an unknown amount" if value is None else f"{currency} {value:,.0f}"


def _hours(value: float) -> str:
    return f"{round(value, 1):g}"


def _money(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
