"""Walking forward through a history: at every origin a model as it would have been, judged on what came after."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from models.boosted import Growth
from models.ladder import FIRST, Contest, Origin, rungs
from models.metrics import log_loss, roc_auc
from models.recipe import Recipe
from models.scorer import Array
from models.split import matured
from models.zoo import NAMES
from policy.errors import NotEnoughData
from policy.policy import Ladder

MONTH_DAYS = 28
OLDEST_WEEKS = 24
SHIPPED, CALENDAR, CONSTANT, HEALTH = "shipped", "calendar", "constant", "health_score"
LEARNED = tuple(name for name in NAMES if name != HEALTH)
FitAndScore = Callable[[pd.DataFrame, pd.DataFrame, Collection[str], Recipe], Mapping[str, Array]]
"""(rows that train, later rows, scorer names, recipe) → what each scorer says of the later rows."""
GrowthAt = Callable[[pd.DataFrame, Recipe], Growth | None]
"""(rows that train, recipe so far) → how LightGBM's trees grow there; None: the default."""


@dataclass(frozen=True)
class Stop:
    """One origin: what could train there, and what every scorer fitted there says of the rows after it.

    `rows` holds account_id, as_of, churned, in_window, `place` (the row in the panel) and `age`: how many origins have
    passed since, 0 until the next one.
    """

    origin: date
    until: date
    n_rows: int
    n_churned_accounts: int
    recipe: Recipe
    shipped: str
    rows: pd.DataFrame
    said: Mapping[str, Array]

    def aged(self, age: int) -> tuple[pd.DataFrame, dict[str, Array]]:
        """The rows of one age and what was said of them."""
        mine = (self.rows["age"] == age).to_numpy()
        return self.rows[mine], {name: score[mine] for name, score in self.said.items()}


def walk(
    frame: pd.DataFrame,
    fit_and_score: FitAndScore,
    ladder: Ladder,
    *,
    window_days: int,
    growth_at: GrowthAt = lambda *_: None,
    progress: Callable[[str], None] = lambda _: None,
) -> list[Stop]:
    """Every origin of a labelled, prepared panel (account_id, as_of, churned, in_window), the earliest first.

    At an origin only rows train whose label window ended an embargo before it. Recipe and champion follow from what was
    said at earlier origins, as far as its labels had matured by then: nothing that came later is used. Raises
    NotEnoughData where no origin has both enough churned accounts to train on and rows to judge.
    """
    days = pd.to_datetime(frame["as_of"])
    origins = list(origins_of(frame, ladder.refuse_below, window_days=window_days))
    if not origins:
        lost = frame.loc[frame["churned"] == 1, "account_id"].nunique()
        raise NotEnoughData(
            f"no snapshot has {ladder.refuse_below} churned accounts whose label windows had closed before it; the whole "
            f"history has {lost}.",
            where="backtest",
            cure="Wait for more churn, or give more history.",
        )
    stops: list[Stop] = []
    starts = pd.Series(pd.to_datetime(origins))
    latest = starts.searchsorted(days, side="right") - 1
    holder = FIRST
    for place, origin in enumerate(origins):
        progress(f"origin {place + 1} of {len(origins)}: {origin}")
        past = frame[matured(days, origin, window_days=window_days)]
        age = latest - place
        ahead = (days >= pd.Timestamp(origin)) & (days < pd.Timestamp(origin) + pd.Timedelta(weeks=OLDEST_WEEKS))
        later = frame[ahead]
        known = [_known(stop, origin, window_days) for stop in stops]
        lost = int(past.loc[past["churned"] == 1, "account_id"].nunique())
        recipe = Recipe(calendar=calendar_earned(known))
        recipe = replace(recipe, growth=growth_at(past, recipe))
        holder = shipped_at(known, holder, lost, ladder)
        said = dict(fit_and_score(past, later, LEARNED, recipe))
        said[CONSTANT] = np.full(len(later), float(past["churned"].mean()))
        rows = later[["account_id", "as_of", "churned", "in_window"]].assign(
            place=np.flatnonzero(ahead), age=age[ahead.to_numpy()]
        )
        said[SHIPPED] = said[holder]
        stops.append(Stop(origin, past["as_of"].max(), len(past), lost, recipe, holder, rows, said))
    return stops


