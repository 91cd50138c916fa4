"""Support tickets, their messages, and escalations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import dated, thousandths
from features.snapshots import day_of

Tables = Mapping[str, Any]
MINUTES = 60  # seconds


def _opened(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "opened_at")
    return rows.select(
        "account_id",
        "day",
        "known_day",
        tickets=1,
        urgent=rows["priority"].coalesce("normal").isin(["high", "urgent"]).cast("int64"),
    )


def _answered(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "first_response_at")
    return rows.select("account_id", "day", "known_day", answered=1, minutes=_minutes(rows, "first_response_at"))


def _closed(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "closed_at")
    return rows.select("account_id", "day", "known_day", closed=1, minutes=_minutes(rows, "closed_at"))


def _minutes(rows: Any, until: str) -> Any:
    # In seconds first: some databases count the minute marks passed, others the minutes.
    return rows[until].delta(rows["opened_at"], unit="second").cast("int64") // MINUTES


def _open(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "opened_at")
    return rows.select("account_id", "day", "known_day", end_day=day_of(rows["closed_at"]))


def _escalated(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "escalated_at")
    return rows.select("account_id", "day", "known_day", escalations=1, end_day=day_of(rows["closed_at"]))


def _messages(tables: Tables) -> Any:
    tickets = dated(tables["support_tickets"], "opened_at")
    tickets = tickets.select("ticket_id", ticket_account=tickets["account_id"], ticket_known=tickets["known_day"])
    rows = dated(tables["ticket_messages"], "sent_at").inner_join(tickets, "ticket_id")
    rows = rows.filter((rows["author"] == "customer") & rows["sentiment"].notnull())
    # Whose message it is becomes known with the ticket.
    known = (rows["ticket_known"] > rows["known_day"]).ifelse(rows["ticket_known"], rows["known_day"])
    rows = rows.mutate(known_day=known)
    return rows.select(
        "day", "known_day", account_id=rows["ticket_account"], messages=1, mood=thousandths(rows["sentiment"])
    )


opened = Reduction("tickets_opened", "support_tickets", _opened)
answered = Reduction("tickets_answered", "support_tickets", _answered, needs=("first_response_at",))
closed = Reduction("tickets_closed", "support_tickets", _closed, needs=("closed_at",))
open_now = Reduction("tickets_open", "support_tickets", _open, needs=("closed_at",))
escalated = Reduction("escalated", "support_tickets", _escalated, needs=("escalated_at",))
messages = Reduction("messages", "ticket_messages", _messages, also=("support_tickets",))
