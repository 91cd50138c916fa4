"""Why a retention moved: each customer's share of it, before and now; the shares add up to the whole change."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.moment import Moment

MOVED = ["account_id", "start", "end", "lost", "kind", "points", "points_before", "change"]


def grr_moved(now: Moment, before: Moment) -> pd.DataFrame:
    """One row per customer that costs GRR now or did before, the largest change first; cents, and points of GRR.

    `points` is −100 × what it lost ÷ Σ ARR at the beginning of the year now looked back on, `points_before` the same of
    the earlier moment; `change` is the difference. Their sums are GRR − 100, GRR before − 100, and the change of GRR in
    points. `kind`: churn, contraction, or recovered where it costs nothing any more. Raises NotDefined as GRR does.
    """
    here, there = _lost(now.year), _lost(before.year)
    both = here.join(there["points"].rename("points_before"), how="outer")
    points = both[["points", "points_before"]].fillna(0.0)
    amounts = both[["start", "end", "lost"]].fillna(0).astype("int64")
    found = amounts.assign(
        kind=both["kind"].fillna("recovered"), **points, change=points["points"] - points["points_before"]
    )
    found = found.rename_axis("account_id").reset_index()[MOVED]
    size = found["change"].abs()
    return found.assign(size=size).sort_values(["size", "account_id"], ascending=[False, True], ignore_index=True)[
        MOVED
    ]


def _lost(year: pd.DataFrame) -> pd.DataFrame:
    base = year[year["start"] > 0].set_index("account_id")
    lost = base["churn"] + base["contraction"]
    found = base.assign(
        lost=lost,
        kind=base["churn"].gt(0).map({True: "churn", False: "contraction"}),
        points=-100.0 * lost / base["start"].sum(),
    )
    return found.loc[lost > 0, ["start", "end", "lost", "kind", "points"]]
