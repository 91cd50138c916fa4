"""What no pipeline may read: each account's true risk and its cause, week by week."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulation.book import Book
from simulation.days import Floats, Ints
from simulation.odds import CAUSES, cause_effects, kind_leads, sigmoid, unpaid_share
from simulation.schema import TRUTH_COLUMNS, picked, typed_table
from simulation.terms import top_cause_of
from simulation.world import World

GAP_DAYS = 14
HORIZON_DAYS = 90
_LOOK_AHEAD_WEEKS = 2.0
"""A month-to-month decision within the horizon rests, on average, on a state about two weeks away from `as_of`."""


def truth_table(world: World, book: Book, account_ids: npt.NDArray[Any]) -> pd.DataFrame:
    """One row an account with a term in force and no decision yet, and a Monday from the first to `data_until`.

    `hazard_90d` is the probability that the decision to leave becomes known in [as_of + 14, as_of + 104), given the
    latent states and hidden fit at `as_of` and that nothing is known yet. It integrates over the day of the notice
    and does not know the outcome. For terms whose deciding state lies ahead, the state is expected to fade by its own
    autocorrelation; for month-to-month accounts it is one monthly probability compounded. Neither knows future
    incidents. `top_cause` is the cause that adds most to the log-odds at that time, "none" below a quarter of a
    log-odd and for decisions made in silence.
    """
    parts = [_week(world, book, day) for day in range(world.first_day, world.until_day + 1, 7)]
    account, as_of, hazard, cause = (np.concatenate([part[index] for part in parts]) for index in range(4))
    return typed_table(
        TRUTH_COLUMNS,
        {
            "account_id": account_ids[account.astype(np.int64)],
            "as_of": as_of,
            "hazard_90d": hazard,
            "top_cause": picked((*CAUSES, "none"), np.where(cause < 0, len(CAUSES), cause).astype(np.int64)),
        },
    )


def _week(world: World, book: Book, day: int) -> tuple[Floats, Floats, Floats, Floats]:
    """Account, day, hazard and cause of everyone in the book on one Monday."""
    terms = book.terms.rows((book.terms.starts <= day) & (book.terms.ends > day) & ~(book.terms.decided < day))
    prospects = book.prospects.rows(terms.account)
    monthly = prospects.term_months == 1
    moments = np.full(len(terms.account), float(day))
    past = (terms.state_day <= day) & ~monthly
    ahead = np.where(monthly, _LOOK_AHEAD_WEEKS, np.maximum(terms.state_day - day, 0) / 7)
    at = np.where(past, terms.state_day.astype(np.float64), moments)
    week = book.week_of(world, at)
    payment = book.states.payment[terms.account, week]
    effects = cause_effects(
        world,
        engagement=book.states.engagement[terms.account, week] * world.engagement_rho**ahead,
        payment=payment,
        pain=book.states.pain[terms.account, week] * world.pain_rho**ahead,
        sentiment=book.states.sentiment[terms.account, week] * world.sentiment_rho**ahead,
        champion_gone=book.champion_gone_at(terms.account, at) > 0,
        price=np.where(monthly, 0.0, terms.price),
    )
    # A payment state beyond the threshold stays there for some weeks, not for a year.
    effects[:, CAUSES.index("payment")] *= world.payment_rho**ahead
    silent = terms.silent & ~monthly
    push = np.where(silent, world.silent_effect, effects.sum(axis=1))
    chance = sigmoid(book.intercepts[terms.account] + prospects.fit + book.market[week] + push)
    years = prospects.term_months / 12
    bought = 1 - (1 - world.acquired_rate) ** years
    unpaid = np.where(silent, 0.0, unpaid_share(world, payment, prospects.billed_monthly))
    weights = np.column_stack([chance * (1 - unpaid), chance * unpaid, bought])
    hazard = _long_hazard(weights, terms.ends - day, kind_leads(monthly, prospects.notice_days))
    total = 1 - (1 - chance) * (1 - bought)
    month = 365 / 12
    compounded = (1 - total) ** (GAP_DAYS / month) * (1 - (1 - total) ** (HORIZON_DAYS / month))
    cause = np.where(silent, -1, top_cause_of(effects))
    return terms.account.astype(np.float64), moments, np.where(monthly, compounded, hazard), cause.astype(np.float64)


def _long_hazard(weights: Floats, to_end: Ints, leads: tuple[Floats, Floats]) -> Floats:
    """Probability that the decision on the term in force falls into the window, given that none is known yet."""
    earliest, latest = leads

    def reached(distance: Ints) -> Floats:
        return np.clip((distance[:, None] - latest) / (earliest - latest), 0.0, 1.0)

    inside = reached(to_end - GAP_DAYS) - reached(to_end - GAP_DAYS - HORIZON_DAYS)
    before = (weights * (1 - reached(to_end))).sum(axis=1)
    return np.asarray(np.clip((weights * inside).sum(axis=1) / np.maximum(1 - before, 0.05), 0.0, 1.0))
