"""Which scorer ships: a ladder by the number of churned accounts, climbed only on a paired win."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.evaluate import log_loss_gain
from models.metrics import log_loss
from models.recipe import ORIGINS
from models.scorer import Array
from models.split import account_folds, rolling_origins
from policy.errors import NotEnoughData
from policy.policy import Ladder

FIRST = "health_recalibrated"
FOLDS = 4
"""Folds of accounts in the contest."""
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
    """Let the rungs compete inside the training data; the test period is never looked at.

    `frame` holds account_id, as_of, churned and everything a scorer reads. They compete on rolling origins, and on folds
    of accounts: an origin knows what will be known when scores are needed, but fits on half the data; a fold shares its
    dates with what it tests, but fits on nearly all, and a scorer that needs data is judged with them. A challenger may
    take the place only if its paired, account-clustered log-loss gain over the holder excludes 0 over both together, and
    is no loss out of time. Of those that may, the highest rung takes it that none of the others beats.
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

    def judged(splits: Iterable[tuple[pd.Series, pd.Series]]) -> list[Origin]:
        return [
            Origin(
                frame.loc[test, ["account_id", "as_of", "churned"]],
                fit_and_score(frame[train], frame[test], competing),
            )
            for train, test in splits
            if frame.loc[train & (frame["churned"] == 1), "account_id"].nunique() >= ladder.refuse_below // 3
        ]

    origins = judged(rolling_origins(frame["as_of"], window_days=window_days, folds=ORIGINS))
    if not origins:
        return Champion(holder, "the training period is too short for a purged comparison; no challenger was promoted.")
    folds = judged(account_folds(frame["account_id"], folds=FOLDS))
    contest = Contest(origins, folds, ladder.win_interval)
    chosen = contest.highest_unbeaten([n for n in challengers if contest.wins(n, holder)]) or holder
    regret = regrets([*origins, *folds], competing)
    rows = pd.concat([origin.rows for origin in origins])
    lost = rows.loc[rows["churned"] == 1, "account_id"].nunique()
    story = [
        f"{name} against {holder}: log-loss gain {_told(contest.gain(name, holder))}, "
        f"out of time {_told(contest.gain(name, holder, folds=False))}, regret {regret[name]:.5f}, "
        f"{'promoted' if name == chosen else 'not promoted'}"
        for name in challengers
    ]
    return Champion(
        chosen,
        f"{accounts} churned accounts; on {len(origins)} rolling origins in the training period ({lost} churned "
        f"accounts) and {len(folds)} folds of accounts, with {ladder.win_interval:.0%} intervals: {'; '.join(story)}; "
        f"regret of {holder} {regret[holder]:.5f}.",
        tuple(origins),
    )


Gain = tuple[float, tuple[float, float] | None]


@dataclass(frozen=True)
class Contest:
    """Who beats whom: paired gains in log-loss over rolling origins and folds of accounts, by account."""

    origins: Collection[Origin]
    folds: Collection[Origin]
    share: float

    def gain(self, name: str, holder: str, *, folds: bool = True) -> Gain:
        """(mean gain of one scorer over another, its interval); without `folds` out of time only."""
        parts = [*self.origins, *(self.folds if folds else ())]
        rows = pd.concat([part.rows for part in parts])
        ours, theirs = (np.concatenate([part.said[n] for part in parts]) for n in (name, holder))
        return log_loss_gain(rows, ours, theirs, share=self.share)

    def beats(self, name: str, other: str) -> bool:
        """Whether the interval of the gain over origins and folds excludes 0."""
        _, bounds = self.gain(name, other)
        return bounds is not None and bounds[0] > 0

    def wins(self, name: str, holder: str) -> bool:
        """Whether it beats the holder, and out of time does not lose to it."""
        _, bounds = self.gain(name, holder, folds=False)
        return self.beats(name, holder) and bounds is not None and bounds[1] >= 0

    def highest_unbeaten(self, names: Sequence[str]) -> str | None:
        """The last of these, in the order of the ladder, that none of the others beats; null without any."""
        return next((n for n in reversed(names) if not any(self.beats(o, n) for o in names if o != n)), None)


def regrets(origins: Collection[Origin], names: Collection[str]) -> dict[str, float]:
    """Mean over origins and folds of each scorer's log-loss above that of the best scorer there."""
    losses = pd.DataFrame([{name: origin.loss(name) for name in names} for origin in origins])
    return {str(name): float(v) for name, v in losses.sub(losses.min(axis=1), axis=0).mean().items()}


def _told(gain: Gain) -> str:
    value, bounds = gain
    return f"{value:+.5f}" + (f" [{bounds[0]:+.5f}, {bounds[1]:+.5f}]" if bounds else "")
