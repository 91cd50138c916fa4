"""What a customer-success manager would change: by cause, and for a few accounts to the worse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.columns import Columns
from simulation.days import Flags, Floats, Ints
from simulation.families import CAUSES
from simulation.streams import stream
from simulation.world import World

_BY_CAUSE = {"usage": -0.6, "payment": -0.1, "support": -0.55, "sentiment": -0.45, "champion": -0.6, "price": -0.1}
_BOUNDS = {"payment": (-0.2, 0.0), "price": (-0.2, 0.0)}
_USUAL_BOUNDS = (-0.8, -0.3)
SLEEPING_DOG = (0.2, 0.5)


@dataclass(frozen=True)
class Temper(Columns):
    """How each account takes to being treated, one row an account."""

    own: Floats
    """Log-odds beside what is usual for the cause."""
    dog: Flags
    """Driven away by any contact, whatever the cause."""
    worse: Floats
    """Log-odds that a contact adds where it drives away."""


def draw_temper(world: World, accounts: int, generation: int) -> Temper:
    """Drawn once for each prospect: equal seed, draw and generation give equal tempers."""
    rng = stream(world.seed, f"treatment-{generation}", world.draw)
    return Temper(
        own=rng.normal(0.0, world.treatment_sd, accounts),
        dog=rng.random(accounts) < world.sleeping_dogs,
        worse=rng.uniform(*SLEEPING_DOG, accounts),
    )


def treatment_effects(world: World, temper: Temper, cause: Ints) -> Floats:
    """Log-odds of leaving that a treatment adds, one an account; `cause` is an index into CAUSES, -1 for none.

    Nothing helps against an acquisition or a silent decision, little against a price; a sleeping dog is driven away
    whatever the cause.
    """
    usual = np.array([_BY_CAUSE[name] for name in CAUSES] + [0.0])[cause]
    low, high = (
        np.array([_BOUNDS.get(name, _USUAL_BOUNDS)[side] for name in CAUSES] + [0.0])[cause] for side in (0, 1)
    )
    return np.where(temper.dog, temper.worse, world.care * np.clip(usual + temper.own, low, high))
