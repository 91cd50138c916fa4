"""Every source table but the events, scaled with the accounts: terms, people, tickets, invoices and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import activity
from benchmarks.book import DAYS, FEATURES_PER_MODULE, TERM_DAYS, Book, random
from benchmarks.events import feature_names, module_names
from benchmarks.rows import Rows, days_on, ids, moments, one_of, table

QUARTER = 91


def write_small_tables(book: Book, folder: Path) -> dict[str, int]:
    """Write all of them as Parquet; returns their rows."""
    import pyarrow.parquet as pq

    rows = {}
    for name, made in small_tables(book):
        pq.write_table(made, folder / f"{name}.parquet", compression="zstd")
        rows[name] = len(made)
    return rows


def small_tables(book: Book) -> Iterator[tuple[str, Any]]:
    """Name and Arrow table, one after the other."""
    rows = Rows(book)
    yield "accounts", _accounts(rows)
    yield "subscriptions", _subscriptions(rows)
    yield "users", _users(rows)
    yield "entitlements", _entitlements(rows)
    yield "invoices", _invoices(rows)
    tickets = activity.tickets(rows)
    yield "support_tickets", tickets
    yield "ticket_messages", activity.messages(rows, tickets)
    yield "survey_responses", activity.answers(rows)
    yield "touchpoints", activity.touches(rows)
    yield "milestones", activity.steps(rows)
    yield "opportunities", activity.deals(rows)
    yield "crm_feedback", activity.ratings(rows)


def _accounts(rows: Rows) -> Any:
    dice, n = random(2), rows.book.accounts
    return table(
        account_id=rows.accounts,
        segment=one_of(dice, n, "smb", "mid", "enterprise"),
        created_on=days_on(rows.book.start - 30),
    )


def _subscriptions(rows: Rows) -> Any:
    import pyarrow as pa

    dice, book = random(3), rows.book
    account = np.repeat(np.arange(book.accounts), book.terms)
    number = np.arange(len(account)) - np.repeat(np.cumsum(book.terms) - book.terms, book.terms)
    starts = book.start[account] + number * TERM_DAYS
    lost = book.leaves[account] & (number == book.terms[account] - 1)
    seats = book.people[account] + number
    arr = np.round(seats * 600.0 * 1.04**number, 2)
    signed, decided = (starts - 20) * 86_400, (starts + TERM_DAYS - 60) * 86_400
    none = ~lost | (decided >= DAYS * 86_400)
    return table(
        subscription_id=ids("s", len(account)),
        account_id=rows.account(account),
        signed_at=moments(signed),
        starts_on=days_on(starts),
        ends_on=days_on(starts + TERM_DAYS),
        arr=pa.array(arr),
        seats=pa.array(seats),
        list_arr=pa.array(np.round(arr * 1.1, 2)),
        auto_renew=pa.array(dice.random(len(account)) < 0.6),
        notice_days=pa.array(np.full(len(account), 60)),
        decision_at=moments(decided, none),
        decision_kind=pa.array(np.where(none, None, "voluntary"), pa.string()),
        known_at=moments(signed),
    ).filter(pa.array(signed < DAYS * 86_400))


def _users(rows: Rows) -> Any:
    import pyarrow as pa

    dice, book = random(4), rows.book
    account = np.repeat(np.arange(book.accounts), book.people)
    n = len(account)
    place = np.arange(n) - book.first_person[account]
    created = book.start[account] * 86_400 + (dice.random(n) ** 3 * 400 * 86_400).astype(np.int64)
    gone = created + (dice.random(n) * 900 * 86_400).astype(np.int64)
    roles = np.array(["champion", "admin", "sponsor", "user"])
    return table(
        user_id=rows.people,
        account_id=rows.account(account),
        role=pa.array(roles[np.minimum(place, 3)]),
        created_at=moments(created),
        deactivated_at=moments(gone, dice.random(n) < 0.7),
    ).filter(pa.array(created < DAYS * 86_400))


def _entitlements(rows: Rows) -> Any:
    import pyarrow as pa

    owned = rows.book.modules * FEATURES_PER_MODULE
    account = np.repeat(np.arange(rows.book.accounts), owned)
    feature = np.arange(len(account)) - np.repeat(np.cumsum(owned) - owned, owned)
    level = np.where(feature % FEATURES_PER_MODULE < 2, "core", "advanced")
    return table(
        account_id=rows.account(account),
        module=pa.array(module_names()).take(pa.array(feature // FEATURES_PER_MODULE)),
        feature=pa.array(feature_names()).take(pa.array(feature)),
        level=pa.array(level),
        starts_on=days_on(rows.book.start[account]),
    )


def _invoices(rows: Rows) -> Any:
    import pyarrow as pa

    dice, book = random(5), rows.book
    each = book.terms * 4
    account = np.repeat(np.arange(book.accounts), each)
    number = np.arange(len(account)) - np.repeat(np.cumsum(each) - each, each)
    issued = book.start[account] + number * QUARTER
    n, due = len(account), issued + 30
    paid = (due * 86_400 + dice.normal(-5, 12, n) * 86_400).astype(np.int64)
    failed = due * 86_400
    none = dice.random(n) > 0.04
    disputed, calm = (issued + 10) * 86_400, dice.random(n) > 0.02
    return table(
        invoice_id=ids("i", n),
        account_id=rows.account(account),
        issued_on=days_on(issued),
        due_on=days_on(due),
        amount=pa.array(book.people[account] * 150.0),
        paid_at=moments(paid),
        failed_at=moments(failed, none),
        failure_resolved_at=moments(failed + 9 * 86_400, none),
        disputed_at=moments(disputed, calm),
        dispute_resolved_at=moments(disputed + 20 * 86_400, calm),
        known_at=moments(issued * 86_400),
    ).filter(pa.array(issued < DAYS))
