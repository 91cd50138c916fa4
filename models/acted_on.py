"""What would have become of accounts that were acted on: so that a model does not learn that its own alarms were false.

Who is called and therefore stays looks, in training, like someone who was never at risk. The no-alert holdout was drawn
by lot: how much more often its alarmed accounts left than those that were acted on is what acting did. That, and nothing
assumed, is taken back from the labels of the acted-on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from models.bootstrap import Resampler, interval
from models.scorer import Array, sigmoid

ACTED, HELD = "acted", "held"
"""Values of a row's `alarm`: an alarm before its outcome that was acted on, or withheld by lot; null for none."""
DRAWS = 200
STEPS = 30


@dataclass(frozen=True)
class ActedOn:
    """What acting did, in log-odds of leaving, and to how many training rows.

    `effect` is drawn towards none as far as chance could have made it; null, with the `reason`, where nothing is taken
    back. `effect_ci` is the 95 % interval of the effect as it was seen.
    """

    acted_rows: int
    acted_accounts: int
    held_rows: int
    held_accounts: int
    effect: float | None
    effect_ci: tuple[float, float] | None
    reason: str | None

    @property
    def sentence(self) -> str:
        """All of it in words."""
        if not self.acted_rows:
            return "No training row was acted on."
        told = f"{self.acted_accounts:,} accounts ({self.acted_rows:,} training rows) were acted on: "
        if self.effect is None or self.effect_ci is None:
            return told + str(self.reason)
        low, high = self.effect_ci
        return (
            f"{told}beside {self.held_accounts:,} of the no-alert holdout, that changed their log-odds of leaving by "
            f"{low:+.2f} to {high:+.2f}; {self.effect:+.2f} is taken back, so that the probability is that of an account "
            "on which nobody acts."
        )

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON."""
        return asdict(self) | {"sentence": self.sentence}


def what_acting_did(rows: pd.DataFrame, log_odds: Array, *, least_held: int, prior_sd: float) -> ActedOn:
    """The effect from training rows (account_id, churned, alarm) and the log-odds that a fitted scorer gives them.

    Fewer than `least_held` alarmed accounts of the holdout measure nothing. `prior_sd`: how large effects usually are.
    """
    alarm = rows["alarm"]
    acted, held = (alarm == ACTED).to_numpy(), (alarm == HELD).to_numpy()
    counts = (
        int(acted.sum()),
        int(rows.loc[acted, "account_id"].nunique()),
        int(held.sum()),
        int(rows.loc[held, "account_id"].nunique()),
    )
    if not acted.any():
        return ActedOn(*counts, None, None, "nobody was acted on")
    if counts[3] < least_held:
        found = "no account" if not counts[3] else f"{counts[3]} accounts"
        return ActedOn(
            *counts,
            None,
            None,
            f"{found} of a no-alert holdout had an alarm; {least_held} are needed to measure what acting did. The "
            "probability is that of accounts that are looked after as these were.",
        )
    some = acted | held
    treated, offset = acted[some].astype(float), log_odds[some]
    churned = rows.loc[some, "churned"].to_numpy(dtype=float)
    drawn = Resampler.of(rows.loc[some, "account_id"], draws=DRAWS)
    weights = drawn.multiplicity[drawn.account].T.astype(float)
    seen = _effect(churned, offset, treated, np.ones(len(churned)))
    draws = np.array([_effect(churned, offset, treated, w) for w in weights])
    trust = prior_sd**2 / (prior_sd**2 + float(draws.var()))
    return ActedOn(*counts, trust * seen, interval(draws), None)


def _effect(churned: Array, offset: Array, treated: Array, weights: Array) -> float:
    """Log-odds of the acted-on above those held, at equal log-odds before; by Newton's steps, kept finite by a weak prior."""
    design = np.column_stack([np.ones(len(treated)), treated])
    at, prior = np.zeros(2), np.array([1e-6, 0.1])
    for _ in range(STEPS):
        p = sigmoid(offset + design @ at)
        slope = design.T @ (weights * (churned - p)) - prior * at
        curve = (design * (weights * p * (1 - p))[:, None]).T @ design + np.diag(prior)
        step = np.clip(np.linalg.solve(curve, slope), -2.0, 2.0)
        at = at + step
        if np.abs(step).max() < 1e-8:
            break
    return float(at[1])


def untreated(rows: pd.DataFrame, log_odds: Array, effect: float) -> Array:
    """The labels had nobody acted: of the acted-on, the probability of leaving given what they did; else as they are.

    With p as said of them as they were treated and q without treatment (p's log-odds less the effect), whoever stayed
    would have left with (q − p) ÷ (1 − p); where acting drove away, whoever left would have with q ÷ p. So their mean is
    q.

    >>> rows = pd.DataFrame({"churned": [0.0, 1.0, 0.0], "alarm": ["acted", "acted", None]})
    >>> untreated(rows, np.zeros(3), effect=-float(np.log(3))).tolist()
    [0.5, 1.0, 0.0]
    """
    churned = rows["churned"].to_numpy(dtype=float)
    p, q = sigmoid(log_odds), sigmoid(log_odds - effect)
    had_stayed = np.maximum(q - p, 0.0) / (1 - p)
    had_left = np.minimum(q / p, 1.0)
    acted = (rows["alarm"] == ACTED).to_numpy()
    return np.where(acted, np.where(churned == 1, had_left, had_stayed), churned)
