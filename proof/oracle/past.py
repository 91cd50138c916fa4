"""What was known before as_of: loops over plain rows, nothing clever.

Written from interface.md (which columns are mutable, which moment makes a row) so that it also checks the contracts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any


class Row(dict[str, Any]):
    """A plain row; a column it does not name is null."""

    def __missing__(self, column: str) -> None:
        return None


World = Mapping[str, Sequence[Mapping[str, Any]]]
OCCURRED = {
    "accounts": "created_on",
    "users": "created_at",
    "entitlements": "starts_on",
    "usage_events": "occurred_at",
    "support_tickets": "opened_at",
    "ticket_messages": "sent_at",
    "survey_responses": "answered_at",
    "invoices": "issued_on",
    "touchpoints": "occurred_at",
    "opportunities": "created_at",
    "crm_feedback": "recorded_at",
}
# Every later-dated column reads as null while its date ≥ as_of; what follows another date is written behind it.
MUTABLE: dict[str, dict[str, tuple[str, ...]]] = {
    "subscriptions": {"decision_at": ("decision_kind", "reason"), "effective_on": ()},
    "users": {"deactivated_at": (), "bounced_at": ()},
    "entitlements": {"ends_on": ()},
    "support_tickets": {"first_response_at": (), "closed_at": (), "escalated_at": ()},
    "invoices": dict.fromkeys(
        ("paid_at", "failed_at", "failure_resolved_at", "disputed_at", "dispute_resolved_at"), ()
    ),
    "touchpoints": {"opened_at": (), "responded_at": ()},
    "milestones": {"due_on": (), "reached_at": ()},
    "opportunities": {"closed_at": ("won",)},
}


# What tells one fact from another; a later row of the same key restates the earlier one from its own `known_at` on.
KEYS: dict[str, tuple[str, ...]] = {
    "accounts": ("account_id",),
    "subscriptions": ("subscription_id",),
    "users": ("user_id",),
    "entitlements": ("account_id", "module", "feature", "starts_on"),
    "usage_events": ("event_id",),
    "support_tickets": ("ticket_id",),
    "ticket_messages": ("message_id",),
    "survey_responses": ("response_id",),
    "invoices": ("invoice_id",),
    "touchpoints": ("touch_id",),
    "milestones": ("account_id", "milestone"),
    "opportunities": ("opportunity_id",),
    "crm_feedback": ("feedback_id",),
}


def moment(value: date | datetime) -> datetime:
    """A date stands for its midnight."""
    return value if isinstance(value, datetime) else datetime.combine(value, time())


def day(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def occurred(table: str, row: Mapping[str, Any]) -> datetime | None:
    if table == "subscriptions":
        return row.get("signed_at") or moment(row["starts_on"]) - timedelta(days=1)
    if table == "milestones":
        dates = [moment(row[c]) for c in ("due_on", "reached_at") if row.get(c)]
        return min(dates, default=None)
    value = row.get(OCCURRED[table])
    return moment(value) if value else None


def as_it_stood(table: str, row: Mapping[str, Any], as_of: date) -> Row | None:
    """The row as it read just before as_of, or None where it was not there yet."""
    now = moment(as_of)
    for at in (occurred(table, row), row.get("known_at")):
        if at is not None and at >= now:
            return None
    seen = Row(row)
    for guard, followers in MUTABLE.get(table, {}).items():
        value = row.get(guard)
        if value is None or moment(value) >= now:
            for column in (guard, *followers):
                seen[column] = None
    return seen


def known_before(rows: Iterable[Mapping[str, Any]], as_of: date) -> list[Mapping[str, Any]]:
    """Rows that were known before as_of, the first known first."""
    now = moment(as_of)
    known = [r for r in rows if r.get("known_at") is None or r["known_at"] < now]
    return sorted(known, key=lambda r: r.get("known_at") or moment(date.min))


def latest_versions(table: str, rows: Iterable[Mapping[str, Any]], as_of: date) -> list[Mapping[str, Any]]:
    """Of every fact the version that was known last before as_of; rows without a key of their own are all facts."""
    found: dict[Any, Mapping[str, Any]] = {}
    for i, row in enumerate(known_before(rows, as_of)):
        key = tuple(row.get(c) for c in KEYS[table])
        found[key if table != "usage_events" or key[0] is not None else i] = row
    return list(found.values())


@dataclass
class View:
    """One account at one snapshot: its rows by table as they stood, and its line in the cohort.

    `versions` are all rows of its people that were known by then, restated ones too, the first known first.
    """

    as_of: date
    account: str
    covers: Callable[[str], bool]
    rows: dict[str, list[Row]] = field(default_factory=dict)
    versions: list[Row] = field(default_factory=list)
    line: Row = field(default_factory=Row)

    def of(self, table: str, at: str | None = None, days: int | None = None, ago: int = 0) -> Iterable[Row]:
        """Rows of a table; with `at`, those that have that date; with `days`, those whose date lies in the window."""
        end = self.as_of - timedelta(days=ago)
        for row in self.rows.get(table, []):
            if at is None or (
                row[at] is not None and (days is None or end - timedelta(days=days) <= day(row[at]) < end)
            ):
                yield row

    def count(self, table: str, at: str, days: int, ago: int = 0, when: Callable[[Row], Any] = lambda _: True) -> int:
        return sum(1 for row in self.of(table, at, days, ago) if when(row))

    def age(self, value: date | datetime) -> int:
        return (self.as_of - day(value)).days


def views(world: World, as_of: date, uncovered: Mapping[str, set[str]]) -> dict[str, View]:
    """Every account's view, whether it is scored or not."""
    found: dict[str, View] = {}

    def view(account: str) -> View:
        if account not in found:
            found[account] = View(as_of, account, lambda table: account not in uncovered.get(table, ()))
        return found[account]

    for table, rows in world.items():
        if table == "ticket_messages":
            continue
        for row in latest_versions(table, rows, as_of):
            seen = as_it_stood(table, row, as_of)
            if seen is not None:
                view(row["account_id"]).rows.setdefault(table, []).append(seen)
    for row in known_before(world.get("users", []), as_of):
        view(row["account_id"]).versions.append(Row(row))
    tickets = {t["ticket_id"]: v for v in found.values() for t in v.of("support_tickets")}
    for row in latest_versions("ticket_messages", world.get("ticket_messages", []), as_of):
        seen = as_it_stood("ticket_messages", row, as_of)
        # A message belongs to nobody before its ticket is known.
        if seen is not None and row["ticket_id"] in tickets:
            tickets[row["ticket_id"]].rows.setdefault("ticket_messages", []).append(seen)
    return found


def ratio(above: float | None, below: float | None) -> float | None:
    """Null where a side is null or nothing stands below."""
    return None if above is None or not below else above / below


def mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return ratio(sum(found), len(found))


def capped(value: float | None, low: float, high: float) -> float | None:
    return None if value is None else min(max(value, low), high)
