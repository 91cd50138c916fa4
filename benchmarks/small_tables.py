"""Every source table but the events, scaled with the accounts: terms, people, tickets, invoices and the rest."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.book import DAYS, FEATURES_PER_MODULE, TERM_DAYS, Book, account_ids, person_ids, random
from benchmarks.events import DAY_ZERO, SECOND, feature_names, module_names

# Facts per account over the 104 weeks, on average.
TICKETS, ANSWERS, TOUCHES, STEPS, DEALS, RATINGS = 12, 8, 30, 6, 2, 4
MESSAGES_PER_TICKET = 3
QUARTER = 91


def write_small_tables(book: Book, folder: Path) -> dict[str, int]:
    """Write all of them as Parquet; returns their rows."""
    import pyarrow.parquet as pq

    rows = {}
    for name, table in small_tables(book):
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        rows[name] = len(table)
    return rows


def small_tables(book: Book) -> Iterator[tuple[str, Any]]:
    """Name and Arrow table, one after the other."""
    rows = _Rows(book)
    yield "accounts", _accounts(rows)
    yield "subscriptions", _subscriptions(rows)
    yield "users", _users(rows)
    yield "entitlements", _entitlements(rows)
    yield "invoices", _invoices(rows)
    tickets = _tickets(rows)
    yield "support_tickets", tickets
    yield "ticket_messages", _messages(rows, tickets)
    yield "survey_responses", _answers(rows)
    yield "touchpoints", _touches(rows)
    yield "milestones", _steps(rows)
    yield "opportunities", _deals(rows)
    yield "crm_feedback", _ratings(rows)


class _Rows:
    """Columns of one table, from arrays of account numbers and days (day 0 is the first of the book)."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.accounts, self.people = account_ids(book), person_ids(book)

    def drawn(self, dice: Any, per_account: float) -> tuple[Any, Any]:
        """(account, moment in seconds) of facts while the account is a customer."""
        low, high = np.maximum(self.book.start, 0), np.minimum(self.book.end, DAYS)
        share = np.clip(high - low, 0, None) / DAYS
        account = np.repeat(np.arange(self.book.accounts), dice.poisson(per_account * share))
        day = low[account] + (high - low)[account] * dice.random(len(account))
        return account, (day * 86_400).astype(np.int64)

    def account(self, numbers: Any) -> Any:
        import pyarrow as pa

        return self.accounts.take(pa.array(numbers))

    def person_of(self, dice: Any, account: Any) -> Any:
        import pyarrow as pa

        chosen = self.book.first_person[account] + self.book.people[account] * dice.random(len(account))
        return self.people.take(pa.array(chosen.astype(np.int64)))


def _ids(prefix: str, n: int) -> Any:
    import pyarrow as pa

    return pa.array([f"{prefix}{i:08d}" for i in range(n)])


def _at(seconds: Any, missing: Any = None) -> Any:
    """Moments; what lies after the book's end has not happened."""
    import pyarrow as pa

    late = seconds >= DAYS * 86_400
    absent = late if missing is None else late | missing
    return pa.array((seconds + DAY_ZERO) * SECOND, pa.int64(), mask=absent).cast(pa.timestamp("us"))


