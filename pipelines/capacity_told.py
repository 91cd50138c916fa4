"""What `churn capacity` prints for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.box import SIMPLE
from rich.console import Group
from rich.table import Table
from rich.text import Text

SHOWN = 10


def told(result: Mapping[str, Any], currency: str) -> Any:
    """Who holds how much, the roles, and what nobody owns."""
    there, free = (_known(result[f"{what}_hours"]) for what in ("available", "free"))
    head = Text(
        f"Week of {result['as_of']}: {result['accounts']:,} accounts, {currency} {result['arr']:,.0f}; "
        f"{result['owed_hours']:,.1f} hours are owed, {there} are there: {free} hours are free, beside "
        f"{result['overdue_hours']:,.1f} hours overdue, of which {result['backlog_hours']:,.1f} are worked off this week.",
        "bold",
    )
    return Group(head, _owners(result), _roles(result), *_unowned(result, currency), Text(result["path"]))


def _owners(result: Mapping[str, Any]) -> Table:
    table = _table("\nBook of business, hours of the week", ("owner", "book"), ("count", "ARR k", *NUMBERS))
    for row in result["owners"]:
        share = row["book_share"]
        routine = row["owed_hours"] - row["play_hours"] - row["backlog_hours"]
        hours = [row[f"{what}_hours"] for what in ("play", "backlog", "available", "free", "overdue")]
        table.add_row(
            row["owner_id"],
            "–" if share is None else f"{100 * share:.0f} % {row['verdict']}",
            f"{row['accounts']}",
            f"{row['arr'] / 1000:,.0f}",
            *map(_hours, (routine, *hours)),
        )
    return table


NUMBERS = ("routine", "plays", "backlog", "there", "free", "late")
"""Hours: contacts, onboarding and steps of the week; plays that were promised; the week's part of what is overdue; those
there are, those left of them, and all that fell due before the week."""


def _roles(result: Mapping[str, Any]) -> Table:
    title = "\nBy role, in hours of the week; where nobody has a role, its work falls to the accounts' owners"
    table = _table(title, ("role",), ("people", "accounts", "work", "to do", "there", "free", "overdue"))
    for row in result["roles"]:
        hours = (_hours(row[f"{what}_hours"]) for what in ("owed", "borne", "available", "free", "overdue"))
        table.add_row(row["role"], f"{row['people']}", f"{row['accounts']}", *hours)
    return table


def _unowned(result: Mapping[str, Any], currency: str) -> Iterator[Any]:
    rows = result["unowned"]
    if not rows:
        return
    arr = sum(row["arr"] or 0 for row in rows)
    yield Text(f"\n{len(rows)} accounts have no owner, {currency} {arr:,.0f} of ARR:", "yellow")
    for row in rows[:SHOWN]:
        value = "ARR unknown" if row["arr"] is None else f"{currency} {row['arr']:,.0f}"
        yield Text(f"  {row['account_id']}: {value}, {_hours(row['owed_hours'])} hours owed")
    if len(rows) > SHOWN:
        yield Text(f"  … and {len(rows) - SHOWN} more.")


def _hours(value: float | None) -> str:
    return "–" if value is None else f"{round(value, 1):g}"


def _known(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.1f}"


def _table(title: str, texts: tuple[str, ...], numbers: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False, padding=(0, 1, 0, 0))
    for column in texts:
        table.add_column(column)
    for column in numbers:
        table.add_column(column, justify="right")
    return table
