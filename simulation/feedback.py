"""The table `crm_feedback`: what owners wrote back into the CRM."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import office_hours
from simulation.schema import keys, picked, source_table
from simulation.streams import stream
from simulation.world import World

_VALUES: dict[str, tuple[str, ...]] = {
    "task_outcome": ("done", "no_answer", "not_needed", "saved"),
    "driver_mark": ("right", "wrong"),
    "override": ("high", "low"),
    "holdout": ("true",),
}
_REASONS = ("adoption", "product_fit", "competition", "budget")
_RATING_LASTS_DAYS = 180
_ROWS = {"task_outcome": 30, "driver_mark": 15, "override": 6, "holdout": 4}


def feedback_table(world: World, book: Book, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """A few dozen rows of the last year, on accounts that were there; sponsor ratings (1-5) expire, others do not."""
    rng = stream(world.seed, "feedback", world.draw)
    scale = world.accounts / 500
    kinds = [kind for kind, rows in _ROWS.items() for _ in range(max(round(rows * scale), 2))]
    ratings = max(round(40 * scale), 5)
    size = len(kinds) + ratings
    recorded = world.until_day - np.sort(rng.integers(1, 365, size))[::-1] + office_hours(rng, size)
    all_kinds = rng.permutation(np.array(kinds + ["sponsor_rating"] * ratings, dtype=object))
    account = np.array([_present(rng, book, moment) for moment in recorded.tolist()], dtype=np.int64)
    week = book.week_of(world, recorded)
    rating = np.clip(np.round(3.4 + 0.9 * book.states.sentiment[account, week] + rng.normal(0.0, 0.7, size)), 1, 5)
    rated = all_kinds == "sponsor_rating"
    value = [
        str(int(stars)) if kind == "sponsor_rating" else str(rng.choice(_VALUES[kind]))
        for kind, stars in zip(all_kinds.tolist(), rating.tolist(), strict=True)
    ]
    task = keys("task", size, width=4)
    task[all_kinds != "task_outcome"] = None
    reasoned = np.isin(all_kinds.astype(str), ["task_outcome", "override"])
    return source_table(
        "crm_feedback",
        {
            "feedback_id": keys("fbk", size, width=4),
            "account_id": account_ids[account],
            "kind": all_kinds,
            "value": np.array(value, dtype=object),
            "reason": picked(_REASONS, np.where(reasoned, rng.integers(0, len(_REASONS), size), -1)),
            "recorded_at": recorded,
            "expires_on": np.where(rated, np.floor(recorded) + _RATING_LASTS_DAYS, np.nan),
            "task_key": task,
        },
    )


def _present(rng: np.random.Generator, book: Book, moment: float) -> int:
    """A random account that was a customer at that moment."""
    there = np.flatnonzero((book.first_day <= moment) & (book.last_day > moment))
    return int(rng.choice(there))
