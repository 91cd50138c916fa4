"""What a customer is worth (M6), and who has several products (M7)."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.definition import SLICE, Definition, Fold, ratio, with_reason
from serving.workbench.kpis.moment import Moment


def worth(moment: Moment) -> pd.DataFrame:
    """Per customer: cents now, whether it pays now, paid a year ago, and left since; the margin."""
    moved = moment.year
    then, now = moved["start"] > 0, moved["end"] > 0
    return pd.DataFrame(
        {
            "account_id": moved["account_id"],
            "cents": moved["end"],
            "now": now.astype("int64"),
            "then": then.astype("int64"),
            "left": (then & ~now).astype("int64"),
            "margin": moment.policy.metrics.gross_margin,
        }
    )


def lifetime_value(*, with_margin: bool) -> Fold:
    """ARPA (× gross margin) ÷ annual churn of customers; null where nobody left, for then it has no end."""

    def fold(rows: pd.DataFrame) -> pd.DataFrame:
        found = rows.groupby(SLICE).agg(
            cents=("cents", "sum"),
            n=("now", "sum"),
            then=("then", "sum"),
            left=("left", "sum"),
            margin=("margin", "first"),
        )
        arpa = found["cents"] / found["n"].where(found["n"] > 0)
        churn = found["left"] / found["then"].where(found["then"] > 0)
        worth_of = arpa * found["margin"] if with_margin else arpa
        value = worth_of / churn.where(churn > 0)
        figures = pd.DataFrame({"value": value, "n": found["n"], "numerator": worth_of, "denominator": churn})
        told = with_reason(figures, "nobody of them left, so that a lifetime has no end")
        for missing, why in (
            ("then", "nobody of them was a customer at the beginning"),
            ("n", "nobody of them is left"),
        ):
            told["reason"] = told["reason"].mask(found[missing] == 0, why)
        return told

    return fold


def several_products(moment: Moment) -> pd.DataFrame:
    """Customers with at least `metrics.cross_sell_products` products in force; terms without a name are one product."""
    products = moment.in_force.groupby("account_id")["product"].nunique().reindex(moment.now.index).fillna(0)
    enough = (products >= moment.policy.metrics.cross_sell_products).astype("int64")
    return pd.DataFrame({"account_id": products.index, "numerator": enough.to_numpy(), "denominator": 1})


DEFINITIONS = (
    Definition(
        "M6",
        "ltv_margin",
        "Lifetime value, with margin",
        "money",
        "ARR per customer × gross margin of {gross_margin:.0%} ÷ annual churn of customers",
        worth,
        lifetime_value(with_margin=True),
        money=(True, False),
    ),
    Definition(
        "M6",
        "ltv_revenue",
        "Lifetime value, revenue",
        "money",
        "ARR per customer ÷ annual churn of customers: the revenue of a mean lifetime",
        worth,
        lifetime_value(with_margin=False),
        money=(True, False),
    ),
    Definition(
        "M7",
        "cross_sell_attach",
        "Cross-sell attach rate",
        "share",
        "customers with {cross_sell_products} products or more ÷ customers",
        several_products,
        ratio(),
    ),
)
