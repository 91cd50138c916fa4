"""LightGBM's trees tuned inside the training period: few trials, and the default stays unless the data say otherwise."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd

from models.boosted import USUAL_GROWTH, Growth
from models.ladder import FOLDS
from models.scorer import Array
from models.split import fold_of


@dataclass(frozen=True)
class Budget:
    """How many trials may be made, the default among them, and for how many minutes; 0 trials: no tuning."""

    trials: int = 0
    minutes: float | None = None


NO_TUNING = Budget()


class Searching(Protocol):
    """Says what to try next and learns from what came of it."""

    def propose(self) -> Growth:
        """What to try next."""
        ...

    def learn(self, log_loss: float) -> None:
        """What came of the last proposal."""
        ...


@dataclass(frozen=True)
class Tried:
    """One trial: its log-loss, how far that lies behind the best one's, and the standard error of that distance."""

    growth: Growth
    log_loss: float
    behind: float
    standard_error: float
    chosen: bool

    @property
    def as_good(self) -> bool:
        """Whether it lies within one standard error of the best."""
        return self.behind <= self.standard_error


@dataclass(frozen=True)
class Tuning:
    """What was tried within a budget and what was chosen; the default is the first trial."""

    budget: Budget
    tried: tuple[Tried, ...]
    seconds: float
    apart: tuple[Growth, ...] = ()
    """For each fold of accounts what is chosen without them: the contest judges them by it."""

    @property
    def growth(self) -> Growth | None:
        """What was chosen; None is the default."""
        chosen = next((one.growth for one in self.tried if one.chosen), USUAL_GROWTH)
        return None if chosen == USUAL_GROWTH else chosen

    @property
    def sentence(self) -> str:
        """How it went, in one line."""
        if not self.tried:
            return "Tuned: no trial; the training period is too short to judge one; the defaults stay."
        default = self.tried[0]
        told = f"gained {_short(default.behind)}, {{}} one standard error {_short(default.standard_error)}"
        if self.growth is None:
            if not default.behind:
                return f"Tuned: {self._run}; the defaults stay: no trial did better."
            return f"Tuned: {self._run}; the defaults stay: the best {told.format('no more than')}."
        g = self.growth
        return (
            f"Tuned: {self._run}; the best {told.format('more than')} over the defaults. Of those as good as the best "
            f"the nearest to them is taken: {g.leaves} leaves, {g.rounds:.2f} × the rounds, {g.fuller:.2f} × the rows in a leaf, l2 "
            f"{g.l2:.1f}, {g.columns:.0%} of the columns."
        )

    @property
    def _run(self) -> str:
        asked, run = self.budget.trials, len(self.tried)
        spent = f"in {self.seconds:.0f} s"
        if run == asked:
            return f"{run} trial{'s' * (run != 1)} {spent}"
        return (
            f"{run} of {asked} trials {spent}, {asked - run} not tried: the time ({self.budget.minutes:g} min) was up"
        )

    def as_json(self) -> dict[str, Any]:
        """Budget, seconds, sentence and every trial in the order it was made."""
        return {
            "asked": self.budget.trials,
            "minutes": self.budget.minutes,
            "run": len(self.tried),
            "seconds": round(self.seconds, 1),
            "default_stays": self.growth is None,
            "sentence": self.sentence,
            "chosen_without_fold": [asdict(growth) for growth in self.apart],
            "trials": [
                {
                    **asdict(one.growth),
                    "log_loss": one.log_loss,
                    "behind_best": one.behind,
                    "standard_error": one.standard_error,
                    "chosen": one.chosen,
                }
                for one in self.tried
            ],
        }


def tuned(
    accounts: Sequence[str] | pd.Series,
    losses: Callable[[Growth], Array],
    budget: Budget,
    search: Searching,
    *,
    clock: Callable[[], float] = time.monotonic,
    progress: Callable[[str], None] = lambda _: None,
) -> Tuning:
    """Try what the search proposes until trials or minutes are used up, and choose by one standard error.

    `losses` says the loss of every row, in the order of `accounts`; without rows nothing is tried. The first trial is made
    whatever the minutes; a trial that has begun is finished.
    """
    began = clock()
    tried: list[Growth] = []
    found: list[Array] = []
    while len(accounts) and len(tried) < budget.trials:
        if tried and budget.minutes is not None and clock() - began >= 60 * budget.minutes:
            break
        progress(f"tuning: trial {len(tried) + 1} of {budget.trials}")
        growth = search.propose()
        loss = losses(growth)
        search.learn(float(loss.mean()))
        tried.append(growth)
        found.append(loss)
    judged = tuple(within_one_error(tried, found, accounts))
    return Tuning(budget, judged, clock() - began, chosen_apart(tried, found, accounts))


def within_one_error(
    growths: Sequence[Growth], losses: Sequence[Array], accounts: Sequence[str] | pd.Series
) -> list[Tried]:
    """The trials as judged: of those within one standard error of the best, the one nearest to the default is chosen.

    So the default itself wherever it is one of them. The standard error is that of the paired difference to the best, by
    account.
    """
    if not growths:
        return []
    means = [float(loss.mean()) for loss in losses]
    best = losses[int(np.argmin(means))]
    behind = [paired_error(loss - best, accounts) for loss in losses]
    good = [i for i, (mean, error) in enumerate(behind) if mean <= error]
    chosen = min(good, key=lambda i: (growths[i].away, means[i]))
    return [Tried(growth, means[i], *behind[i], chosen=i == chosen) for i, growth in enumerate(growths)]


def chosen_apart(
    growths: Sequence[Growth], losses: Sequence[Array], accounts: Sequence[str] | pd.Series, *, folds: int = FOLDS
) -> tuple[Growth, ...]:
    """For each fold of accounts the growth that the others choose, by the same rule; none without a trial."""
    if not growths:
        return ()
    names = pd.Series(accounts).astype(str)
    fold = names.map(lambda account: fold_of(account, folds)).to_numpy()
    found = []
    for one in range(folds):
        others = fold != one
        if not others.any():
            found.append(USUAL_GROWTH)
            continue
        judged = within_one_error(growths, [loss[others] for loss in losses], names[others])
        found.append(next(trial.growth for trial in judged if trial.chosen))
    return tuple(found)


def paired_error(difference: Array, accounts: Sequence[str] | pd.Series) -> tuple[float, float]:
    """(mean of a difference over rows, its standard error): an account's rows count as one draw, not as many.

    >>> mean, error = paired_error(np.array([1.0, 1.0, -1.0]), ["a", "a", "b"])
    >>> round(mean, 4), round(error, 4)
    (0.3333, 0.8889)
    """
    mean = float(difference.mean())
    codes, names = pd.factorize(pd.Series(accounts))
    sums = np.bincount(codes, weights=difference - mean)
    n = len(names)
    if n < 2:
        return mean, float("inf") if mean else 0.0
    return mean, float(np.sqrt((sums**2).sum() * n / (n - 1)) / len(difference))


def _short(value: float) -> str:
    """A log-loss without its leading 0.

    >>> _short(0.00034)
    '.00034'
    """
    return f"{value:.5f}".removeprefix("0")
