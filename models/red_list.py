"""The red list: each week's riskiest share of the book, and how far two of them agree."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from models.bootstrap import Resampler
from models.draws import divided
from models.metrics import high_tier
from models.scorer import Array

Places = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def red_list(score: Array, rows: pd.DataFrame, *, share: float) -> pd.Series:
    """True for the rows (account_id, as_of) in the top share of their as_of; a tie at the cut stays out."""
    return high_tier(pd.Series(score, index=rows.index), rows["as_of"], share=share)


def agreement(one: pd.Series, other: pd.Series, rows: pd.DataFrame, resampler: Resampler) -> tuple[float | None, Array]:
    """(mean Jaccard of two lists over the same rows, week by week; the same for every draw of the accounts)."""
    a, b = one.to_numpy(dtype=bool), other.to_numpy(dtype=bool)
    week = pd.factorize(rows["as_of"], sort=True)[0].astype(np.int64)
    return _jaccard(week, resampler.account, a & b, a | b, resampler)


def week_to_week(listed: pd.Series, rows: pd.DataFrame, resampler: Resampler) -> tuple[float | None, Array]:
    """(mean Jaccard of each week's list with the next one's; the same for every draw of the accounts).

    Only accounts in the book in both weeks count: who has left is no change of mind.
    """
    dates, week = np.unique(pd.to_datetime(rows["as_of"]).to_numpy(), return_inverse=True)
    table = pd.DataFrame({"account": resampler.account, "week": week, "now": listed.to_numpy(dtype=bool)})
    later = table.assign(week=table["week"] - 1).rename(columns={"now": "next"})
    both = table.merge(later, on=["account", "week"])
    if len(dates) < 2 or both.empty:
        return None, np.full(resampler.multiplicity.shape[1], np.nan)
    now, then = both["now"].to_numpy(), both["next"].to_numpy()
    return _jaccard(both["week"].to_numpy(), both["account"].to_numpy(), now & then, now | then, resampler)


def _jaccard(
    week: Places, account: Places, shared: Flags, either: Flags, resampler: Resampler
) -> tuple[float | None, Array]:
    shape = (int(week.max()) + 1, len(resampler.multiplicity))
    inner, outer = np.zeros(shape), np.zeros(shape)
    np.add.at(inner, (week, account), shared.astype(float))
    np.add.at(outer, (week, account), either.astype(float))
    whole = divided(inner.sum(axis=1), outer.sum(axis=1))
    if np.isnan(whole).all():
        return None, np.full(resampler.multiplicity.shape[1], np.nan)
    drawn = divided(
        *(np.asarray(part.astype(np.float32) @ resampler.multiplicity, dtype=float) for part in (inner, outer))
    )
    seen = (~np.isnan(drawn)).sum(axis=0)
    return float(np.nanmean(whole)), divided(np.nansum(drawn, axis=0), seen)
