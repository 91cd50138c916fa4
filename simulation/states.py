"""What moves from week to week beneath the tables: engagement, pain, payment, sentiment, champions and the market."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from simulation.columns import Columns
from simulation.days import Counts, Flags, Floats, Ints
from simulation.families import Standing
from simulation.prospects import MODULES, Prospects
from simulation.streams import stream
from simulation.world import World

INCIDENT_WEEKS = 5.0
"""Weeks in which the pain of an incident falls to a third."""
INCIDENT_SHARE = (0.10, 0.40)
INCIDENT_SEVERITY = (0.8, 2.0)
CHAMPION_WEEKS_BEFORE = 160
"""Weeks added to the champion's clock, which runs from the account's own start and may begin before the origin."""
CRISIS_ENDS_WEEKLY = 0.055
_CRISIS_SHOWS = 3
"""Weeks after which a crisis weighs on the decision."""
_CRISIS_LOADING = 0.9
"""How strongly the state of payment moves the onset of a crisis (log, per SD)."""

_CENTRED_WEEKS = 208
PRESENT, VACANT, VACANT_FOR_GOOD = 0, 1, 2
SEAMLESS = 0.25
FOR_GOOD = 0.25
FILLED_WEEKLY = 1 / 24.0
"""Weekly probability that a vacant champion's post is filled."""


class Weekly(Protocol):
    """States by account and week, of the past or of a course that they may take."""

    @property
    def engagement(self) -> Floats:
        """High is good."""
        ...

    @property
    def pain(self) -> Floats:
        """High is trouble."""
        ...

    @property
    def payment(self) -> Floats:
        """High is trouble."""
        ...

    @property
    def sentiment(self) -> Floats:
        """High is good."""
        ...

    @property
    def crisis(self) -> Counts:
        """Weeks for which it has lasted."""
        ...


def standing_in(states: Weekly, world: World, rows: Ints, week: Ints, gone: Flags, price: Floats) -> Standing:
    """What a decision of account `rows` in that week rests on; `gone`: it has no champion then."""
    payment = states.payment[rows, week]
    return Standing(
        engagement=states.engagement[rows, week],
        late_payment=payment,
        pays_late=pays_late(world, payment, states.crisis[rows, week]),
        pain=states.pain[rows, week],
        sentiment=states.sentiment[rows, week],
        champion_gone=gone,
        price=price,
    )


@dataclass(frozen=True)
class States(Columns):
    """Latent weekly states, one row an account, one column a week since the origin; mean 0 and SD near 1."""

    engagement: Floats
    pain: Floats
    """Its own course plus what incidents add."""
    incident_pain: Floats
    """The part of pain that incidents added."""
    payment: Floats
    """High is trouble; `payment_delay` turns it into days."""
    sentiment: Floats
    crisis: Counts
    """Weeks for which the crisis of payment has lasted; 0 while there is none."""
    champion: Counts
    """_CENTRED_WEEKS = 208
PRESENT, VACANT or VACANT_FOR_GOOD by week since the account's own start."""
    champion_exit: Flags
    """True in the week, counted from the account's own start, in which its champion leaves."""
    champion_arrival: Flags
    """True in the week a successor begins; the same week as the exit where the swap is seamless."""

    def standing(self, world: World, rows: Ints, week: Ints, own_week: Ints, price: Floats) -> Standing:
        """What a decision of account `rows` in that week rests on; weeks beyond either end count as the last there."""
        week = np.clip(week, 0, self.engagement.shape[1] - 1)
        own_week = np.clip(own_week, 0, self.champion.shape[1] - 1)
        return standing_in(self, world, rows, week, self.champion[rows, own_week] > PRESENT, price)


@dataclass(frozen=True)
class Incidents:
    """Outages of a module: when, where, how widely and how badly."""

    week: Ints
    module: Ints
    share: Floats
    severity: Floats


def draw_incidents(world: World) -> Incidents:
    """The incidents of all simulated weeks, drawn from the data end backwards: a longer history changes no week."""
    weekly = stream(world.seed, "incidents").poisson(world.incidents_per_year / 52, world.total_weeks)
    week = world.total_weeks - 1 - np.repeat(np.arange(world.total_weeks), weekly)
    count = len(week)
    return Incidents(
        week=week[::-1],
        module=stream(world.seed, "incidents-module").integers(0, len(MODULES), count)[::-1],
        share=stream(world.seed, "incidents-share").uniform(*INCIDENT_SHARE, count)[::-1],
        severity=stream(world.seed, "incidents-severity").uniform(*INCIDENT_SEVERITY, count)[::-1],
    )


