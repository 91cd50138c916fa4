"""Which scorer ships: a ladder by the number of churned accounts, climbed only on a paired win."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.evaluate import log_loss_gain
from models.metrics import log_loss
from models.recipe import ORIGINS
from models.scorer import Array
from models.split import rolling_origins
from policy.errors import NotEnoughData
from policy.policy import Ladder

FIRST = "health_recalibrated"
FitAndScore = Callable[[pd.DataFrame, pd.DataFrame, Collection[str]], Mapping[str, Array]]


@dataclass(frozen=True)
class Origin:
    """One origin's test rows (account_id, as_of, churned) and what every scorer, fitted before it, said of them."""

    rows: pd.DataFrame
    said: Mapping[str, Array]

    def loss(self, name: str) -> float:
        """Log-loss of one scorer."""
        return log_loss(self.rows["churned"].to_numpy(dtype=float), self.said[name])


@dataclass(frozen=True)
class Champion:
    """The scorer that ships and why, with what was said at the origins on which it was chosen (none: no contest)."""

    scorer: str
    reason: str
    origins: tuple[Origin, ...] = ()


def rungs(churned_accounts: int, ladder: Ladder) -> list[str]:
    """The challengers this many churned accounts can carry, in the order they compete.

    Raises NotEnoughData below the first rung: there the rules speak alone.
    """
    if churned_accounts < ladder.refuse_below:
        raise NotEnoughData(
            f"{churned_accounts} churned accounts in the training data; an honest probability needs "
            f"{ladder.refuse_below}.",
            where="train",
            cure="Use the health score and its tiers until more accounts have churned; `churn score` gives them.",
        )
    steps = (("logistic", ladder.logistic_from), ("ensemble", ladder.ensemble_from), ("lightgbm", ladder.lightgbm_from))
    return [name for name, needed in steps if churned_accounts >= needed]


def choose(
    frame: pd.DataFrame,
    fit_and_score: FitAndScore,
    ladder: Ladder,
    *,
    window_days: int,
    holder: str = FIRST,
) -> Champion:
    """Let the rungs compete on rolling origins inside the training data; the test period is never looked at.

    `frame` holds account_id, as_of, churned and everything a scorer reads. A challenger may take the place only if its
    paired, account-clustered log-loss gain over the holder excludes 0: never on a tie. Among those that may, the one
    with the least regret takes it: the log-loss above the best of each origin, averaged over the origins.
    """
    accounts = frame.loc[frame["churned"] == 1, "account_id"].nunique()
    climbing = rungs(accounts, ladder)
    # A holder does not compete with itself; the first rung may win its place back.
    challengers = [name for name in (FIRST, *climbing) if name != holder]
    if not climbing:
        return Champion(
            holder, f"{accounts} churned accounts carry no larger model (logistic from {ladder.logistic_from})."
        )
    competing = (holder, *challengers)
    origins = [
        Origin(frame.loc[test, ["account_id", "as_of", "churned"]], fit_and_score(frame[train], frame[test], competing))
        for train, test in rolling_origins(frame["as_of"], window_days=window_days, folds=ORIGINS)
        if frame.loc[train & (frame["churned"] == 1), "account_id"].nunique() >= ladder.refuse_below // 3
    ]
    if not origins:
        return Champion(holder, "the training period is too short for a purged comparison; no challenger was promoted.")
    gains = {name: _gain(origins, name, holder) for name in challengers}
    regret = regrets(origins, competing)
    winners = [name for name, (_, bounds) in gains.items() if bounds and bounds[0] > 0]
    chosen = min(winners, key=lambda name: regret[name], default=holder)
    rows = pd.concat([origin.rows for origin in origins])
    lost = rows.loc[rows["churned"] == 1, "account_id"].nunique()
    story = [
        f"{name} against {holder}: log-loss gain {_told(gain)}, regret {regret[name]:.5f}, "
        f"{'promoted' if name == chosen else 'not promoted'}"
        for name, gain in gains.items()
    ]
    return Champion(
        chosen,
        f"{accounts} churned accounts; on {len(origins)} rolling origins in the training period "
        f"({lost} churned accounts): {'; '.join(story)}; regret of {holder} {regret[holder]:.5f}.",
        tuple(origins),
    )


def regrets(origins: Collection[Origin], names: Collection[str]) -> dict[str, float]:
    """Mean over the origins of each scorer's log-loss above that of the best scorer there."""
    losses = pd.DataFrame([{name: origin.loss(name) for name in names} for origin in origins])
    return {str(name): float(v) for name, v in losses.sub(losses.min(axis=1), axis=0).mean().items()}


def _gain(origins: Collection[Origin], name: str, holder: str) -> tuple[float, tuple[float, float] | None]:
    rows = pd.concat([origin.rows for origin in origins])
    ours, theirs = (np.concatenate([origin.said[n] for origin in origins]) for n in (name, holder))
    return log_loss_gain(rows, ours, theirs)


def _told(gain: tuple[float, tuple[float, float] | None]) -> str:
    value, bounds = gain
    return f"{value:+.5f}" + (f" [{bounds[0]:+.5f}, {bounds[1]:+.5f}]" if bounds else "")
