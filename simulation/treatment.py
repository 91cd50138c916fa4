"""What a customer-success manager would change: by cause, and for a few accounts to the worse."""

from __future__ import annotations

import numpy as np

from simulation.days import Floats, Ints
from simulation.families import CAUSES
from simulation.streams import stream
from simulation.world import World

_BY_CAUSE = {"usage": -0.6, "payment": -0.1, "support": -0.55, "sentiment": -0.45, "champion": -0.6, "price": -0.1}
_BOUNDS = {"payment": (-0.2, 0.0), "price": (-0.2, 0.0)}
_USUAL_BOUNDS = (-0.8, -0.3)
SLEEPING_DOG = (0.2, 0.5)


def treatment_effects(world: World, accounts: int, account: Ints, cause: Ints) -> Floats:
    """Log-odds of leaving that a treatment adds, one row per entry of `account` and `cause` (-1: none).

    Nothing helps against an acquisition or a silent decision, little against a price; a share of accounts is driven
    away by any contact whatever the cause. An account's own part is drawn once: equal worlds give equal effects.
    """
    rng = stream(world.seed, "treatment", world.draw)
    own = rng.normal(0.0, world.treatment_sd, accounts)[account]
    dog = (rng.random(accounts) < world.sleeping_dogs)[account]
    worse = rng.uniform(*SLEEPING_DOG, accounts)[account]
    usual = np.array([_BY_CAUSE[name] for name in CAUSES] + [0.0])[cause]
    low, high = (
        np.array([_BOUNDS.get(name, _USUAL_BOUNDS)[side] for name in CAUSES] + [0.0])[cause] for side in (0, 1)
    )
    return np.where(dog, worse, np.clip(usual + own, low, high))
