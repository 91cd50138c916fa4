"""Signals on random books: the causes are the oracle's, the lookback hides nothing, and the future changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from typing import Any

import pandas as pd
import pytest

from data_contracts.contract import source_contracts
from data_contracts.corruption import corrupted
from data_contracts.sources import Facts
from features.cohort import CohortRule
from features.signals.catalogue import signals
from features.signals.held import held
from features.signals.signal import Signal
from features.signals.state import SignalState, signal_state
from policy.policy import load_policy
from proof.oracle.signals import codes, standing
from tests.features.building import facts_of, frames_of
from tests.features.worlds import UNCOVERED, covered, world

WEEK = timedelta(days=7)
# World, first run, number of weekly runs: Mondays and Thursdays, on which facts love to fall.
COMPARED = [(3, date(2025, 6, 5), 12), (4, date(2025, 2, 3), 12)]
FURTHER = [(1, date(2025, 4, 7), 20), (2, date(2024, 9, 5), 20), (6, date(2025, 8, 4), 12)]
SIGNALS = tuple(signals(load_policy()).values())
# One weekday is one build: here every signal runs weekly, on whichever weekday as_of is.
WEEKLY: Mapping[str, Signal] = {s.id: replace(s, weekly=True) for s in SIGNALS}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def facts(seed: int, frames: dict[str, pd.DataFrame] | None = None) -> Facts:
    book = world(seed)
    return facts_of(frames or frames_of(book), {table: covered(table, book) for table in UNCOVERED})


def by_run(rows: pd.DataFrame) -> dict[date, dict[tuple[str, str], str]]:
    found: dict[date, dict[tuple[str, str], str]] = {}
    for r in rows.itertuples():
        found.setdefault(r.run_date, {})[r.account_id, r.signal] = "suppressed" if r.suppressed else "caused"
    return found


@cache
def compared(seed: int, first: date, count: int) -> tuple[dict[date, Any], dict[date, Any]]:
    runs = [first + WEEK * i for i in range(count)]
    ours = by_run(held(facts(seed), CohortRule(), SIGNALS, runs))
    theirs = {run: codes(world(seed), run, UNCOVERED) for run in runs}
    return {run: ours.get(run, {}) for run in runs}, theirs


@pytest.mark.parametrize(
    ("seed", "first", "count"), [*COMPARED, *(pytest.param(*one, marks=pytest.mark.slow) for one in FURTHER)]
)
def test_what_causes_a_signal_is_what_the_oracle_says(seed: int, first: date, count: int) -> None:
    ours, theirs = compared(seed, first, count)
    assert ours == theirs


def test_the_books_hold_every_signal() -> None:
    seen = {signal for one in COMPARED for run in compared(*one)[1].values() for _, signal in run}
    assert seen == set(WEEKLY)


def state(book: Facts, as_of: date, lookback_runs: int) -> SignalState:
    weekday = WEEKDAYS[as_of.weekday()]
    return signal_state(book, CohortRule(), WEEKLY, as_of, clear_runs=2, weekday=weekday, lookback_runs=lookback_runs)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 1])
def test_a_short_lookback_gives_the_episodes_of_the_whole_history(seed: int) -> None:
    as_of = date(2025, 6, 2)
    book = facts(seed)
    runs = [as_of - WEEK * i for i in range(100, -1, -1)]
    rows = held(book, CohortRule(), list(WEEKLY.values()), runs)
    every = {run: by_run(rows).get(run, {}) for run in runs}
    expected = {(account, signal): told for signal in WEEKLY for account, told in standing(every, runs, signal).items()}
    found = state(book, as_of, lookback_runs=4).episodes
    assert {(r.account_id, r.signal): (r.status, r.started_on) for r in found.itertuples()} == expected
    assert len(expected) > 5
    # Some began before the first four runs, or the lookback would not have been tried.
    assert any(started < as_of - WEEK * 8 for _, started in expected.values())


@pytest.mark.parametrize(
    ("seed", "as_of", "chance"),
    [(7, date(2025, 6, 5), 4), pytest.param(2, date(2025, 3, 24), 2, marks=pytest.mark.slow)],
)
def test_what_happens_or_is_learned_from_as_of_on_changes_no_signal(seed: int, as_of: date, chance: int) -> None:
    frames = frames_of(world(seed))
    future = corrupted(frames, source_contracts(), as_of=as_of, seed=chance)
    before, after = (state(facts(seed, f), as_of, lookback_runs=12) for f in (frames, future))
    pd.testing.assert_frame_equal(before.episodes, after.episodes)
    pd.testing.assert_frame_equal(before.causes, after.causes)
    assert len(before.episodes) > 3
