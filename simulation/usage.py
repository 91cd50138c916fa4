"""The table `usage_events`: one row an account, user, day, module, feature and channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Flags, Floats, Ints, holiday_factor, office_hours
from simulation.entitlements import FEATURE_MODULE, FEATURES
from simulation.habits import EXPORT, EXPORTS_A_DAY, LEFT_TO_DO, automated_from, exports
from simulation.people import People
from simulation.schema import keys, picked, source_table
from simulation.streams import stream
from simulation.world import World

ACTIVE_DAYS_A_WEEK = 1.2
"""Of an ordinary user who has not gone dormant."""
_RATE_LOADING = 0.38
"""How strongly an engaged week multiplies each user's activity (log, per SD of engagement)."""
_DORMANCY_LOADING = 0.8
_DORMANT_BELOW = -0.75
_AFTER_NOTICE = 0.5
"""Share of activity left once the notice is given."""
_WEEKDAY = (1.0, 1.1, 1.1, 1.05, 0.85, 0.08, 0.06)
_USERS_AT_ONCE = 20_000
_HOME = 0.6
"""Share of visits that begin with the user's favourite feature."""


def usage_table(
    world: World, book: Book, people: People, starts: Floats, account_ids: npt.NDArray[Any]
) -> pd.DataFrame:
    """Events of the emitted history, in the order in which they happened; `known_at` is added later."""
    rng = stream(world.seed, "usage", world.draw)
    automated = automated_from(world, book)
    user, day = _active_days(world, book, people, automated, rng)
    user, day, feature = _features(book, people, starts, rng, user, day)
    account = people.account[user]
    api_account, api_day = _automation(world, book, starts, automated, rng)
    out_account, out_day, out_user = exports(world, book, people, starts)
    everyone = np.concatenate([account, api_account, out_account])
    moment = np.concatenate([day, api_day, out_day]) + office_hours(rng, len(everyone))
    by_api = np.repeat([False, True, False], [len(account), len(api_account), len(out_account)])
    mean = np.where(by_api, 40 * np.exp(0.2 * book.states.engagement[everyone, book.week_of(world, moment)]), 3.0)
    mean[len(account) + len(api_account) :] = EXPORTS_A_DAY
    count = 1 + rng.poisson(mean)
    code = np.concatenate([feature, np.zeros(len(api_account), dtype=np.int64), np.full(len(out_account), EXPORT)])
    users = np.concatenate([user, np.full(len(api_account), -1), out_user])
    order = np.argsort(moment, kind="stable")
    order = order[book.in_term(everyone[order], moment[order])]
    return source_table(
        "usage_events",
        {
            "account_id": account_ids[everyone[order]],
            "user_id": picked(people.ids, users[order]),
            "occurred_at": moment[order],
            "module": picked([row[0] for row in FEATURES], code[order]),
            "feature": picked([row[1] for row in FEATURES], code[order]),
            "channel": picked(("ui", "api"), by_api[order].astype(np.int64)),
            "count": count[order],
            "event_id": keys("evt", len(order), width=7),
            "known_at": moment[order],
        },
    )


def _after_notice(world: World, book: Book, monday: Ints) -> Flags:
    """True for the weeks between a notice and the last day of its term: one row an account, one column a week."""
    given = np.zeros((book.size, len(monday)), dtype=bool)
    leaving = np.flatnonzero(book.terms.kind >= 0)
    inside = (monday[None, :] >= book.terms.decided[leaving, None]) & (monday[None, :] < book.terms.ends[leaving, None])
    term, week = np.nonzero(inside)
    given[book.terms.account[leaving[term]], week] = True
    return given


def _active_days(
    world: World, book: Book, people: People, automated: Floats, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """User row and day number of every day on which a user did anything."""
    weeks = np.arange(world.burn_in_weeks, world.total_weeks)
    monday = world.origin_day + 7 * weeks
    engagement = book.states.engagement[:, weeks]
    level = book.prospects.usage_level[:, None] + _RATE_LOADING * engagement
    level[_after_notice(world, book, monday)] += np.log(_AFTER_NOTICE)
    level[monday[None, :] >= automated[:, None]] += np.log(LEFT_TO_DO)
    users, days = [], []
    # From the first to the last day of account and user, to the day; a user row exists before its first event.
    begin = np.maximum(np.ceil(people.created), book.first_day[people.account])
    end = np.minimum(np.minimum(np.floor(people.gone), book.last_day[people.account]), world.until_day)
    for part in np.array_split(np.arange(len(people.account)), max(len(people.account) // _USERS_AT_ONCE, 1)):
        account = people.account[part]
        daily = (ACTIVE_DAYS_A_WEEK / 5 * np.exp(level))[account] * people.activity[part, None]
        daily[_DORMANCY_LOADING * engagement[account] + people.commitment[part, None] < _DORMANT_BELOW] *= 0.04
        for weekday, factor in enumerate(_WEEKDAY):
            day = monday + weekday
            rate = daily * (factor * holiday_factor(day))[None, :]
            hit = rng.random(rate.shape, dtype=np.float32) < 1 - np.exp(-rate)
            hit &= (day[None, :] >= begin[part, None]) & (day[None, :] < end[part, None])
            user, column = np.nonzero(hit)
            users.append(part[user])
            days.append(day[column])
    return np.concatenate(users), np.concatenate(days)


def _features(
    book: Book, people: People, starts: Floats, rng: np.random.Generator, user: Ints, day: Ints
) -> tuple[Ints, Ints, Ints]:
    """One to three features for each active day, among those the account was entitled to on that day.

    A feature of a module that is not yet sold falls back to the first module, which everyone has.
    """
    visits = 1 + np.minimum(rng.poisson(0.35, len(user)), 2)
    row = np.repeat(np.arange(len(user)), visits)
    size = len(FEATURES)
    favourite = rng.integers(0, size, len(people.account))[user]
    first = np.where(rng.random(len(user)) < _HOME, favourite, rng.integers(0, size, len(user)))
    place = np.arange(len(row)) - np.repeat(np.cumsum(visits) - visits, visits)
    feature = (first[row] + 5 * place) % size
    sold = starts[people.account[user[row]], FEATURE_MODULE[feature]] <= day[row]
    feature = np.where(sold, feature, feature % 4)
    # Two visits may have fallen back to the same feature: a user, day and feature is one row.
    code = (user[row] * 100_000 + day[row]) * 100 + feature
    kept = np.unique(code)
    return kept // 10_000_000, kept // 100 % 100_000, kept % 100


def _automation(
    world: World, book: Book, starts: Floats, automated: Floats, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Account and day of scheduled API calls: they run whether or not anybody logs in."""
    days = np.arange(world.first_day, world.until_day)
    from_day = np.where(book.prospects.api, -np.inf, automated)
    accounts = np.flatnonzero(from_day < world.until_day)
    hit = rng.random((len(accounts), len(days))) < np.where((days + 3) % 7 < 5, 0.55, 0.05)[None, :]
    begin = np.maximum(starts[accounts, 0], from_day[accounts])
    hit &= (days[None, :] >= begin[:, None]) & (days[None, :] < book.last_day[accounts][:, None])
    row, column = np.nonzero(hit)
    return accounts[row], days[column]
