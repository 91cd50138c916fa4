"""Why a retention moved: each customer's share of it, before and now; the shares add up to the whole change."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.moment import Moment
from serving.workbench.kpis.targets import leading

MOVED = ["account_id", "start", "end", "lost", "kind", "points", "points_before", "change"]


def grr_moved(now: Moment, before: Moment) -> pd.DataFrame:
    """One row per customer that costs GRR now or did before, the largest change first; cents, and points of GRR.

    GRR is the reading that leads: where that subtracts churn alone, contraction costs nothing. `points` is −100 × what it
    lost ÷ Σ ARR at the beginning of the year now looked back on, `points_before` the same of the earlier moment; `change`
    is the difference. Their sums are GRR − 100, GRR before − 100, and the change of GRR in points. `kind`: churn,
    contraction; of what costs nothing any more `recovered` where the customer pays again what it paid, else `out of the
    year`. `start` and `end` are of the year in which it lost; of who recovered or fell out, `end` is what it pays now.
    Raises NotDefined as GRR does.
    """
    here, there = _lost(now), _lost(before)
    both = here.join(there[["start", "points"]].add_suffix("_before"), how="outer")
    pays = now.now.reindex(both.index).fillna(0)
    over = both["kind"].isna()
    again = (pays > 0) & (pays >= both["start_before"])
    points = both[["points", "points_before"]].fillna(0.0)
    found = both.assign(
        start=both["start"].fillna(both["start_before"]).astype("int64"),
        end=both["end"].fillna(pays).astype("int64"),
        lost=both["lost"].fillna(0).astype("int64"),
        kind=both["kind"].mask(over, again.map({True: "recovered", False: "out of the year"}).astype("object")),
        **points,
        change=points["points"] - points["points_before"],
    )
    found = found.rename_axis("account_id").reset_index()[MOVED]
    size = found["change"].abs()
    return found.assign(size=size).sort_values(["size", "account_id"], ascending=[False, True], ignore_index=True)[
        MOVED
    ]


def _lost(moment: Moment) -> pd.DataFrame:
    base = moment.year[moment.year["start"] > 0].set_index("account_id")
    lost = base["churn"]
    if leading(moment.policy)["M1"] == "grr":
        lost = lost + base["contraction"]
    found = base.assign(
        lost=lost,
        kind=base["churn"].gt(0).map({True: "churn", False: "contraction"}),
        points=-100.0 * lost / base["start"].sum(),
    )
    return found.loc[lost > 0, ["start", "end", "lost", "kind", "points"]]
