"""What no pipeline may read: each account's true risk, its cause and what would help, week by week."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints
from simulation.families import CAUSES
from simulation.outlook import HORIZONS, Outlook, outlook
from simulation.revenue import Revenue
from simulation.schema import TRUTH_COLUMNS, picked, typed_table
from simulation.streams import stream
from simulation.terms import top_cause_of
from simulation.treatment import treatment_effects
from simulation.world import World

DRAWS = 8
"""Courses drawn for each account and Monday: enough for a table of every week; one day alone can afford more."""
_UNPAID, _BOUGHT = 1, 2


def truth_table(
    world: World,
    book: Book,
    revenue: Revenue,
    account_ids: npt.NDArray[Any],
    days: list[int] | None = None,
    draws: int = DRAWS,
) -> pd.DataFrame:
    """One row an account with a term in force and no decision yet, and a day (default: every Monday of the history).

    `hazard_Hd` is the probability that the decision to leave becomes known in [as_of + 14, as_of + 14 + H), given the
    latent states and hidden fit at `as_of`, and that nothing is known before the window opens. It knows neither what
    was drawn nor what the states become: it is the mean over `draws` courses they may take. `top_cause` is the cause
    that adds most to the log-odds of the coming decision, "none" below a quarter of a log-odd, for decisions made in
    silence and for terms that are renewed already. `treatment_effect` is what a treatment of that cause would add.
    """
    rng = stream(world.seed, "truth", world.draw)
    days = list(range(world.first_day, world.until_day + 1, 7)) if days is None else days
    parts = [(day, outlook(world, book, revenue.next_signed, day, rng, draws)) for day in days]
    account = np.concatenate([np.empty(0, dtype=np.int64), *(seen.now.terms.account for _, seen in parts)])
    cause = np.concatenate([np.empty(0, dtype=np.int64), *(_top_cause(seen) for _, seen in parts)])
    hazards = np.concatenate([np.empty((0, len(HORIZONS))), *(seen.leaves for _, seen in parts)])
    as_of: Floats = np.repeat(
        np.array([day for day, _ in parts], dtype=np.float64), [len(seen.now.signed) for _, seen in parts]
    )
    return typed_table(
        TRUTH_COLUMNS,
        {
            "account_id": account_ids[account],
            "as_of": as_of,
            **{f"hazard_{horizon}d": hazards[:, place] for place, horizon in enumerate(HORIZONS)},
            "top_cause": picked((*CAUSES, "none"), np.where(cause < 0, len(CAUSES), cause)),
            "treatment_effect": treatment_effects(world, book.temper.rows(account), cause),
        },
    )


def _top_cause(seen: Outlook) -> Ints:
    """The largest cause of each account; a crisis that is likelier to end the contract than a notice is payment."""
    largest = top_cause_of(seen.effects)
    voluntary = seen.by_kind[:, 0]
    unpaid = (seen.by_kind[:, _UNPAID] > voluntary) & ~seen.now.signed
    return np.where(unpaid, CAUSES.index("payment"), np.where(seen.by_kind[:, _BOUGHT] > voluntary, -1, largest))
