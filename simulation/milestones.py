"""The table `milestones`: key actions of onboarding, first value, goals and the handoff from sales."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Flags, happened
from simulation.schema import picked, source_table
from simulation.streams import stream
from simulation.world import World

KEY_ACTIONS = ("invite_team", "first_import", "first_project", "first_report", "connect_tool")
ACTIVATION_DAYS = 30
_OTHERS = (
    ("first_value", "first_value"),
    ("kickoff", "task"),
    ("go_live", "goal"),
    ("team_rollout", "goal"),
    ("sales_handoff", "handoff"),
)
_EVER_LATE = 0.35
"""Share of the slow accounts that still reach all five actions, weeks later."""


def activates(world: World, book: Book, rng: np.random.Generator) -> Flags:
    """Accounts that reach all five key actions by day 30: likelier with good hidden fit and early weeks."""
    week = book.week_of(world, book.first_day.astype(np.float64) + 14.0)
    promise = (
        -0.6 * book.prospects.fit / max(world.hidden_fit_sd, 0.01)
        + 0.4 * book.states.engagement[np.arange(book.size), week]
        + rng.standard_normal(book.size)
    )
    rank = np.argsort(np.argsort(promise))
    return np.asarray(rank >= round(world.never_activate * book.size))


def milestone_table(world: World, book: Book, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """Five key actions, first value, kickoff, two goals and the handoff of each account; `reached_at` null if never."""
    rng = stream(world.seed, "milestones", world.draw)
    active = activates(world, book, rng)
    size, actions = book.size, len(KEY_ACTIONS)
    first = book.first_day.astype(np.float64)
    quick = np.sort(rng.uniform(0.3, ACTIVATION_DAYS - 0.5, (size, actions)), axis=1)
    slow = np.sort(rng.uniform(1.0, 100.0, (size, actions)), axis=1)
    slow[:, -1] = np.maximum(slow[:, -1], ACTIVATION_DAYS + rng.uniform(1.5, 60.0, size))
    # Those who never finish stop after one to four actions.
    stops = np.where(rng.random(size) < _EVER_LATE, actions, rng.integers(1, actions, size))
    slow = np.where(np.arange(actions)[None, :] < stops[:, None], slow, np.nan)
    key = np.where(active[:, None], quick, slow)

    complete = np.isfinite(key[:, -1])
    value = np.where(complete, key[:, -1], np.nanmax(key, axis=1) + 30) + rng.exponential(9.0, size)
    value[rng.random(size) < np.where(active, 0.05, 0.35)] = np.nan
    late = np.where(active, 1.0, 1.6)
    days = np.column_stack(
        [
            key,
            value,
            rng.uniform(2, 10, size) * late,
            rng.uniform(20, 80, size) * late,
            np.where(rng.random(size) < np.where(active, 0.7, 0.4), rng.uniform(60, 240, size), np.nan),
            rng.uniform(0, 6, size),
        ]
    )
    names = [*KEY_ACTIONS, *(name for name, _ in _OTHERS)]
    kinds = ["key_action"] * actions + [kind for _, kind in _OTHERS]
    due = np.array([ACTIVATION_DAYS] * actions + [45, 7, 60, 180, 5], dtype=np.float64)
    order = np.tile(np.arange(len(names)), size)
    moment = (first[:, None] + days).ravel()
    moment = np.where(moment < np.repeat(book.last_day, len(names)), moment, np.nan)
    return source_table(
        "milestones",
        {
            "account_id": np.repeat(account_ids, len(names)),
            "milestone": picked(names, order),
            "kind": picked(kinds, order),
            "due_on": (first[:, None] + due[None, :]).ravel(),
            "reached_at": happened(moment, world.until_day),
        },
    )
