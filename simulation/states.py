"""What moves from week to week beneath the tables: engagement, pain, payment, sentiment, champions and the market."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Self

import numpy as np

from simulation.days import Flags, Floats, Ints
from simulation.prospects import MODULES, Prospects
from simulation.streams import stream
from simulation.world import World

INCIDENT_WEEKS = 5.0
"""Weeks in which the pain of an incident falls to a third."""
CHAMPION_WEEKS_BEFORE = 160
"""Weeks added to the champion's clock, which runs from the account's own start and may begin before the origin."""


@dataclass(frozen=True)
class States:
    """Latent weekly states, one row an account, one column a week since the origin; mean 0 and SD near 1."""

    engagement: Floats
    pain: Floats
    payment: Floats
    """High is trouble; `payment_delay` turns it into days."""
    sentiment: Floats
    champion_exit: Flags
    """True in the week, counted from the account's own start, in which its champion leaves."""
    champion_arrival: Flags
    """True in the week a successor begins; the same week as the exit where the swap is seamless."""

    def rows(self, which: Ints) -> Self:
        """The same states for the given rows."""
        return type(self)(**{field.name: getattr(self, field.name)[which] for field in fields(self)})

    @classmethod
    def concat(cls, parts: list[Self]) -> Self:
        """All parts below each other."""
        return cls(
            **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)}
        )

    def champion_gone(self) -> Flags:
        """True while there is no champion, by week since the account's own start."""
        balance = np.cumsum(self.champion_exit.astype(np.int8) - self.champion_arrival.astype(np.int8), axis=1)
        return np.asarray(balance > 0)


@dataclass(frozen=True)
class Incidents:
    """Outages of a module: when, where, how widely and how badly."""

    week: Ints
    module: Ints
    share: Floats
    severity: Floats


def draw_incidents(world: World) -> Incidents:
    """The incidents of all simulated weeks."""
    rng = stream(world.seed, "incidents")
    count = int(rng.poisson(world.incidents_per_year * world.total_weeks / 52))
    return Incidents(
        week=np.sort(rng.integers(0, world.total_weeks, count)),
        module=rng.integers(0, len(MODULES), count),
        share=rng.uniform(0.10, 0.40, count),
        severity=rng.uniform(0.8, 2.0, count),
    )


def market(world: World) -> Floats:
    """The market's push on the log-odds of not renewing, by week: a random walk around zero."""
    walk = np.cumsum(stream(world.seed, "market").normal(0.0, world.macro_sd, world.total_weeks))
    return np.asarray(walk - walk.mean())


def payment_delay(payment: Floats) -> Floats:
    """Days after the due date on which an account in this state ordinarily pays; negative is early."""
    return 10.0 * np.exp(0.75 * payment) - 6.0


def payment_limit(days: float) -> float:
    """The payment state beyond which the ordinary delay exceeds `days`."""
    return float(np.log((days + 6.0) / 10.0) / 0.75)


def _autoregressive(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> Floats:
    steps = rng.standard_normal(shape)
    steps[:, 1:] *= np.sqrt(1 - rho**2)
    for week in range(1, shape[1]):
        steps[:, week] += rho * steps[:, week - 1]
    return steps


def draw_states(world: World, prospects: Prospects, incidents: Incidents, generation: int) -> States:
    """The states of one generation of prospects over all simulated weeks."""
    rng = stream(world.seed, f"states-{generation}")
    shape = (len(prospects.size), world.total_weeks)
    pain = _autoregressive(rng, shape, world.pain_rho)
    weeks = np.arange(world.total_weeks)
    for week, module, share, severity in zip(
        incidents.week, incidents.module, incidents.share, incidents.severity, strict=True
    ):
        hit = prospects.modules[:, module] & (rng.random(shape[0]) < share)
        age = weeks - week
        pain[hit] += np.where(age >= 0, severity * np.exp(-np.maximum(age, 0) / INCIDENT_WEEKS), 0.0)
    exits, arrivals = _champion_clock(world, rng, shape[0])
    return States(
        engagement=_autoregressive(rng, shape, world.engagement_rho),
        pain=pain,
        payment=_autoregressive(rng, shape, world.payment_rho),
        sentiment=_autoregressive(rng, shape, world.sentiment_rho),
        champion_exit=exits,
        champion_arrival=arrivals,
    )


def _champion_clock(world: World, rng: np.random.Generator, size: int) -> tuple[Flags, Flags]:
    weeks = world.total_weeks + CHAMPION_WEEKS_BEFORE
    exits = np.zeros((size, weeks), dtype=bool)
    arrivals = np.zeros((size, weeks), dtype=bool)
    back = np.zeros(size, dtype=np.int64)  # first week with a champion again
    for week in range(4, weeks):
        arrivals[:, week] |= back == week
        leaves = (back <= week) & (rng.random(size) < world.champion_exit_rate / 52)
        seamless = rng.random(size) < 0.25
        forever = rng.random(size) < 0.25
        gap = np.where(seamless, 0, np.where(forever, 10 * weeks, rng.integers(8, 45, size)))
        # A champion who has just arrived does not leave in the same week: exits and arrivals must alternate.
        leaves &= ~arrivals[:, week]
        exits[:, week] = leaves
        arrivals[:, week] |= leaves & seamless
        back = np.where(leaves, week + gap, back)
    return exits, arrivals
