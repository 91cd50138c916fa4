"""Rows that come again, corrected: the same key, a later `known_at`, other values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.features.dice import DAY, Dice, midnight

Row = dict[str, Any]
# What a correction may change. Together where they belong together.
CORRECTED: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "accounts": (("segment",),),
    "subscriptions": (
        ("seats",), ("arr", "list_arr"), ("notice_days", "auto_renew"), ("product",),
        ("decision_at", "decision_kind", "effective_on", "reason"),
    ),
    "users": (("role",), ("department",), ("deactivated_at", "bounced_at")),
    "entitlements": (("level",), ("ends_on",)),
    "usage_events": (("occurred_at",), ("module", "feature"), ("count", "channel"), ("user_id",)),
    "support_tickets": (("priority", "topic"), ("closed_at",), ("first_response_at",), ("escalated_at",), ("user_id",)),
    "ticket_messages": (("sentiment", "author"), ("sent_at",)),
    "survey_responses": (("score", "scale_max", "kind"), ("answered_at",)),
    "invoices": (("amount",), ("paid_at",), ("due_on",), ("failed_at", "failure_resolved_at"),
                 ("disputed_at", "dispute_resolved_at")),
    "touchpoints": (("kind", "direction"), ("attended",), ("occurred_at", "responded_at", "opened_at")),
    "milestones": (("due_on",), ("reached_at",), ("kind",)),
    "opportunities": (("closed_at", "won"), ("kind",)),
    "crm_feedback": (("value",), ("recorded_at",), ("expires_on",)),
}  # fmt: skip


def with_restatements(world: dict[str, list[Row]], dice: Dice) -> dict[str, list[Row]]:
    """The world with about every sixth row restated, some of them twice."""
    found = {}
    for table, rows in world.items():
        again = [version for row in rows if dice.chance(0.15) for version in _versions(table, row, rows, dice)]
        found[table] = [*rows, *again]
    return found


def _versions(table: str, row: Row, rows: list[Row], dice: Dice) -> list[Row]:
    if row.get("known_at") is None or (table == "usage_events" and row["event_id"] is None):
        return []
    found, last = [], row
    for _ in range(dice.pick(1, 1, 2)):
        other = dice.random.choice([r for r in rows if r.get("account_id") == row.get("account_id")])
        columns = dice.random.choice(CORRECTED[table])
        later = dice.known(last["known_at"] + DAY * dice.number(1, 90))
        if dice.chance(0.3):
            later = midnight(dice.snapshot_day(later.date()))
        last = {**last, **{c: other.get(c) for c in columns}, "known_at": max(later, last["known_at"] + DAY)}
        found.append(last)
    return found