def _on(days: Any, missing: Any = None) -> Any:
    import pyarrow as pa

    return pa.array(days + DAY_ZERO // 86_400, pa.int32(), mask=missing).cast(pa.date32())


def _of(dice: Any, n: int, *names: str) -> Any:
    import pyarrow as pa

    return pa.array(names).take(pa.array(dice.integers(0, len(names), n)))


def _table(**columns: Any) -> Any:
    import pyarrow as pa

    return pa.table(columns)


def _accounts(rows: _Rows) -> Any:
    dice, n = random(2), rows.book.accounts
    return _table(
        account_id=rows.accounts,
        segment=_of(dice, n, "smb", "mid", "enterprise"),
        created_on=_on(rows.book.start - 30),
    )


def _subscriptions(rows: _Rows) -> Any:
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
    return _table(
        subscription_id=_ids("s", len(account)),
        account_id=rows.account(account),
        signed_at=_at(signed),
        starts_on=_on(starts),
        ends_on=_on(starts + TERM_DAYS),
        arr=pa.array(arr),
        seats=pa.array(seats),
        list_arr=pa.array(np.round(arr * 1.1, 2)),
        auto_renew=pa.array(dice.random(len(account)) < 0.6),
        notice_days=pa.array(np.full(len(account), 60)),
        decision_at=_at(decided, none),
        decision_kind=pa.array(np.where(none, None, "voluntary"), pa.string()),
        known_at=_at(signed),
    ).filter(pa.array(signed < DAYS * 86_400))


def _users(rows: _Rows) -> Any:
    import pyarrow as pa

    dice, book = random(4), rows.book
    account = np.repeat(np.arange(book.accounts), book.people)
    n = len(account)
    place = np.arange(n) - book.first_person[account]
    created = book.start[account] * 86_400 + (dice.random(n) ** 3 * 400 * 86_400).astype(np.int64)
    gone = created + (dice.random(n) * 900 * 86_400).astype(np.int64)
    roles = np.array(["champion", "admin", "sponsor", "user"])
    return _table(
        user_id=rows.people,
        account_id=rows.account(account),
        role=pa.array(roles[np.minimum(place, 3)]),
        created_at=_at(created),
        deactivated_at=_at(gone, dice.random(n) < 0.7),
    ).filter(pa.array(created < DAYS * 86_400))


def _entitlements(rows: _Rows) -> Any:
    import pyarrow as pa

    owned = rows.book.modules * FEATURES_PER_MODULE
    account = np.repeat(np.arange(rows.book.accounts), owned)
    feature = np.arange(len(account)) - np.repeat(np.cumsum(owned) - owned, owned)
    level = np.where(feature % FEATURES_PER_MODULE < 2, "core", "advanced")
    return _table(
        account_id=rows.account(account),
        module=pa.array(module_names()).take(pa.array(feature // FEATURES_PER_MODULE)),
        feature=pa.array(feature_names()).take(pa.array(feature)),
        level=pa.array(level),
        starts_on=_on(rows.book.start[account]),
    )


def _invoices(rows: _Rows) -> Any:
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
    return _table(
        invoice_id=_ids("i", n),
        account_id=rows.account(account),
        issued_on=_on(issued),
        due_on=_on(due),
        amount=pa.array(book.people[account] * 150.0),
        paid_at=_at(paid),
        failed_at=_at(failed, none),
        failure_resolved_at=_at(failed + 9 * 86_400, none),
        disputed_at=_at(disputed, calm),
        dispute_resolved_at=_at(disputed + 20 * 86_400, calm),
        known_at=_at(issued * 86_400),
    ).filter(pa.array(issued < DAYS))


def _tickets(rows: _Rows) -> Any:
    dice = random(6)
    account, opened = rows.drawn(dice, TICKETS)
    n = len(account)
    first = opened + dice.exponential(8 * 3600, n).astype(np.int64)
    closed = first + dice.exponential(4 * 86_400, n).astype(np.int64)
    return _table(
        ticket_id=_ids("t", n),
        account_id=rows.account(account),
        user_id=rows.person_of(dice, account),
        opened_at=_at(opened),
        first_response_at=_at(first),
        closed_at=_at(closed, dice.random(n) < 0.03),
        priority=_of(dice, n, "low", "normal", "normal", "normal", "high", "urgent"),
        escalated_at=_at(first + 3600, dice.random(n) < 0.95),
    )


def _messages(rows: _Rows, tickets: Any) -> Any:
    import pyarrow as pa

    dice = random(7)
    of = np.repeat(np.arange(len(tickets)), MESSAGES_PER_TICKET)
    opened = tickets["opened_at"].cast(pa.int64()).to_numpy() // SECOND - DAY_ZERO
    sent = opened[of] + dice.exponential(86_400, len(of)).astype(np.int64)
    happened = pa.array(sent < DAYS * 86_400)
    return _table(
        message_id=_ids("m", len(of)),
        ticket_id=tickets["ticket_id"].take(pa.array(of)),
        sent_at=_at(sent),
        author=_of(dice, len(of), "customer", "agent"),
        sentiment=pa.array(np.round(np.clip(dice.normal(0.1, 0.4, len(of)), -1, 1), 3)),
    ).filter(happened)


def _answers(rows: _Rows) -> Any:
    import pyarrow as pa

    dice = random(8)
    account, at = rows.drawn(dice, ANSWERS)
    kind = dice.integers(0, 4, len(account))
    top, low = np.array([10, 5, 7, 100])[kind], np.array([0, 1, 1, 0])[kind]
    return _table(
        response_id=_ids("r", len(account)),
        account_id=rows.account(account),
        user_id=rows.person_of(dice, account),
        kind=pa.array(["nps", "csat", "ces", "outcome"]).take(pa.array(kind)),
        score=pa.array(np.floor(low + (top - low + 1) * dice.random(len(account)) ** 0.6)),
        answered_at=_at(at),
    )


def _touches(rows: _Rows) -> Any:
    import pyarrow as pa

    dice = random(9)
    account, at = rows.drawn(dice, TOUCHES)
    n = len(account)
    kinds = (
        "email",
        "email",
        "email",
        "email",
        "call",
        "meeting",
        "qbr",
        "training",
        "webinar",
        "community",
        "feedback",
    )
    answered = at + dice.exponential(2 * 86_400, n).astype(np.int64)
    return _table(
        touch_id=_ids("c", n),
        account_id=rows.account(account),
        user_id=rows.person_of(dice, account),
        kind=_of(dice, n, *kinds),
        direction=_of(dice, n, "ours", "ours", "theirs"),
        occurred_at=_at(at),
        opened_at=_at(answered, dice.random(n) < 0.5),
        responded_at=_at(answered, dice.random(n) < 0.7),
        attended=pa.array(dice.random(n) < 0.7, mask=dice.random(n) < 0.5),
    )


def _steps(rows: _Rows) -> Any:
    import pyarrow as pa

    dice, book = random(10), rows.book
    account = np.repeat(np.arange(book.accounts), STEPS)
    step = np.tile(np.arange(STEPS), book.accounts)
    due = book.start[account] + 14 * (step + 1)
    reached = (due * 86_400 + dice.normal(0, 15, len(account)) * 86_400).astype(np.int64)
    kinds = pa.array(["key_action", "first_value", "task", "task", "goal", "handoff"])
    return _table(
        account_id=rows.account(account),
        milestone=pa.array([f"step {s}" for s in range(STEPS)]).take(pa.array(step)),
        kind=kinds.take(pa.array(step)),
        due_on=_on(due),
        reached_at=_at(reached, dice.random(len(account)) < 0.1),
        known_at=_at(book.start[account] * 86_400),
    ).filter(pa.array(book.start[account] < DAYS))


def _deals(rows: _Rows) -> Any:
    import pyarrow as pa

    dice = random(11)
    account, at = rows.drawn(dice, DEALS)
    closed = at + dice.exponential(60 * 86_400, len(account)).astype(np.int64)
    open_still = closed >= DAYS * 86_400
    return _table(
        opportunity_id=_ids("o", len(account)),
        account_id=rows.account(account),
        kind=_of(dice, len(account), "expansion", "renewal"),
        created_at=_at(at),
        closed_at=_at(closed),
        won=pa.array(dice.random(len(account)) < 0.4, mask=open_still),
    )


def _ratings(rows: _Rows) -> Any:
    dice = random(12)
    account, at = rows.drawn(dice, RATINGS)
    return _table(
        feedback_id=_ids("f", len(account)),
        account_id=rows.account(account),
        kind=_of(dice, len(account), "sponsor_rating"),
        value=_of(dice, len(account), "1", "2", "3", "4", "5"),
        recorded_at=_at(at),
        expires_on=_on(at // 86_400 + 180),
    )
