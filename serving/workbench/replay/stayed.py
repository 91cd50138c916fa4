"""How often accounts that stayed were flagged in look-backs like those of the lost: what a verdict is to be read beside."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd


@dataclass(frozen=True)
class Stayed:
    """Accounts that stayed and were seen in some look-back, and the share of them that was flagged in one; null without
    any. Each look-back weighs as many times as somebody was lost after it."""

    accounts: int
    flagged: float | None


def stayed(seen: pd.DataFrame, lost: Collection[str], days_lost: Iterable[date], *, days: int) -> Stayed:
    """`seen`: account_id, as_of, flagged of every snapshot; `lost` are the accounts that left at any time.

    `days_lost`: the day of each loss; its look-back are the `days` before it, in which one flag is enough.

    >>> seen = pd.DataFrame({"account_id": ["a", "a", "b"], "as_of": [date(2026, 5, 4), date(2026, 5, 11), date(2026, 5, 4)],
    ...     "flagged": [False, True, False]})
    >>> stayed(seen, {"c"}, [date(2026, 5, 18)], days=14), stayed(seen, {"a"}, [date(2026, 5, 11)], days=7)
    (Stayed(accounts=2, flagged=0.5), Stayed(accounts=1, flagged=0.0))
    """
    rows = seen[~seen["account_id"].isin(list(lost))]
    shares, names = [], set[str]()
    told: dict[date, float | None] = {}
    for day in days_lost:
        if day not in told:
            window = rows[(rows["as_of"] >= day - timedelta(days=days)) & (rows["as_of"] < day)]
            by_account = window.groupby("account_id")["flagged"].any()
            names |= set(by_account.index)
            told[day] = float(by_account.mean()) if len(by_account) else None
        shares.append(told[day])
    known = [share for share in shares if share is not None]
    return Stayed(len(names), sum(known) / len(known) if known else None)
