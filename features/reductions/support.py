"""Support tickets, their messages, and escalations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.measure import Reduction
from features.reductions.shapes import GONE, dated, kept, sooner, thousandths, visible_together
from features.snapshots import day_of

Tables = Mapping[str, Any]
MINUTES = 60  # seconds


def _opened(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "opened_at")
    return kept(
        rows,
        tickets=1,
        urgent=rows["priority"].coalesce("normal").isin(["high", "urgent"]).cast("int64"),
    )


def _answered(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "first_response_at")
    return kept(rows, answered=1, minutes=_minutes(rows, "first_response_at"))


def _closed(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "closed_at")
    return kept(rows, closed=1, minutes=_minutes(rows, "closed_at"))


def _minutes(rows: Any, until: str) -> Any:
    # In seconds first: some databases count the minute marks passed, others the minutes.
    return rows[until].delta(rows["opened_at"], unit="second").cast("int64") // MINUTES


def _open(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "opened_at")
    return kept(rows, end_day=day_of(rows["closed_at"]))


def _unanswered(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "opened_at")
    answered = sooner(day_of(rows["first_response_at"]), day_of(rows["closed_at"]))
    return kept(rows, end_day=answered)


def _distinct(column: str) -> Any:
    def rows(tables: Tables) -> Any:
        found = dated(tables["support_tickets"], "opened_at")
        found = found.filter(found[column].notnull())
        return kept(found, entity=found[column])

    return rows


def _escalated(tables: Tables) -> Any:
    rows = dated(tables["support_tickets"], "escalated_at")
    return kept(rows, escalations=1, end_day=day_of(rows["closed_at"]))


def _messages(tables: Tables) -> Any:
    rows = dated(tables["ticket_messages"], "sent_at")
    rows = rows.filter((rows["author"] == "customer") & rows["sentiment"].notnull())
    tickets = dated(tables["support_tickets"], "opened_at")
    gone = {"ticket_gone": tickets[GONE]} if GONE in tickets.columns else {}
    tickets = tickets.select("ticket_id", account_id="account_id", ticket_known=tickets["known_day"], **gone)
    # Whose message it is becomes known with the ticket.
    rows = rows.inner_join(tickets, "ticket_id")
    rows = visible_together(rows, known=rows["ticket_known"], gone=rows["ticket_gone"] if gone else None)
    return kept(rows, messages=1, mood=thousandths(rows["sentiment"]))


opened = Reduction("tickets_opened", "support_tickets", _opened)
answered = Reduction("tickets_answered", "support_tickets", _answered, needs=("first_response_at",))
closed = Reduction("tickets_closed", "support_tickets", _closed, needs=("closed_at",))
open_now = Reduction("tickets_open", "support_tickets", _open, needs=("closed_at",))
unanswered = Reduction("tickets_unanswered", "support_tickets", _unanswered, needs=("first_response_at",))
ticket_authors = Reduction("ticket_authors", "support_tickets", _distinct("user_id"), needs=("user_id",))
ticket_topics = Reduction("ticket_topics", "support_tickets", _distinct("topic"), needs=("topic",))
escalated = Reduction("escalated", "support_tickets", _escalated, needs=("escalated_at",))
messages = Reduction("messages", "ticket_messages", _messages, also=("support_tickets",))
