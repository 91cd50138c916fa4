"""Clean rows of every table as text, the way a CSV delivers them, and small helpers to read them under contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_contracts.contract import source_contracts
from data_contracts.sources import Mapped, SourceReader

NOW = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - the pipeline's moments are naive UTC
Row = Mapping[str, str | None]

CLEAN: dict[str, dict[str, str | None]] = {
    "accounts": {
        "account_id": "a1", "name": "Fjord", "segment": "smb", "industry": "retail", "region": "EU", "owner_id": "o1",
        "owner_email": "ada@example.com", "owner_type": "CSM", "timezone": "Europe/Berlin", "created_on": "2024-01-01",
        "merged_into": None, "known_at": "2024-01-02 08:00:00",
    },
    "subscriptions": {
        "subscription_id": "s1", "account_id": "a1", "product": "suite", "signed_at": "2024-01-10 09:00:00",
        "starts_on": "2024-02-01", "ends_on": "2025-02-01", "arr": "12000.50", "seats": "20", "list_arr": "15000",
        "auto_renew": "true", "notice_days": "60", "decision_at": "2024-11-20 15:30:00", "decision_kind": "voluntary",
        "effective_on": "2025-02-01", "reason": "price", "known_at": "2024-01-10 10:00:00",
    },
    "users": {
        "user_id": "u1", "account_id": "a1", "role": "champion", "department": "sales",
        "created_at": "2024-02-01 09:00:00", "deactivated_at": "2024-09-01 00:00:00",
        "bounced_at": "2024-09-02 00:00:00", "known_at": "2024-02-01 09:00:00",
    },
    "entitlements": {
        "account_id": "a1", "module": "m1", "feature": "f1", "level": "core", "starts_on": "2024-02-01",
        "ends_on": "2025-02-01", "known_at": "2024-01-20 00:00:00",
    },
    "usage_events": {
        "account_id": "a1", "user_id": "u1", "occurred_at": "2024-03-04 10:15:00", "module": "m1", "feature": "f1",
        "channel": "ui", "count": "3", "event_id": "e1", "known_at": "2024-03-04 10:20:00",
    },
    "support_tickets": {
        "ticket_id": "t1", "account_id": "a1", "user_id": "u1", "opened_at": "2024-04-01 09:00:00",
        "first_response_at": "2024-04-01 10:00:00", "closed_at": "2024-04-03 17:00:00", "priority": "high",
        "escalated_at": "2024-04-02 09:00:00", "topic": "billing", "known_at": "2024-04-01 09:01:00",
    },
    "ticket_messages": {
        "message_id": "m1", "ticket_id": "t1", "sent_at": "2024-04-01 09:05:00", "author": "customer",
        "text": "It is slow.", "sentiment": "-0.4", "known_at": "2024-04-01 09:06:00",
    },
    "survey_responses": {
        "response_id": "r1", "account_id": "a1", "user_id": "u1", "kind": "csat", "score": "4", "scale_max": "5",
        "answered_at": "2024-05-01 12:00:00", "comment": "Good.", "known_at": "2024-05-01 12:00:00",
    },
    "invoices": {
        "invoice_id": "i1", "account_id": "a1", "issued_on": "2024-02-01", "due_on": "2024-03-01", "amount": "1000",
        "paid_at": "2024-03-20 10:00:00", "failed_at": "2024-03-01 06:00:00",
        "failure_resolved_at": "2024-03-05 06:00:00", "disputed_at": "2024-03-02 10:00:00",
        "dispute_resolved_at": "2024-03-19 10:00:00", "known_at": "2024-02-01 00:00:00",
    },
    "touchpoints": {
        "touch_id": "c1", "account_id": "a1", "user_id": "u1", "kind": "email", "direction": "ours",
        "occurred_at": "2024-06-03 09:00:00", "due_on": "2024-06-01", "opened_at": "2024-06-03 09:30:00",
        "responded_at": "2024-06-04 08:00:00", "attended": "true", "reason": "check-in",
        "known_at": "2024-06-03 09:00:00",
    },
    "milestones": {
        "account_id": "a1", "milestone": "first import", "kind": "key_action", "due_on": "2024-03-01",
        "reached_at": "2024-02-20 14:00:00", "known_at": "2024-02-20 14:00:00",
    },
    "opportunities": {
        "opportunity_id": "d1", "account_id": "a1", "kind": "renewal", "stage": "won", "amount": "12000",
        "created_at": "2024-11-01 09:00:00", "closed_at": "2025-01-15 09:00:00", "won": "true",
        "known_at": "2024-11-01 09:00:00",
    },
    "crm_feedback": {
        "feedback_id": "k1", "account_id": "a1", "kind": "sponsor_rating", "value": "4", "reason": "met in person",
        "recorded_at": "2024-07-01 09:00:00", "expires_on": "2024-12-28", "task_key": "a1|play:assess|2024-W27",
        "known_at": "2024-07-01 09:00:00",
    },
}  # fmt: skip


def text_table(rows: Sequence[Row]) -> pa.Table:
    """Rows as an Arrow table of text."""
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in rows[0]})


def select(table: str, sql: str | None = None) -> Mapped:
    """A mapped SELECT, by default over `raw.TABLE`."""
    return Mapped(table, Path(f"{table}.sql"), sql or f"SELECT * FROM raw_{table}")


def deliver(engine: Any, table: str, rows: Sequence[Row]) -> Mapped:
    """Put rows into the user's table and map it."""
    engine.create_table(f"raw_{table}", text_table(rows), overwrite=True)
    return select(table)


def reader(engine: Any, *, origin: Any = None, parents: bool = True, docs: Path | None = None) -> SourceReader:
    """A reader over one database; with `parents`, the account `a1` and the ticket `t1` are already accepted."""
    found = SourceReader(engine, engine if origin is None else origin, now=NOW, docs=docs)
    for table in ("accounts", "support_tickets") if parents else ():
        unchecked = replace(source_contracts()[table], checks=())  # the parents are clean; checking them takes time
        assert found.read(deliver(engine, table, [CLEAN[table]]), unchecked).verdict == "ok"
    return found


def rows_of(engine: Any, schema: str, table: str) -> list[dict[str, Any]]:
    """The rows of a table of the warehouse."""
    found: list[dict[str, Any]] = engine.table(table, database=schema).to_pyarrow().to_pylist()
    return found
