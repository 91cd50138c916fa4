"""What happens at the accounts of a generated book: tickets, messages, answers, contacts, steps, deals and ratings."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.book import DAYS, random
from benchmarks.events import DAY_ZERO, SECOND
from benchmarks.rows import Rows, days_on, ids, moments, one_of, table

# Facts per account over the 104 weeks, on average.
TICKETS, ANSWERS, TOUCHES, STEPS, DEALS, RATINGS = 12, 8, 30, 6, 2, 4
MESSAGES_PER_TICKET = 3


def tickets(rows: Rows) -> Any:
    dice = random(6)
    account, opened = rows.drawn(dice, TICKETS)
    n = len(account)
    first = opened + dice.exponential(8 * 3600, n).astype(np.int64)
    closed = first + dice.exponential(4 * 86_400, n).astype(np.int64)
    return table(
        ticket_id=ids("t", n),
        account_id=rows.account(account),
        user_id=rows.person_of(dice, account),
        opened_at=moments(opened),
        first_response_at=moments(first),
        closed_at=moments(closed, dice.random(n) < 0.03),
        priority=one_of(dice, n, "low", "normal", "normal", "normal", "high", "urgent"),
        escalated_at=moments(first + 3600, dice.random(n) < 0.95),
    )


def messages(rows: Rows, of_tickets: Any) -> Any:
    import pyarrow as pa

    dice = random(7)
    of = np.repeat(np.arange(len(of_tickets)), MESSAGES_PER_TICKET)
    opened = of_tickets["opened_at"].cast(pa.int64()).to_numpy() // SECOND - DAY_ZERO
    sent = opened[of] + dice.exponential(86_400, len(of)).astype(np.int64)
    happened = pa.array(sent < DAYS * 86_400)
    return table(
        message_id=ids("m", len(of)),
        ticket_id=of_tickets["ticket_id"].take(pa.array(of)),
        sent_at=moments(sent),
        author=one_of(dice, len(of), "customer", "agent"),
        sentiment=pa.array(np.round(np.clip(dice.normal(0.1, 0.4, len(of)), -1, 1), 3)),
    ).filter(happened)


def answers(rows: Rows) -> Any:
    import pyarrow as pa

    dice = random(8)
    account, at = rows.drawn(dice, ANSWERS)
    kind = dice.integers(0, 4, len(account))
    top, low = np.array([10, 5, 7, 100])[kind], np.array([0, 1, 1, 0])[kind]
    return table(
        response_id=ids("r", len(account)),
        account_id=rows.account(account),
        user_id=rows.person_of(dice, account),
        kind=pa.array(["nps", "csat", "ces", "outcome"]).take(pa.array(kind)),
        score=pa.array(np.floor(low + (top - low + 1) * dice.random(len(account)) ** 0.6)),
        answered_at=moments(at),
    )


def touches(rows: Rows) -> Any:
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
    return table(
        touch_id=ids("c", n),
        account_id=rows.account(account),
        user_id=rows.person_of(dice, account),
        kind=one_of(dice, n, *kinds),
        direction=one_of(dice, n, "ours", "ours", "theirs"),
        occurred_at=moments(at),
        opened_at=moments(answered, dice.random(n) < 0.5),
        responded_at=moments(answered, dice.random(n) < 0.7),
        attended=pa.array(dice.random(n) < 0.7, mask=dice.random(n) < 0.5),
    )


def steps(rows: Rows) -> Any:
    import pyarrow as pa

    dice, book = random(10), rows.book
    account = np.repeat(np.arange(book.accounts), STEPS)
    step = np.tile(np.arange(STEPS), book.accounts)
    due = book.start[account] + 14 * (step + 1)
    reached = (due * 86_400 + dice.normal(0, 15, len(account)) * 86_400).astype(np.int64)
    kinds = pa.array(["key_action", "first_value", "task", "task", "goal", "handoff"])
    return table(
        account_id=rows.account(account),
        milestone=pa.array([f"step {s}" for s in range(STEPS)]).take(pa.array(step)),
        kind=kinds.take(pa.array(step)),
        due_on=days_on(due),
        reached_at=moments(reached, dice.random(len(account)) < 0.1),
        known_at=moments(book.start[account] * 86_400),
    ).filter(pa.array(book.start[account] < DAYS))


def deals(rows: Rows) -> Any:
    import pyarrow as pa

    dice = random(11)
    account, at = rows.drawn(dice, DEALS)
    closed = at + dice.exponential(60 * 86_400, len(account)).astype(np.int64)
    open_still = closed >= DAYS * 86_400
    return table(
        opportunity_id=ids("o", len(account)),
        account_id=rows.account(account),
        kind=one_of(dice, len(account), "expansion", "renewal"),
        created_at=moments(at),
        closed_at=moments(closed),
        won=pa.array(dice.random(len(account)) < 0.4, mask=open_still),
    )


def ratings(rows: Rows) -> Any:
    dice = random(12)
    account, at = rows.drawn(dice, RATINGS)
    return table(
        feedback_id=ids("f", len(account)),
        account_id=rows.account(account),
        kind=one_of(dice, len(account), "sponsor_rating"),
        value=one_of(dice, len(account), "1", "2", "3", "4", "5"),
        recorded_at=moments(at),
        expires_on=days_on(at // 86_400 + 180),
    )
