"""Books of hand-written accounts for the signals: each account is one case, all cases of a rule are asked at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from data_contracts.sources import Facts
from features.cohort import CohortRule
from features.signals.catalogue import signals
from features.signals.held import held
from policy.policy import load_policy
from tests.features.building import facts_of, frames_of

AS_OF = date(2026, 3, 2)  # a Monday
DAY = timedelta(days=1)
Rows = list[dict[str, Any]]
Account = Mapping[str, Rows]


def ago(days: int, hour: int = 12) -> datetime:
    """Noon of the day so many days before as_of."""
    return datetime.combine(AS_OF - DAY * days, time(hour))


def term(*, tenure: int = 400, left: int = 200, seats: int | None = 10, **more: Any) -> dict[str, Any]:
    """A term that began `tenure` days ago and ends in `left` days."""
    return {"starts_on": AS_OF - DAY * tenure, "ends_on": AS_OF + DAY * left, "arr": 1200.0, "seats": seats, **more}


def account(*terms: dict[str, Any], segment: str | None = None, **tables: Iterable[dict[str, Any]]) -> Account:
    """An account with its terms (else one of 400 days' tenure) and its rows by table."""
    return {
        "accounts": [{"segment": segment, "created_on": AS_OF - DAY * 800}],
        "subscriptions": list(terms) or [term()],
        **{name: list(rows) for name, rows in tables.items()},
    }


def uses(count: int, *, block: int = 0, feature: str = "f0", users: int = 1) -> Rows:
    """So many user-days in the 28 days that end `block` blocks before as_of, shared among the users."""
    rows = []
    for i in range(count):
        at = ago(28 * block + 1 + i // max(users, -(-count // 28)))
        rows.append({"user_id": f"u{i % max(users, -(-count // 28))}", "occurred_at": at, "feature": feature})
    return rows


def used_on(days: Iterable[int], user: str = "u0", **more: Any) -> Rows:
    """One use by one person on each of these days before as_of."""
    return [{"user_id": user, "occurred_at": ago(d), **more} for d in days]


NUMBERED = {
    "subscriptions": "subscription_id", "support_tickets": "ticket_id", "invoices": "invoice_id",
    "survey_responses": "response_id", "touchpoints": "touch_id", "ticket_messages": "message_id",
}  # fmt: skip


def facts_about(accounts: Mapping[str, Account]) -> Facts:
    """The book of these accounts; ids that a case does not care for are made up."""
    world: dict[str, Rows] = {}
    for name, tables in accounts.items():
        for table, rows in tables.items():
            for i, row in enumerate(rows):
                key = {NUMBERED[table]: f"{name}-{i}"} if table in NUMBERED else {}
                found = {"account_id": name, **key, **row}
                if table == "accounts":
                    # An account of no segment is the only one of its own.
                    found["segment"] = row["segment"] or name
                if table == "ticket_messages":
                    found["ticket_id"] = f"{name}-0"
                if "user_id" in row and table in ("users", "usage_events"):
                    found["user_id"] = f"{name}-{row['user_id']}"
                world.setdefault(table, []).append(found)
    return facts_of(frames_of(world))


def causes(
    signal: str, accounts: Mapping[str, Account], runs: Sequence[date] = (AS_OF,)
) -> dict[str, list[dict[str, Any]]]:
    """Account → its rows of `held` for one signal, with the policy's numbers as they are."""
    declared = signals(load_policy())[signal]
    rows = held(facts_about(accounts), CohortRule(), [declared], list(runs)).to_dict("records")
    found: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(str(row["account_id"]), []).append({str(k): v for k, v in row.items()})
    return found


def caused(signal: str, accounts: Mapping[str, Account]) -> dict[str, list[int]]:
    """Account → places of the causes that hold as of as_of, suppressed ones left out."""
    found = causes(signal, accounts)
    return {name: [r["cause"] for r in rows if not r["suppressed"]] for name, rows in found.items()}
