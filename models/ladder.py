"""Which scorer ships: a ladder by the number of churned accounts, climbed only on a paired win."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.evaluate import log_loss_gain
from models.scorer import Array
from models.split import rolling_origins
from policy.errors import NotEnoughData
from policy.policy import Ladder

FOLDS = 4
FIRST = "health_recalibrated"
FitAndScore = Callable[[pd.DataFrame, pd.DataFrame, Collection[str]], Mapping[str, Array]]


@dataclass(frozen=True)
class Champion:
    """The scorer that ships and why."""

    scorer: str
    reason: str


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

    `frame` holds account_id, as_of, churned and everything a scorer reads. A challenger takes the place only if its
    paired, account-clustered log-loss gain over the holder excludes 0: never on a tie.
    """
    accounts = frame.loc[frame["churned"] == 1, "account_id"].nunique()
    climbing = rungs(accounts, ladder)
    # A holder does not compete with itself; the first rung may win its place back.
    challengers = [name for name in (FIRST, *climbing) if name != holder]
    if not climbing:
        return Champion(
            holder, f"{accounts} churned accounts carry no larger model (logistic from {ladder.logistic_from})."
        )
    tested, predictions = [], []
    for train, test in rolling_origins(frame["as_of"], window_days=window_days, folds=FOLDS):
        past = frame[train]
        if past.loc[past["churned"] == 1, "account_id"].nunique() < ladder.refuse_below // 3:
            continue
        tested.append(frame.loc[test, ["account_id", "as_of", "churned"]])
        predictions.append(fit_and_score(past, frame[test], (holder, *challengers)))
    if not tested:
        return Champion(holder, "the training period is too short for a purged comparison; no challenger was promoted.")
    rows = pd.concat(tested)
    pooled = {name: np.concatenate([p[name] for p in predictions]) for name in (holder, *challengers)}
    story = []
    for name in challengers:
        gain, bounds = log_loss_gain(rows, pooled[name], pooled[holder])
        text = f"{name} against {holder}: log-loss gain {gain:+.5f}" + (
            f" [{bounds[0]:+.5f}, {bounds[1]:+.5f}]" if bounds else ""
        )
        if bounds and bounds[0] > 0:
            holder = name
            story.append(f"{text}, promoted")
        else:
            story.append(f"{text}, not promoted")
    lost = rows.loc[rows["churned"] == 1, "account_id"].nunique()
    return Champion(
        holder,
        f"{accounts} churned accounts; on {len(tested)} rolling origins in the training period "
        f"({lost} churned accounts): {'; '.join(story)}.",
    )
