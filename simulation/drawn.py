"""Worlds drawn at random within the published ranges: what is concluded must hold for companies nobody has tuned on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np

from simulation.book import draw_book
from simulation.families import FAMILIES, WITHOUT_SIGNAL
from simulation.world import World

WITH_SIGNAL = tuple(name for name in FAMILIES if name not in WITHOUT_SIGNAL)
_SETTLING = 500_000
"""The draw whose accounts find a world's base rate."""
_SETTLING_ACCOUNTS = 3000
_ARR_EACH = 20_000.0


def seed_of(code: str, number: int) -> int:
    """The seed of world `number` under `code`, a fingerprint of what is judged: other code, other worlds.

    >>> seed_of("a", 1) == seed_of("a", 1), seed_of("a", 1) == seed_of("b", 1)
    (True, False)
    """
    return int.from_bytes(hashlib.sha256(f"{code}/{number}".encode()).digest()[:6], "big")


def drawn_world(seed: int, *, family: str | None = None, accounts: int = 500, until: date = date(2026, 6, 1)) -> World:
    """A world whose parameters are drawn from `seed`; with None, its family too, among those with a signal.

    Its base rate is settled on accounts of its own, so that every draw and size of it shares one truth. The tables hold
    no row that a contract would refuse.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 1]))
    chosen = family or str(rng.choice(WITH_SIGNAL))
    between = rng.uniform
    parameters: dict[str, Any] = {
        "annual_churn": between(0.13, 0.17),
        "never_activate": between(0.3, 0.5),
        "churn_by_segment": (between(0.15, 0.30), between(0.08, 0.15), between(0.03, 0.08)),
        "annual_share": (between(0.4, 0.7), between(0.8, 0.9), between(0.95, 1.0)),
        "multi_year_share": (0.03, 0.10, between(0.1, 0.4)),
        "usage_effect": between(0.45, 0.85),
        "pain_effect": between(0.3, 0.6),
        "payment_effect": between(0.35, 0.65),
        "sentiment_effect": between(0.2, 0.4),
        "champion_effect": between(0.5, 0.9),
        "price_effect": between(0.35, 0.65),
        "hidden_fit_sd": between(0.35, 0.65),
        "engagement_rho": between(0.95, 0.98),
        "macro_sd": between(0.02, 0.04),
        "incidents_per_year": between(2.0, 6.0),
        "champion_exit_rate": between(0.15, 0.30),
        "silent_share": between(0.05, 0.10),
        "acquired_rate": between(0.01, 0.03),
        "crisis_rate": between(0.10, 0.22),
        "nps_response": between(0.15, 0.40),
        "break_weeks_ago": int(rng.integers(56, 137)),
        "break_shift": between(-0.15, 0.15),
        "break_usage": between(0.7, 1.0),
        "break_price": between(1.0, 1.5),
        "sleeping_dogs": between(0.03, 0.10),
    }
    if chosen in WITHOUT_SIGNAL:
        parameters |= _silence()
    world = World(
        seed=seed,
        family=chosen,
        accounts=accounts,
        arr_total=_ARR_EACH * accounts,
        data_until=until,
        refused_rows=False,
        **parameters,
    )
    return replace(world, base_shift=_settled(world))


def _silence() -> dict[str, Any]:
    """Nothing by which a leaver could be told: one contract type, one rate, one notice, no crisis, no silence.

    Even then the calendar separates accounts inside the window from those outside; inside it, nothing does.
    """
    return {
        "churn_by_segment": (0.15, 0.15, 0.15),
        "annual_share": (1.0, 1.0, 1.0),
        "multi_year_share": (0.0, 0.0, 0.0),
        "notice_share": (0.0, 1.0, 0.0, 0.0),
        "notice_spread_days": 1.0,
        "hidden_fit_sd": 0.0,
        "crisis_rate": 0.0,
        "acquired_rate": 0.0,
        "silent_share": 0.0,
        "returning_share": 0.0,
        "break_weeks_ago": 0,
    }


def another_draw(world: World, draw: int, *, accounts: int | None = None, weeks: int | None = None) -> World:
    """Other accounts of the same world: its market, break, incidents and base rates, and as many as wanted.

    With `weeks`, less of their history is emitted; as much is simulated, so that they are as old as the others.
    """
    size, emitted = accounts or world.accounts, weeks or world.weeks
    return replace(
        world,
        draw=draw,
        accounts=size,
        arr_total=world.arr_total * size / world.accounts,
        weeks=emitted,
        burn_in_weeks=world.total_weeks - emitted,
    )


def _settled(world: World) -> float:
    """The shift at which a large book of this world leaves at its annual rate."""
    large = another_draw(world, _SETTLING, accounts=_SETTLING_ACCOUNTS)
    return draw_book(replace(large, base_shift=None)).base_shift
