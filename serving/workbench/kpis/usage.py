"""What is known of the use of the product on a day, from the indicators of the last snapshot."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from serving.workbench.kpis.definition import NotDefined
from serving.workbench.kpis.merged import as_customers

INDICATORS = (
    "active_user_days_28d",
    "daily_active_users_28d",
    "active_users_7d",
    "active_users_28d",
    "core_adoption_28d",
    "feature_use_share_28d",
    "module_breadth_28d",
)
"""What is read of the feature table; null there means that it is not known of the account."""
SHARES = ("core_adoption_28d", "feature_use_share_28d", "module_breadth_28d")


def per_customer(usage: pd.DataFrame, merged: Mapping[str, str]) -> pd.DataFrame:
    """One row per customer and snapshot: people and days of merged accounts add up, of their shares the largest counts.

    Seats are the customer's, so each may be counted once only. What is not known of one of the accounts is not known of
    the customer.
    """
    own = as_customers(usage, merged)
    if not own.duplicated(["as_of", "account_id"]).any():
        return own
    by = own.groupby(["as_of", "account_id"])
    columns = list(INDICATORS)
    found = by[columns].sum()
    found[list(SHARES)] = by[list(SHARES)].max()
    return found.where(by[columns].count().eq(by.size(), axis=0)).reset_index()


def usage_on(usage: pd.DataFrame | None, day: pd.Timestamp, customers: pd.Index, seats: pd.Series) -> pd.DataFrame:
    """The indicators of the customers of a day, as known at the last snapshot on or before it, `seats` beside them.

    Raises NotDefined where there is no such snapshot within a week.
    """
    if usage is None or usage.empty:
        raise NotDefined("the project delivers no table usage_events")
    days = usage.loc[usage["as_of"] <= day, "as_of"]
    if days.empty or day - days.max() >= pd.Timedelta(weeks=1):
        raise NotDefined("there are no indicators of use for this day")
    rows = usage[(usage["as_of"] == days.max()) & usage["account_id"].isin(customers)]
    if rows[list(INDICATORS)].isna().all(axis=None):
        raise NotDefined("no use is known of for this day")
    return rows.assign(seats=rows["account_id"].map(seats).astype("float64"))
