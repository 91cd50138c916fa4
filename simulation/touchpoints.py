"""The table `touchpoints`: what the customer-success team did, and what customers did with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints, happened, office_hours
from simulation.odds import sigmoid
from simulation.people import People
from simulation.revenue import Revenue
from simulation.schema import flags_or_null, keys, picked, source_table
from simulation.streams import stream
from simulation.support import authors
from simulation.world import World

_KINDS = ("email", "call", "meeting", "qbr", "training", "webinar", "community", "feedback", "feature_request")
_REASONS = ("check_in", "renewal", "adoption", "risk", "expansion")


@dataclass(frozen=True)
class _Habit:
    """How often a kind of touch occurs in an ordinary week, who begins it, and what moves it (log, per SD)."""

    kind: str
    ours: bool
    small: float
    large: float
    """Weekly rate below and from the mid-market limit."""
    engagement: float
    sentiment: float = 0.0


_HABITS = (
    _Habit("email", True, 0.22, 0.38, -0.10),
    _Habit("email", False, 0.06, 0.12, 0.25),
    # Confounded on purpose: calls go where the team already worries, and do no harm there.
    _Habit("call", True, 0.015, 0.06, -0.35, -0.15),
    _Habit("meeting", True, 0.010, 0.10, 0.05),
    _Habit("training", False, 0.020, 0.030, 0.30),
    _Habit("webinar", False, 0.025, 0.030, 0.30),
    _Habit("community", False, 0.020, 0.020, 0.35),
    _Habit("feedback", False, 0.010, 0.020, 0.20),
    _Habit("feature_request", False, 0.012, 0.030, 0.35),
)
_WISHES = (
    "single sign-on",
    "export to a spreadsheet",
    "roles and rights",
    "reports by e-mail",
    "an API for reports",
    "mobile app",
    "audit log",
    "dark mode",
)
"""What customers ask for, the most frequent first."""
_ANSWERED, _ANSWER_DAYS = 0.7, 45
QBR_DAYS = 91
_QBR_TOP = 100


def touchpoint_table(
    world: World, book: Book, people: People, revenue: Revenue, account_ids: npt.NDArray[Any]
) -> pd.DataFrame:
    """Touches of the emitted history. `opened_at` and `responded_at` belong to e-mails, `attended` to appointments."""
    rng = stream(world.seed, "touchpoints", world.draw)
    arr = revenue.at_entry
    parts = [_touches(rng, world, book, habit, arr) for habit in _HABITS]
    parts.append(_reviews(rng, world, book, arr))
    account, kind, ours, moment, due = (np.concatenate([part[index] for part in parts]) for index in range(5))
    last = np.minimum(book.last_day, world.until_day)[account]
    inside = (moment >= np.maximum(book.first_day[account], world.first_day)) & (moment < last)
    kept = np.flatnonzero(inside & book.in_term(account, moment))
    kept = kept[np.argsort(moment[kept], kind="stable")]
    account, kind, ours, moment, due = (
        account[kept],
        kind[kept].astype(np.int64),
        ours[kept] > 0,
        moment[kept],
        due[kept],
    )
    week = book.week_of(world, moment)
    engagement, sentiment = book.states.engagement[account, week], book.states.sentiment[account, week]
    gone = book.champion_gone_at(account, moment)
    size = len(account)
    warm = 0.45 * engagement + 0.25 * sentiment - 0.6 * gone
    mail = (kind == 0) & ours
    opens = mail & (rng.random(size) < sigmoid(0.1 + warm))
    answers = opens & (rng.random(size) < sigmoid(-0.6 + warm))
    opened = np.where(opens, moment + rng.exponential(0.8, size), np.nan)
    responded = np.where(answers, opened + rng.exponential(0.9, size), np.nan)
    appointment = np.isin(kind, [1, 2, 3, 4, 5])
    shown = np.where(appointment, (rng.random(size) < sigmoid(1.3 + warm)).astype(np.float64), np.nan)
    reason = np.where(ours, rng.choice(len(_REASONS), size, p=(0.45, 0.15, 0.2, 0.12, 0.08)), -1)
    wish = kind == _KINDS.index("feature_request")
    reason = np.where(wish, len(_REASONS) + _drawn_wish(moment), reason)
    responded = np.where(wish, _our_answer(moment), responded)
    user = np.where(rng.random(size) < 0.9, authors(rng, people, account, moment), -1)
    return source_table(
        "touchpoints",
        {
            "touch_id": keys("tch", size),
            "account_id": account_ids[account],
            "user_id": picked(people.ids, user),
            "kind": picked(_KINDS, kind),
            "direction": picked(("theirs", "ours"), ours.astype(np.int64)),
            "occurred_at": moment,
            "due_on": due,
            "opened_at": happened(opened, world.until_day),
            "responded_at": happened(responded, world.until_day),
            "attended": flags_or_null(shown),
            "reason": picked((*_REASONS, *_WISHES), reason),
        },
    )


def _drawn_wish(moment: Floats) -> Ints:
    """Which wish: from the moment's own digits, so that wishes draw nothing from the streams of other facts."""
    return np.floor(len(_WISHES) * _digits(moment, 1e5) ** 2).astype(np.int64)


def _our_answer(moment: Floats) -> Floats:
    """When we answered a wish; nan where nobody did."""
    answered = _digits(moment, 1e7) < _ANSWERED
    return np.where(answered, moment + 1 + _ANSWER_DAYS * _digits(moment, 1e6), np.nan)


def _digits(moment: Floats, scale: float) -> Floats:
    found: Floats = (moment * scale) % 1
    return found


def _touches(
    rng: np.random.Generator, world: World, book: Book, habit: _Habit, arr: Floats
) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Account, kind, ours, moment and due day of each touch of one habit."""
    weeks = np.arange(world.burn_in_weeks, world.total_weeks)
    base = np.where(arr >= world.mid_market_from, habit.large, habit.small)
    drive = habit.engagement * book.states.engagement[:, weeks] + habit.sentiment * book.states.sentiment[:, weeks]
    account, column = np.nonzero(rng.random(drive.shape) < base[:, None] * np.exp(drive))
    moment = world.origin_day + 7 * weeks[column] + rng.integers(0, 5, len(account)) + office_hours(rng, len(account))
    size = len(account)
    return (
        account,
        np.full(size, _KINDS.index(habit.kind)),
        np.full(size, int(habit.ours)),
        moment,
        np.full(size, np.nan),
    )


def _reviews(
    rng: np.random.Generator, world: World, book: Book, arr: Floats
) -> tuple[Ints, Ints, Ints, Floats, Floats]:
    """Quarterly business reviews of the largest accounts: four in five within two weeks of the due day."""
    chosen = np.flatnonzero(arr >= min(world.enterprise_from, float(np.sort(arr)[-min(_QBR_TOP, book.size)])))
    quarters = (world.until_day - int(book.first_day.min())) // QBR_DAYS + 1
    account = np.repeat(chosen, quarters)
    due = book.first_day[account] + QBR_DAYS * (1.0 + np.tile(np.arange(quarters), len(chosen)))
    held = rng.random(len(account))
    moment = np.floor(
        due + np.where(held < 0.8, rng.integers(-7, 14, len(account)), rng.integers(15, 45, len(account)))
    )
    kept = held < 0.92
    size = int(kept.sum())
    moment = moment[kept] + office_hours(rng, size)
    return account[kept], np.full(size, _KINDS.index("qbr")), np.ones(size, dtype=np.int64), moment, due[kept]
