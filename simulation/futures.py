"""Courses that the latent states may take from one day on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from simulation.book import Book
from simulation.days import Counts, Flags, Floats, Ints
from simulation.families import Standing
from simulation.prospects import MODULES
from simulation.states import (
    INCIDENT_SEVERITY,
    INCIDENT_SHARE,
    INCIDENT_WEEKS,
    PRESENT,
    next_champion,
    next_crisis,
    standing_in,
)
from simulation.world import World

WEEKS = 30
"""Weeks drawn, the day's own first: half a year and the gap before it."""


@dataclass(frozen=True)
class Path:
    """Weekly states from the day on: one row an account, one column a week, the day's own week first."""

    engagement: Floats
    pain: Floats
    payment: Floats
    sentiment: Floats
    gone: Flags
    crisis: Counts
    market: Floats

    def standing(self, world: World, rows: Ints, week: Ints, price: Floats) -> Standing:
        """What a decision in that week rests on."""
        return standing_in(self, world, rows, week, self.gone[rows, week], price)


def futures(world: World, book: Book, account: Ints, day: int, rng: np.random.Generator, count: int) -> Iterator[Path]:
    """`count` courses the states of `account` may take from `day` on: they forget all but their present values."""
    at = np.array([float(day)])
    week = int(book.week_of(world, at)[0])
    states = book.states
    size = len(account)
    owned = book.prospects.modules[account].sum(axis=1) / len(MODULES)
    own_week = book.own_week(account, np.full(size, float(day)))
    for _ in range(count):
        courses = {
            name: _course(rng, start, rho)
            for name, start, rho in (
                ("engagement", states.engagement[account, week], world.engagement_rho),
                ("own_pain", (states.pain - states.incident_pain)[account, week], world.pain_rho),
                ("payment", states.payment[account, week], world.payment_rho),
                ("sentiment", states.sentiment[account, week], world.sentiment_rho),
            )
        }
        struck = np.zeros((size, WEEKS))
        struck[:, 0] = states.incident_pain[account, week]
        post = np.zeros((size, WEEKS), dtype=np.int8)
        post[:, 0] = states.champion[account, own_week]
        crisis = np.zeros((size, WEEKS), dtype=np.int16)
        crisis[:, 0] = states.crisis[account, week]
        hit = world.incidents_per_year / 52 * owned * np.mean(INCIDENT_SHARE)
        for later in range(1, WEEKS):
            new = (rng.random(size) < hit) * rng.uniform(*INCIDENT_SEVERITY, size)
            struck[:, later] = struck[:, later - 1] * np.exp(-1 / INCIDENT_WEEKS) + new
            post[:, later], _, _ = next_champion(world, rng, post[:, later - 1])
            crisis[:, later] = next_crisis(world, rng, crisis[:, later - 1], courses["payment"][:, later])
        walk = np.cumsum(np.append(0.0, rng.normal(0.0, world.macro_sd, WEEKS - 1)))
        yield Path(
            engagement=courses["engagement"],
            pain=courses["own_pain"] + struck,
            payment=courses["payment"],
            sentiment=courses["sentiment"],
            gone=post > PRESENT,
            crisis=crisis,
            market=walk,
        )


def _course(rng: np.random.Generator, start: Floats, rho: float) -> Floats:
    course = np.empty((len(start), WEEKS))
    course[:, 0] = start
    steps = rng.standard_normal((len(start), WEEKS)) * np.sqrt(1 - rho**2)
    for week in range(1, WEEKS):
        course[:, week] = rho * course[:, week - 1] + steps[:, week]
    return course