def origins_of(frame: pd.DataFrame, least: int, *, window_days: int) -> Iterator[date]:
    """Snapshots at least a month apart, from the first on that has so many churned accounts to train on."""
    days = pd.to_datetime(frame["as_of"])
    last: date | None = None
    for day in sorted(frame["as_of"].unique()):
        if last is not None and (day - last).days < MONTH_DAYS:
            continue
        past = frame[matured(days, day, window_days=window_days)]
        if past.loc[past["churned"] == 1, "account_id"].nunique() >= least:
            last = day
            yield day


def shipped_at(known: Sequence[Origin], holder: str, lost: int, ladder: Ladder) -> str:
    """The scorer in the champion's place: the ladder's contest, held on what was said at earlier origins alone.

    `known` are their rows with labels that had matured; the contest of `churn train` also fits on folds of accounts.
    """
    climbing = rungs(lost, ladder)
    holder = holder if holder in (FIRST, *climbing) else FIRST
    judged = [origin for origin in known if len(origin.rows)]
    if not judged:
        return holder
    contest = Contest(judged, (), ladder.win_interval)
    won = [name for name in (FIRST, *climbing) if name != holder and contest.wins(name, holder)]
    return contest.highest_unbeaten(won) or holder


def calendar_earned(known: Sequence[Origin]) -> bool:
    """Whether the calendars of earlier origins foretold better than their base rates did; True where none can tell."""
    judged = [origin for origin in known if len(origin.rows)]
    if not judged:
        return True
    churned = np.concatenate([origin.rows["churned"].to_numpy(dtype=float) for origin in judged])
    ours, flat = (np.concatenate([origin.said[name] for origin in judged]) for name in (CALENDAR, CONSTANT))
    return log_loss(churned, ours) < log_loss(churned, flat)


def fresh(stops: Sequence[Stop]) -> tuple[pd.DataFrame, dict[str, Array]]:
    """Every row once, as the model fitted at the newest origin before it sees it."""
    parts = [stop.aged(0) for stop in stops]
    rows = pd.concat([part for part, _ in parts], ignore_index=True)
    return rows, {name: np.concatenate([said[name] for _, said in parts]) for name in stops[0].said}


def by_origin(stop: Stop) -> dict[str, Any]:
    """What trained at an origin, and each scorer's log-loss and observed ÷ expected churn until the next origin."""
    rows, said = stop.aged(0)
    churned = rows["churned"].to_numpy(dtype=float)
    figures = {
        name: {
            "log_loss": log_loss(churned, score),
            "roc_auc": roc_auc(churned, score),
            "observed_expected": float(churned.sum() / score.sum()) if score.sum() else None,
        }
        for name, score in said.items()
    }
    return {
        "origin": stop.origin.isoformat(),
        "trained_until": stop.until.isoformat(),
        "n_rows_trained": stop.n_rows,
        "n_churned_accounts_trained": stop.n_churned_accounts,
        "starts_from_calendar": stop.recipe.calendar,
        "growth": asdict(stop.recipe.growth) if stop.recipe.growth else None,
        "shipped": stop.shipped,
        "n_rows": len(rows),
        "n_churned": int(churned.sum()),
        "scorers": figures,
    }


def _known(stop: Stop, origin: date, window_days: int) -> Origin:
    rows, said = stop.aged(0)
    kept = matured(pd.to_datetime(rows["as_of"]), origin, window_days=window_days).to_numpy()
    return Origin(rows[kept], {name: score[kept] for name, score in said.items()})
