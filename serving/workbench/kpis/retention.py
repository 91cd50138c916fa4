"""What was kept: GRR (M1), NRR (M2), logos and churn (M3), expansion (M5), win-backs (I12), the ARR itself (M15)."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.definition import Definition, NotDefined, Parts, ratio, total
from serving.workbench.kpis.moment import Moment

MONEY = (True, True)


def of_the_year(numerator: str) -> Parts:
    """Rows of who paid at the beginning of the year: the numerator by name, the denominator its ARR or 1.

    Only the life in force then counts: who left has left, and what a won-back customer pays is none of it (M2).
    """
    return lambda moment: _based(moment.year, numerator)


def of_the_month(numerator: str) -> Parts:
    """The same of the month before."""
    return lambda moment: _based(moment.month, numerator)


def _based(moved: pd.DataFrame, numerator: str) -> pd.DataFrame:
    base = moved[moved["start"] > 0]
    if base.empty:
        raise NotDefined("nobody was a customer at the beginning")
    left = base["end"] == 0
    ways = {
        "kept": base[["start", "end"]].min(axis=1),
        "kept_but_for_churn": base["start"] - base["churn"],
        "net": base["start"] - base["churn"] - base["contraction"] + base["expansion"],
        "net_but_for_contraction": base["start"] - base["churn"] + base["expansion"],
        "churn": base["churn"],
        "expansion": base["expansion"],
        "stayed": (~left).astype("int64"),
        "left": left.astype("int64"),
        "expanded": (base["expansion"] > 0).astype("int64"),
    }
    by_count = numerator in ("stayed", "left", "expanded")
    return pd.DataFrame(
        {
            "account_id": base["account_id"],
            "numerator": ways[numerator],
            "denominator": 1 if by_count else base["start"],
        }
    )


def won_back(moment: Moment, *, by_arr: bool) -> pd.DataFrame:
    """Customers lost in the year that ended `tasks.win_back_days` ago, and whether they came back within those days.

    The year lies so far back that each of them had all the days; ARR is what was lost, came back or not.
    """
    policy = moment.policy
    until = moment.day - pd.Timedelta(days=policy.tasks.win_back_days)
    since = until - pd.DateOffset(months=policy.metrics.months)
    if moment.ledger.begins is None or moment.ledger.begins > since:
        raise NotDefined(f"the subscriptions do not reach back to {since:%Y-%m-%d}")
    lives = moment.ledger.stints
    gone = lives[(lives["ended"] >= since) & (lives["ended"] < until)]
    if gone.empty:
        raise NotDefined("nobody left in the year looked back on")
    following = lives.groupby("account_id")["began"].shift(-1).reindex(gone.index)
    back = ((following - gone["ended"]).dt.days <= policy.tasks.win_back_days).astype("int64")
    last = moment.ledger.levels.set_index(["account_id", "until_day"])["cents"]
    lost = last.reindex(pd.MultiIndex.from_frame(gone[["account_id", "ended"]])).to_numpy()
    weight = pd.Series(lost if by_arr else 1, index=gone.index).astype("int64")
    return pd.DataFrame({"account_id": gone["account_id"], "numerator": back * weight, "denominator": weight})


def arr_now(moment: Moment) -> pd.DataFrame:
    """Each customer's ARR."""
    return moment.now.rename("numerator").reset_index()


def customers_now(moment: Moment) -> pd.DataFrame:
    """Each customer, once."""
    return moment.now.rename("numerator").reset_index().assign(numerator=1)


def net_new(moment: Moment) -> pd.DataFrame:
    """What each customer's ARR changed by in a month."""
    by = moment.month.groupby("account_id")[["start", "end"]].sum()
    return (by["end"] - by["start"]).rename("numerator").reset_index()


def _year(id_: str, name: str, title: str, formula: str, numerator: str, *, money: bool = True) -> Definition:
    return Definition(
        id_,
        name,
        title,
        "share",
        formula,
        of_the_year(numerator),
        ratio(),
        then=True,
        money=MONEY if money else (False,) * 2,
    )


DEFINITIONS = (
    _year(
        "M1",
        "grr",
        "Gross revenue retention",
        "Σ min(ARR now, ARR {months} months ago) ÷ Σ ARR {months} months ago, over who paid then; who left keeps nothing, come "
        "back or not",
        "kept",
    ),
    _year(
        "M1",
        "grr_churn_only",
        "GRR, only churn subtracted",
        "(ARR {months} months ago − ARR of who left) ÷ ARR {months} months ago",
        "kept_but_for_churn",
    ),
    _year(
        "M2",
        "nrr",
        "Net revenue retention",
        "(start − churn − contraction + expansion) ÷ start over {months} months; new and won-back customers never count",
        "net",
    ),
    _year(
        "M2",
        "nrr_churn_only",
        "NRR, contraction not subtracted",
        "(start − churn + expansion) ÷ start over {months} months",
        "net_but_for_contraction",
    ),
    _year(
        "M3",
        "logo_retention",
        "Logo retention",
        "customers of {months} months ago who stayed ÷ customers of {months} months ago",
        "stayed",
        money=False,
    ),
    _year(
        "M3",
        "logo_churn",
        "Churn of customers, a year",
        "customers of {months} months ago who left, come back or not ÷ customers of {months} months ago",
        "left",
        money=False,
    ),
    _year(
        "M3",
        "arr_churn",
        "Churn of ARR, a year",
        "ARR {months} months ago of who left ÷ ARR {months} months ago",
        "churn",
    ),
    Definition(
        "M3",
        "logo_churn_month",
        "Churn of customers, a month",
        "share",
        "customers of a month ago who left ÷ customers of a month ago",
        of_the_month("left"),
        ratio(),
    ),
    Definition(
        "M3",
        "arr_churn_month",
        "Churn of ARR, a month",
        "share",
        "ARR a month ago of who left since ÷ ARR a month ago",
        of_the_month("churn"),
        ratio(),
        money=MONEY,
    ),
    _year(
        "M5",
        "expansion_rate",
        "Expansion",
        "ARR that customers of {months} months ago added ÷ their ARR then",
        "expansion",
    ),
    _year(
        "M7",
        "upsell_conversion",
        "Upsell conversion",
        "customers of {months} months ago who pay more now ÷ customers of {months} months ago",
        "expanded",
        money=False,
    ),
    Definition(
        "I12",
        "win_back_rate",
        "Win-backs, by customers",
        "share",
        "who came back within {win_back_days} days ÷ who left, in the {months} months that ended {win_back_days} days ago",
        lambda moment: won_back(moment, by_arr=False),
        ratio(),
    ),
    Definition(
        "I12",
        "win_back_rate_arr",
        "Win-backs, by ARR",
        "share",
        "the same by the ARR that was lost",
        lambda moment: won_back(moment, by_arr=True),
        ratio(),
        money=MONEY,
    ),
    Definition("M15", "arr", "ARR", "money", "Σ ARR of the terms in force", arr_now, total, money=(True, False)),
    Definition("M15", "customers", "Customers", "count", "customers whose ARR is above 0", customers_now, total),
    Definition(
        "M15",
        "net_new_arr",
        "Net new ARR, a month",
        "money",
        "ARR now − ARR a month ago",
        net_new,
        total,
        money=(True, False),
    ),
)
