"""How the product is used (M8, H5–H9): people active by day, week and month, how often, and what of it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from serving.workbench.kpis.definition import Definition, Unit, ratio, total
from serving.workbench.kpis.moment import Moment


def of_use(numerator: str, denominator: str | None, *, any_of_it: bool = False) -> Callable[[Moment], pd.DataFrame]:
    """Rows of two columns of the use; a denominator of none is 1, rows without either are left out."""

    def parts(moment: Moment) -> pd.DataFrame:
        rows = moment.usage
        above = rows[numerator].astype("float64")
        below = pd.Series(1.0, index=rows.index) if denominator is None else rows[denominator].astype("float64")
        above = (above > 0).where(above.notna()).astype("float64") if any_of_it else above
        found = pd.DataFrame({"account_id": rows["account_id"], "numerator": above, "denominator": below})
        return found[found["numerator"].notna() & found["denominator"].notna() & (found["denominator"] > 0)]

    return parts


def _sum(name: str, title: str, formula: str, column: str) -> Definition:
    return Definition("M8", name, title, "count", formula, of_use(column, None), total)


def _share(
    name: str, title: str, formula: str, above: str, below: str | None, *, unit: Unit = "share", any_of_it: bool = False
) -> Definition:
    return Definition("M8", name, title, unit, formula, of_use(above, below, any_of_it=any_of_it), ratio())


DEFINITIONS = (
    _share(
        "product_adoption",
        "Product adoption",
        "customers who adopted a core feature ({adopted_users} people on {adopted_days} days of 28) ÷ customers with use known",
        "core_adoption_28d",
        None,
        any_of_it=True,
    ),
    _share(
        "feature_adoption",
        "Feature adoption",
        "mean share of the features paid for that were used in 28 days",
        "feature_use_share_28d",
        None,
    ),
    _share(
        "module_breadth",
        "Modules used",
        "mean share of the modules paid for that were used in 28 days",
        "module_breadth_28d",
        None,
    ),
    _sum(
        "dau", "Daily active users", "people active on a day, mean of 28 days, all customers", "daily_active_users_28d"
    ),
    _sum("wau", "Weekly active users", "distinct people active in 7 days, all customers", "active_users_7d"),
    _sum("mau", "Monthly active users", "distinct people active in 28 days, all customers", "active_users_28d"),
    _share(
        "stickiness",
        "DAU ÷ MAU",
        "daily active users ÷ monthly active users",
        "daily_active_users_28d",
        "active_users_28d",
    ),
    _share(
        "login_frequency",
        "Login frequency",
        "active days of people in 28 days ÷ paid seats",
        "active_user_days_28d",
        "seats",
        unit="days per seat",
    ),
    _share("seat_utilisation", "Seats in use", "people active in 28 days ÷ paid seats", "active_users_28d", "seats"),
)
