"""The table `survey_responses`: answers only, and who answers is not chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation import phrases
from simulation.book import Book
from simulation.days import Floats, Ints
from simulation.people import People
from simulation.schema import keys, picked, source_table
from simulation.streams import stream
from simulation.support import Tickets
from simulation.world import World

_KINDS = ("nps", "csat", "ces", "outcome")
_SCALE = np.array([10.0, 5.0, 7.0, 10.0])
_CSAT_RESPONSE = 0.25
_CES_RESPONSE = 0.20
_OUTCOME_RESPONSE = 0.15
NPS_EVERY_DAYS = 120


def survey_table(
    world: World, book: Book, people: People, tickets: Tickets, account_ids: npt.NDArray[Any]
) -> pd.DataFrame:
    """NPS of up to four contacts three times a year, CSAT after a closed ticket, CES and outcome once a year.

    The engaged and those with strong feelings answer more often; the indifferent and those about to go do not.
    `known_at` is added later.
    """
    rng = stream(world.seed, "surveys", world.draw)
    asked = [
        _waves(rng, world, book, people, 0, NPS_EVERY_DAYS, 4),
        (
            tickets.account,
            tickets.user,
            tickets.closed + rng.exponential(1.0, len(tickets.closed)),
            np.full(len(tickets.closed), 1),
        ),
        _waves(rng, world, book, people, 2, 365, 2),
        _waves(rng, world, book, people, 3, 365, 1),
    ]
    account, user, moment, kind = (np.concatenate([part[index] for part in asked]) for index in range(4))
    week = book.week_of(world, np.nan_to_num(moment))
    engagement, pain, sentiment = (
        state[account, week] for state in (book.states.engagement, book.states.pain, book.states.sentiment)
    )
    personal = rng.normal(0.0, 0.7, len(people.account))[user] * (user >= 0)
    mood = 0.85 * sentiment - 0.15 * pain + 0.15 * engagement + personal + rng.normal(0.0, 0.4, len(account))
    mood[kind == 1] = tickets.mood + rng.normal(0.0, 0.5, len(tickets.mood))
    base = np.array([world.nps_response, _CSAT_RESPONSE, _CES_RESPONSE, _OUTCOME_RESPONSE])[kind]
    response = np.clip(base * np.exp(0.25 * engagement + 0.15 * (np.abs(mood) - 1.0)), 0.0, 0.6)
    last = np.minimum(book.last_day, world.until_day)[account]
    kept = (rng.random(len(account)) < response) & (moment >= world.first_day) & (moment < last) & (user >= 0)
    kept &= (people.created[user] < moment) & (people.gone[user] > moment) & book.in_term(account, moment)
    rows = np.flatnonzero(kept)
    rows = rows[np.argsort(moment[rows], kind="stable")]
    score = _scores(kind[rows], mood[rows])
    comment = phrases.toned(rng, phrases.COMMENTS, phrases.tone_of(mood[rows] * 0.5))
    comment[rng.random(len(rows)) < 0.6] = None
    return source_table(
        "survey_responses",
        {
            "response_id": keys("srv", len(rows)),
            "account_id": account_ids[account[rows]],
            "user_id": picked(people.ids, user[rows]),
            "kind": picked(_KINDS, kind[rows]),
            "score": score,
            "scale_max": _SCALE[kind[rows]],
            "answered_at": moment[rows],
            "comment": comment,
            "known_at": moment[rows],
        },
    )


def _waves(
    rng: np.random.Generator, world: World, book: Book, people: People, kind: int, every: int, contacts: int
) -> tuple[Ints, Ints, Floats, Ints]:
    """Account, user, moment and kind of each question asked, every so many days after the account's first day."""
    first = np.searchsorted(people.account, np.arange(book.size))
    count = np.searchsorted(people.account, np.arange(book.size), side="right") - first
    rounds = (world.until_day - int(book.first_day.min())) // every + 1
    account, number, contact = (
        grid.ravel()
        for grid in np.meshgrid(np.arange(book.size), np.arange(1, rounds), np.arange(contacts), indexing="ij")
    )
    user = first[account] + contact
    user = np.where(contact < count[account], user, -1)
    moment = book.first_day[account] + every * number + rng.uniform(0.3, 12.0, len(account))
    return account, user, moment, np.full(len(account), kind)


def _scores(kind: Ints, mood: Floats) -> Floats:
    """Moods (mean 0, SD near 1) to whole points: NPS and outcome 0-10, CSAT 1-5, CES 1-7."""
    middle = np.array([7.9, 4.2, 5.3, 7.2])[kind]
    spread = np.array([2.0, 0.8, 1.1, 1.8])[kind]
    low = np.array([0.0, 1.0, 1.0, 0.0])[kind]
    return np.clip(np.round(middle + spread * mood), low, _SCALE[kind])
