"""The tables `support_tickets` and `ticket_messages`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation import phrases
from simulation.book import Book
from simulation.days import Floats, Ints, happened, holiday_factor, office_hours
from simulation.people import People
from simulation.prospects import MODULES
from simulation.revenue import Revenue
from simulation.schema import keys, picked, source_table
from simulation.streams import stream
from simulation.world import World

WEEKLY_TICKETS = 0.16
"""Tickets a week of an account with ten thousand of ARR in an ordinary state."""
_ENGAGED_FILE_MORE = 0.35
_PAINED_FILE_MORE = 0.60
_OTHER_TOPICS = ("billing", "login", "permissions", "onboarding")
TOPICS = (*MODULES, *_OTHER_TOPICS)
_PRIORITIES = ("low", "normal", "high", "urgent")
_NO_SENTIMENT = 0.30
"""Share of messages without a delivered sentiment: their text has to be scored."""


@dataclass(frozen=True)
class Tickets:
    """One row a ticket, in the order of opening; what the messages and the CSAT surveys need."""

    ids: npt.NDArray[Any]
    account: Ints
    user: Ints
    """Row of the author in People."""
    opened: Floats
    closed: Floats
    """NaN or beyond `data_until` while open."""
    topic: Ints
    mood: Floats
    """Of the author at the time: mean 0, SD near 1, high is content."""


def draw_tickets(
    world: World, book: Book, people: People, revenue: Revenue, account_ids: npt.NDArray[Any]
) -> tuple[Tickets, pd.DataFrame]:
    """Tickets of the emitted history and their table; `known_at` is added later.

    Their number rises with engagement as well as with pain: volume alone says little. How long they stay open, how
    urgent they are and whether they escalate follows pain alone.
    """
    rng = stream(world.seed, "tickets", world.draw)
    weeks = np.arange(world.burn_in_weeks, world.total_weeks)
    monday = world.origin_day + 7 * weeks
    size = np.sqrt(revenue.at_entry / 10_000)
    engagement, pain = (state[:, weeks] for state in (book.states.engagement, book.states.pain))
    rate = WEEKLY_TICKETS * size[:, None] * np.exp(_ENGAGED_FILE_MORE * engagement + _PAINED_FILE_MORE * pain - 0.2)
    rate *= holiday_factor(monday)[None, :]
    account, column = np.nonzero(counts := rng.poisson(np.minimum(rate, 6.0)))
    repeat = counts[account, column]
    account, column = np.repeat(account, repeat), np.repeat(column, repeat)
    opened = (
        monday[column]
        + rng.choice(7, len(account), p=(0.2, 0.2, 0.19, 0.18, 0.17, 0.03, 0.03))
        + office_hours(rng, len(account))
    )
    last = np.minimum(book.last_day, world.until_day)[account]
    kept = (opened >= book.first_day[account] + 1) & (opened < last) & book.in_term(account, opened)
    order = np.flatnonzero(kept)[np.argsort(opened[kept], kind="stable")]
    account, column, opened = account[order], column[order], opened[order]

    felt = pain[account, column]
    sentiment = book.states.sentiment[account, weeks[column]]
    total = len(account)
    answer = np.exp(rng.normal(np.log(0.20), 0.8, total) + 0.15 * felt)
    closing = answer + np.exp(rng.normal(np.log(2.2), 0.7, total) + 0.55 * felt)
    urgency = np.clip(np.round(rng.normal(0.9, 0.65, total) + 0.50 * felt), 0, 3).astype(np.int64)
    escalates = rng.random(total) < 0.03 * np.exp(0.9 * np.minimum(felt, 2.5))
    tickets = Tickets(
        ids=keys("tic", total),
        account=account,
        user=authors(rng, people, account, opened),
        opened=opened,
        closed=opened + closing,
        topic=_topics(rng, world, book, account, opened),
        mood=0.70 * sentiment - 0.50 * felt + rng.normal(0.0, 0.6, total),
    )
    until = world.until_day
    table = source_table(
        "support_tickets",
        {
            "ticket_id": tickets.ids,
            "account_id": account_ids[account],
            "user_id": picked(people.ids, tickets.user),
            "opened_at": opened,
            "first_response_at": happened(opened + answer, until),
            "closed_at": happened(tickets.closed, until),
            "priority": picked(_PRIORITIES, urgency),
            "escalated_at": happened(
                np.where(escalates, opened + closing * rng.uniform(0.2, 0.9, total), np.nan), until
            ),
            "topic": picked(TOPICS, tickets.topic),
            "known_at": opened,
        },
    )
    return tickets, table


def authors(rng: np.random.Generator, people: People, account: Ints, moment: Floats) -> Ints:
    """A user row of each account who was there at that moment; -1 where the draw hits nobody."""
    first = np.searchsorted(people.account, account)
    count = np.searchsorted(people.account, account, side="right") - first
    chosen = np.full(len(account), -1, dtype=np.int64)
    for _ in range(4):
        row = first + np.floor(rng.random(len(account)) * count).astype(np.int64)
        fits = (chosen < 0) & (count > 0) & (people.created[row] < moment) & (people.gone[row] > moment)
        chosen = np.where(fits, row, chosen)
    return chosen


def _topics(rng: np.random.Generator, world: World, book: Book, account: Ints, opened: Floats) -> Ints:
    """Half of the tickets within five weeks of an incident concern its module, where the account has it."""
    topic = rng.integers(0, len(TOPICS), len(account))
    missing = (topic < len(MODULES)) & ~book.prospects.modules[account, np.minimum(topic, len(MODULES) - 1)]
    topic = np.where(missing, 0, topic)
    week = book.week_of(world, opened)
    for start, module in zip(book.incidents.week.tolist(), book.incidents.module.tolist(), strict=True):
        near = (week >= start) & (week < start + 5) & book.prospects.modules[account, module]
        topic = np.where(near & (rng.random(len(account)) < 0.5), module, topic)
    return topic


def message_table(world: World, tickets: Tickets) -> pd.DataFrame:
    """One to three exchanges a ticket: the customer writes, the agent answers, before the ticket is closed."""
    rng = stream(world.seed, "messages", world.draw)
    exchanges = 1 + np.minimum(rng.poisson(0.6, len(tickets.opened)), 2)
    row = np.repeat(np.arange(len(tickets.opened)), 2 * exchanges)
    place = np.arange(len(row)) - np.repeat(np.cumsum(2 * exchanges) - 2 * exchanges, 2 * exchanges)
    span = np.minimum(tickets.closed - tickets.opened, 30.0)[row]
    sent = tickets.opened[row] + span * place / (2 * exchanges[row])
    by_agent = place % 2 == 1
    mood = np.where(by_agent, 0.25, 0.10 + 0.38 * tickets.mood[row] + rng.normal(0.0, 0.25, len(row)))
    sentiment = np.clip(mood, -1.0, 1.0)
    text = np.where(
        by_agent,
        np.array(phrases.AGENT, dtype=object)[rng.integers(0, len(phrases.AGENT), len(row))],
        phrases.toned(rng, phrases.CUSTOMER, phrases.tone_of(sentiment)),
    )
    names = picked([topic.replace("_", " ") for topic in TOPICS], tickets.topic[row])
    delivered = np.where(rng.random(len(row)) < _NO_SENTIMENT, np.nan, np.round(sentiment, 2))
    kept = np.flatnonzero(sent < world.until_day)
    kept = kept[np.argsort(sent[kept], kind="stable")]
    return source_table(
        "ticket_messages",
        {
            "message_id": keys("msg", len(kept)),
            "ticket_id": tickets.ids[row[kept]],
            "sent_at": sent[kept],
            "author": picked(("customer", "agent"), by_agent[kept].astype(np.int64)),
            "text": phrases.about(text[kept], names[kept]),
            "sentiment": delivered[kept],
        },
    )
