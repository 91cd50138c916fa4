"""What acting on an account is expected to save: its play's effect on the log-odds of leaving, assumed or measured."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.scorer import Array, logit, sigmoid
from policy.saving import SaveEffects

DEFAULT = "default"


@dataclass(frozen=True)
class Seen:
    """What acting did beside a holdout drawn by lot: a difference in log-odds of leaving, with its standard error.

    `assumed` is the mean of the assumed effects over the same acted-on accounts.
    """

    effect: float
    standard_error: float
    assumed: float
    acted_accounts: int
    held_accounts: int
    churned_held: int


@dataclass(frozen=True)
class Effects:
    """The effect of each driver group's play, in log-odds of leaving; below 0 keeps customers.

    `source` is `measured` where a holdout drawn by lot has moved them; `effect` is then their mean over the accounts
    that were acted on, and `effect_ci` its 95 % interval, both null else. `sentence` says all of it in words.
    """

    by_group: Mapping[str, float]
    source: Literal["assumed", "measured"]
    sentence: str
    effect: float | None = None
    effect_ci: tuple[float, float] | None = None

    def of(self, group: object) -> float:
        """The effect for an account's main driver; the default's where none is named or the group has none."""
        default = self.by_group[DEFAULT]
        return self.by_group.get(group, default) if isinstance(group, str) else default


def believed(priors: Mapping[str, float], trust: float) -> dict[str, float]:
    """The assumed effects, as far as an assumption is believed: drawn towards their median, and none of them harmful.

    That a play drives customers away is nothing to assume: nobody would write such a play. It counts as the median of
    the helpful ones (0 where there are none); only what a holdout measures may say it. `trust` 1 leaves the others as
    they stand, 0 makes all alike.

    >>> believed({"usage": 0.5, "people": -0.5, "payment": -0.1, "default": -0.3}, 0.5)
    {'usage': -0.3, 'people': -0.4, 'payment': -0.2, 'default': -0.3}
    """
    helpful = [effect for effect in priors.values() if effect <= 0]
    middle = float(np.median(helpful)) if helpful else 0.0
    return {
        group: trust * (effect if effect <= 0 else middle) + (1 - trust) * middle for group, effect in priors.items()
    }


def effects_of(policy: SaveEffects, seen: Seen | None = None) -> Effects:
    """The effects to reckon with: those assumed, or, where enough of a holdout left, all moved to what it measured.

    What was seen is drawn towards what was assumed by how exactly each is known (`policy.prior_sd`), and every group
    moves by the same factor: a holdout is too small to tell groups apart.
    """
    assumed = believed(policy.priors, policy.prior_trust)
    if seen is None:
        return Effects(assumed, "assumed", "Save effects are assumed: no holdout drawn by lot has been compared.")
    if seen.churned_held < policy.least_churned_held:
        return Effects(
            assumed,
            "assumed",
            f"Save effects are assumed: {seen.churned_held} accounts of the holdout left, and "
            f"{policy.least_churned_held} are needed to measure what acting does.",
        )
    trust, doubt = 1 / seen.standard_error**2, 1 / policy.prior_sd**2
    effect = (trust * seen.effect + doubt * seen.assumed) / (trust + doubt)
    half = 1.96 / math.sqrt(trust + doubt)
    # Where nothing was assumed of those acted on there is nothing to scale: the measured effect holds for all.
    factor = effect / seen.assumed if seen.assumed else None
    moved = {group: effect if factor is None else factor * value for group, value in assumed.items()}
    return Effects(
        moved,
        "measured",
        f"Save effects are measured: {seen.acted_accounts:,} accounts were acted on and {seen.held_accounts:,} were held "
        f"out by lot, of which {seen.churned_held:,} left; acting changed the log-odds of leaving by {effect:+.2f} "
        f"({effect - half:+.2f} to {effect + half:+.2f}), where {seen.assumed:+.2f} was assumed.",
        effect,
        (effect - half, effect + half),
    )


def saved_probability(probability: Array, effect: Array) -> Array:
    """How much less likely an account is to leave once it is acted on; below 0 where acting drives it away.

    NaN where the probability is not known; nothing can be saved at 0 or 1.

    >>> saved_probability(np.array([0.5, 0.0]), np.array([-math.log(3), -1.0])).round(6).tolist()
    [0.25, 0.0]
    """
    p = np.asarray(probability, dtype=float)
    inner = np.clip(p, 1e-12, 1 - 1e-12)
    found = inner - sigmoid(logit(inner) + np.asarray(effect, dtype=float))
    return np.where((p <= 0) | (p >= 1), 0.0, found)
