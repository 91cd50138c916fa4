"""How far an input can move in time: what its window allows, and no further than similar accounts really moved it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.health_score import health_scores
from policy.policy import Policy
from policy.segments import team_segment
from serving.workbench.back_to_green.levers import actionable, better, earned, window_bound
from serving.workbench.back_to_green.records import Offer, Why

Numbers = npt.NDArray[np.float64]
Places = npt.NDArray[np.intp]
WEEK = 7
FULL = 100.0
"""Points that no value exceeds."""
SCORE = "health_score"
"""The name under which movements of the whole score are kept."""


class Times(NamedTuple):
    """When a recovery would be seen: the last day of its time, and the last weekly run within it."""

    by: date
    on: date


def times(as_of: date, policy: Policy) -> Times:
    """Of a run on this day. A time shorter than a week ends with the next run all the same."""
    days = policy.tasks.recovery.within_days
    return Times(as_of + timedelta(days=days), as_of + timedelta(weeks=max(1, days // WEEK)))


def history_dates(as_of: date, policy: Policy) -> list[date]:
    """The runs, as far apart as a recovery may take, between which movements are measured; the run itself is the last."""
    step = times(as_of, policy).on - as_of
    return [as_of - step * n for n in range(policy.back_to_green.past_periods, -1, -1)]


def achieved(history: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """account_id, team_segment, indicator, start_points and change of every input from each run of a history to the next.

    `history` is a feature frame of several as_of, with arr. The change is positive where it was for the better. What is
    not known at both ends is no movement; an account without a known ARR has no segment to be compared in. The whole
    score is told as one more indicator.
    """
    dates = sorted(set(history["as_of"]))
    names = [SCORE, *(n for n in actionable(policy) if n in history)]
    history = history.reset_index(drop=True)
    known = history.assign(**{SCORE: health_scores(history, policy)[SCORE]})[history["arr"].notna()]
    parts = []
    for start, end in pairwise(dates):
        then = known[known["as_of"] == start].set_index("account_id")
        later = known[known["as_of"] == end].set_index("account_id").reindex(then.index)
        segments = [team_segment(float(arr), policy.segments) for arr in then["arr"]]
        for name in names:
            moved = pd.DataFrame(
                {
                    "account_id": then.index.astype(str),
                    "team_segment": segments,
                    "indicator": name,
                    "start_points": _points(then[name].astype(float), name, policy).to_numpy(),
                    "change": (later[name] - then[name]).astype(float).to_numpy()
                    * (1 if name == SCORE else better(name, policy)),
                }
            )
            parts.append(moved.dropna(subset=["start_points", "change"]))
    columns = ["account_id", "team_segment", "indicator", "start_points", "change"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def _points(values: pd.Series, name: str, policy: Policy) -> pd.Series:
    return values if name == SCORE else earned(values, name, policy)


@dataclass(frozen=True)
class _Moved:
    """The movements of one segment and input by rising start: who made each, how far, and where that account's last lies."""

    starts: Numbers
    accounts: Places
    changes: Numbers
    before: Places
    """Place of the same account's movement before this one in the order of starts; -1 where there is none."""

    def distinct(self, first: int, last: int) -> int:
        """How many accounts made the movements from one place to before another: each is counted at its first."""
        return int((self.before[first:last] < first).sum())


class Reach:
    """Movements by segment and input, sorted once, to be asked account by account."""

    def __init__(self, movements: pd.DataFrame, policy: Policy, days: int) -> None:
        self.policy = policy
        self.days = days
        codes, names = pd.factorize(movements["account_id"])
        self._code: Mapping[str, int] = {str(name): code for code, name in enumerate(names)}
        coded = movements.assign(account_id=codes)
        self._by: Mapping[tuple[str, str], _Moved] = {
            (str(s), str(i)): _sorted(rows) for (s, i), rows in coded.groupby(["team_segment", "indicator"], sort=False)
        }

    def offer(self, account: str, segment: str, indicator: str, value: float) -> Offer | Why:
        """How far this account could move the input, or why it is not offered."""
        if value != value:
            return "not_known"
        limits = self.policy.back_to_green
        own = float(earned(pd.Series([value]), indicator, self.policy).iloc[0])
        if own != own:
            return "not_known"
        if own >= FULL:
            return "nothing_to_gain"
        count, changes = self._similar(account, segment, indicator, own)
        if count < limits.least_similar:
            return "too_few_similar"
        # A movement that one of them really made, never one between two of theirs.
        furthest = float(np.quantile(changes, limits.percentile, method="lower"))
        sign = better(indicator, self.policy)
        bound = value + sign * furthest
        window = window_bound(indicator, value, self.days, self.policy)
        if window is not None:
            bound = sign * min(sign * bound, sign * window)
        return Offer(indicator, value, bound, count) if sign * (bound - value) > 0 else "no_further"

    def rose(self, account: str, segment: str, score: float, by: float) -> tuple[int, int]:
        """(accounts whose whole score once stood as near, those of them whose score then rose by at least this much)."""
        found = self._near(segment, SCORE, score)
        if found is None:
            return 0, 0
        moved, first, last = found
        who, own = moved.accounts[first:last], self._code.get(account, -1)
        rose = np.unique(who[moved.changes[first:last] >= by])
        return moved.distinct(first, last) - int((who == own).any()), len(rose) - int((rose == own).any())

    def _similar(self, account: str, segment: str, indicator: str, own: float) -> tuple[int, Numbers]:
        """(other accounts that once stood as near, every change that they then made)."""
        found = self._near(segment, indicator, own)
        if found is None:
            return 0, np.empty(0)
        moved, first, last = found
        others = moved.accounts[first:last] != self._code.get(account, -1)
        changes = moved.changes[first:last]
        if others.all():
            return moved.distinct(first, last), changes
        return moved.distinct(first, last) - 1, changes[others]

    def _near(self, segment: str, indicator: str, own: float) -> tuple[_Moved, int, int] | None:
        moved = self._by.get((segment, indicator))
        if moved is None:
            return None
        near = self.policy.back_to_green.similar_points
        first = int(np.searchsorted(moved.starts, own - near, side="left"))
        return moved, first, int(np.searchsorted(moved.starts, own + near, side="right"))


def _sorted(rows: pd.DataFrame) -> _Moved:
    order = np.argsort(rows["start_points"].to_numpy(dtype=float), kind="stable")
    accounts = rows["account_id"].to_numpy(dtype=np.intp)[order]
    # By account, and within one by place: each movement's neighbour to the left is the one before.
    by_account = np.argsort(accounts, kind="stable")
    same = np.append(False, np.diff(accounts[by_account]) == 0)
    before = np.full(len(accounts), -1, dtype=np.intp)
    before[by_account[same]] = by_account[np.flatnonzero(same) - 1]
    return _Moved(
        rows["start_points"].to_numpy(dtype=float)[order], accounts, rows["change"].to_numpy(dtype=float)[order], before
    )
