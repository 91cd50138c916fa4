"""What `churn worklist` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

SHOWN = 10
"""Accounts shown without an owner, and of the desk; the files hold all."""
DONE = ("due", "chosen", "breached")


def told(result: Mapping[str, Any], currency: str) -> Any:
    """Who has no owner first, then each owner's week, then where views disagree."""
    head = Text(
        f"Week of {result['as_of']}: {result['hours_used']:g} of {result['hours']:g} hours for plays are used, "
        f"expected to save {currency} {result['saved_arr']:,.0f} of ARR.",
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
        yield Text(f"… and {len(rows) - SHOWN} more.")


def _owners(result: Mapping[str, Any], currency: str) -> Iterator[Any]:
    for owner in result["owners"]:
        rows = [row for row in result["worklist"] if row["owner_id"] == owner["owner_id"] and row["status"] in DONE]
        title = f"\n{owner['owner_id']}: {owner['hours_used']:g} of {owner['hours']:g} hours, saves {currency} {owner['saved_arr']:,.0f}"
        if rows:
            table = _table(title, "account", "play", "hours", "saves", "due", "why")
            for row in rows:
                due = (row["due_at"] or "")[:10] + (" does not fit" if row["status"] == "breached" else "")
                table.add_row(
                    _name(row), row["play"] or "", f"{row['hours']:g}", _money(row["saved_arr"]), due, row["why"] or ""
                )
            yield table
        else:
            yield Text(f"{title}; nothing is chosen.")
        yield Text(_line(owner, currency), "dim")


def _line(owner: Mapping[str, Any], currency: str) -> str:
    """The cut line and what one more day is worth, in one sentence each."""
    day = f"One more day ({owner['day_hours']:g} hours) would save {currency} {owner['day_saved_arr']:,.0f} more."
    if owner["cut_account_id"] is None:
        return f"Nothing worth doing is left out. {day}"
    return (
        f"First below the line: {owner['cut_account_id']}, {currency} {owner['cut_saved_arr']:,.0f} for "
        f"{owner['cut_hours']:g} hours; {owner['cut_missing_hours']:g} hours are missing for it. {day}"
    )


def _desk(result: Mapping[str, Any], currency: str) -> Iterator[Any]:
    rows = result["desk"]
    if not rows:
        yield Text("\nNowhere do rule, model, CSM and contract disagree.")
        return
    title = f"\nViews disagree about {len(rows)} accounts, the largest first"
    table = _table(title, "account", "ARR", "health", "risk", "CSM", "contract and payments", "left before")
    for row in rows[:SHOWN]:
        rate = row["cell_churn_rate"]
        before = "–" if rate is None else f"{rate:.1%} of {row['cell_accounts']:,}".replace("%", " %")
        table.add_row(
            _name(row),
            _money(row["arr"]),
            row["rule"] or "–",
            row["model"] or "–",
            row["csm"] or "–",
            row["commercial"] or "–",
            before,
        )
    yield table
    yield Text(f"Left before: of weeks in which health and risk were the same; by {result['history']}.", "dim")


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    for column in columns:
        right = column in ("hours", "saves", "ARR", "left before")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    return table


def _name(row: Mapping[str, Any]) -> str:
    return f"{row['name']} ({row['account_id']})" if row["name"] else str(row["account_id"])


def _money(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"