def market(world: World) -> Floats:
    """The market's push on the log-odds of not renewing, by week: a random walk around zero, shifted by the break.

    It is drawn from the data end backwards and centred on its last years: a longer history changes no week.
    """
    steps = stream(world.seed, "market").normal(0.0, world.macro_sd, max(world.total_weeks, _CENTRED_WEEKS))
    back = np.cumsum(steps)
    walk = (back - back[:_CENTRED_WEEKS].mean())[: world.total_weeks][::-1]
    day = world.origin_day + 7 * np.arange(world.total_weeks)
    return np.asarray(walk + np.where(day >= world.break_day, world.break_shift, 0.0))


def payment_delay(payment: Floats) -> Floats:
    """Days after the due date on which an account in this state ordinarily pays; negative is early."""
    return 10.0 * np.exp(0.75 * payment) - 6.0


def payment_limit(days: float) -> float:
    """The payment state beyond which the ordinary delay exceeds `days`."""
    return float(np.log((days + 6.0) / 10.0) / 0.75)


def pays_late(world: World, payment: Floats, crisis: Counts) -> Flags:
    """Whether an account pays later than the threshold: by habit, or because a crisis is some weeks old."""
    return np.asarray((payment > payment_limit(world.overdue_threshold_days)) | (crisis > _CRISIS_SHOWS))


def crisis_onset(world: World, payment: Floats) -> Floats:
    """Weekly probability that a crisis of payment begins; `crisis_rate` a year on average over states."""
    return np.minimum(world.crisis_rate / 52 * np.exp(_CRISIS_LOADING * payment - _CRISIS_LOADING**2 / 2), 0.5)


def _autoregressive(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> Floats:
    steps = rng.standard_normal(shape)
    steps[:, 1:] *= np.sqrt(1 - rho**2)
    for week in range(1, shape[1]):
        steps[:, week] += rho * steps[:, week - 1]
    return steps


def draw_states(world: World, prospects: Prospects, incidents: Incidents, generation: int) -> States:
    """The states of one generation of prospects over all simulated weeks."""
    rng = stream(world.seed, f"states-{generation}", world.draw)
    shape = (len(prospects.size), world.total_weeks)
    pain = _autoregressive(rng, shape, world.pain_rho)
    struck = np.zeros(shape)
    weeks = np.arange(world.total_weeks)
    for week, module, share, severity in zip(
        incidents.week, incidents.module, incidents.share, incidents.severity, strict=True
    ):
        hit = prospects.modules[:, module] & (rng.random(shape[0]) < share)
        age = weeks - week
        struck[hit] += np.where(age >= 0, severity * np.exp(-np.maximum(age, 0) / INCIDENT_WEEKS), 0.0)
    champion, exits, arrivals = _champion_clock(world, rng, shape[0])
    payment = _autoregressive(rng, shape, world.payment_rho)
    return States(
        engagement=_autoregressive(rng, shape, world.engagement_rho),
        pain=pain + struck,
        incident_pain=struck,
        payment=payment,
        sentiment=_autoregressive(rng, shape, world.sentiment_rho),
        crisis=_crises(world, rng, payment),
        champion=champion,
        champion_exit=exits,
        champion_arrival=arrivals,
    )


def next_crisis(world: World, rng: np.random.Generator, age: Counts, payment: Floats) -> Ints:
    """Age of each crisis a week later, given this week's state of payment."""
    chance = rng.random(age.shape)
    goes_on = np.where(age > 0, chance >= CRISIS_ENDS_WEEKLY, chance < crisis_onset(world, payment))
    return np.where(goes_on, age + 1, 0)


def next_champion(world: World, rng: np.random.Generator, post: Counts) -> tuple[Ints, Flags, Flags]:
    """The champion's post a week later, who has left and who has arrived: it forgets how long it has been vacant."""
    chance, manner = rng.random(post.shape), rng.random(post.shape)
    exits = (post == PRESENT) & (chance < world.champion_exit_rate / 52)
    filled = (post == VACANT) & (chance < FILLED_WEEKLY)
    seamless = exits & (manner < SEAMLESS)
    vacated = np.where(manner < SEAMLESS + FOR_GOOD, VACANT_FOR_GOOD, VACANT)
    later = np.where(exits & ~seamless, vacated, np.where(filled, PRESENT, post))
    return later, exits, filled | seamless


def _crises(world: World, rng: np.random.Generator, payment: Floats) -> Counts:
    age = np.zeros(payment.shape, dtype=np.int16)
    for week in range(1, payment.shape[1]):
        age[:, week] = next_crisis(world, rng, age[:, week - 1], payment[:, week])
    return age


def _champion_clock(world: World, rng: np.random.Generator, size: int) -> tuple[Counts, Flags, Flags]:
    weeks = world.total_weeks + CHAMPION_WEEKS_BEFORE
    post = np.zeros((size, weeks), dtype=np.int8)
    exits = np.zeros((size, weeks), dtype=bool)
    arrivals = np.zeros((size, weeks), dtype=bool)
    for week in range(4, weeks):
        post[:, week], exits[:, week], arrivals[:, week] = next_champion(world, rng, post[:, week - 1])
    return post, exits, arrivals
