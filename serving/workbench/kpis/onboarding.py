"""How customers begin: activation rate (M16, O4), time to value (O5)."""

from __future__ import annotations

from typing import Literal

import pandas as pd

from policy.journey import is_active
from serving.workbench.kpis.definition import Definition, NotDefined, ratio
from serving.workbench.kpis.moment import Moment
from serving.workbench.kpis.survival import median

Beginning = Literal["contract_start", "signup"]


def begun(moment: Moment) -> pd.Series:
    """Customer → first start, of those who started in the months looked back on and whom `milestones` can speak about."""
    moment.table("milestones")
    first = moment.ledger.first_starts()
    first = first[(first >= moment.year_start) & (first < moment.day)]
    whom = moment.known.covered.get("milestones")
    first = first if whom is None else first[first.index.isin(list(whom))]
    if first.empty:
        raise NotDefined(f"nobody started in the {moment.policy.metrics.months} months before this day")
    return first


def activated(moment: Moment) -> pd.DataFrame:
    """Whether each of them reached enough key actions in time (O3); only those whose last day for it is over."""
    rules = moment.policy.indicators
    first = begun(moment)
    first = first[first + pd.Timedelta(days=rules.activation_by_day) < moment.day]
    if first.empty:
        raise NotDefined(f"nobody's day {rules.activation_by_day} is over yet")
    reached = _reached(moment, "key_action")
    if reached.empty:
        raise NotDefined("no key action is recorded before this day")
    days = (reached["reached_at"].dt.normalize() - reached["account_id"].map(first)).dt.days
    by_account = days.dropna().groupby(reached["account_id"]).agg(list)
    active = [
        is_active(by_account.get(account, []), key_actions=rules.activation_key_actions, by_day=rules.activation_by_day)
        for account in first.index
    ]
    return pd.DataFrame(
        {"account_id": first.index, "numerator": pd.Series(active, dtype="int64").to_numpy(), "denominator": 1}
    )


def time_to_value(moment: Moment, since: Beginning) -> pd.DataFrame:
    """`value` days from the start of the contract, or from sign-up, to the first value; waiting ones until now or churn."""
    first = begun(moment)
    start = first
    if since == "signup":
        signed = moment.known.accounts.set_index("account_id")["created_on"].reindex(first.index)
        start = signed.dropna()
        if start.empty:
            raise NotDefined("no day of sign-up is known")
    recorded = _reached(moment, "first_value")
    if recorded.empty:
        raise NotDefined("no first value is recorded before this day")
    reached = recorded.groupby("account_id")["reached_at"].min().dt.normalize()
    reached = reached.reindex(start.index)
    ended = moment.ledger.stints.drop_duplicates("account_id").set_index("account_id")["ended"].reindex(start.index)
    until = reached.fillna(ended.where(ended < moment.day, moment.day))
    days = (until - start).dt.days.clip(lower=0)
    return pd.DataFrame(
        {
            "account_id": start.index,
            "days": days.to_numpy(),
            "value": days.astype("float64").to_numpy(),
            "observed": reached.notna().to_numpy(),
        }
    )


def _reached(moment: Moment, kind: str) -> pd.DataFrame:
    rows = moment.table("milestones")
    return rows[(rows["kind"] == kind) & (rows["reached_at"] < moment.day)]


DEFINITIONS = (
    Definition(
        "M16",
        "activation_rate",
        "Activation rate",
        "share",
        "customers with {activation_key_actions} key actions by day {activation_by_day} ÷ customers who started in the "
        "last {months} months and are past that day",
        activated,
        ratio(),
    ),
    Definition(
        "O5",
        "time_to_value_contract",
        "Time to value, from the contract",
        "days",
        "Kaplan–Meier median of the days from the first start to the first value, of who started in the last {months} "
        "months",
        lambda moment: time_to_value(moment, "contract_start"),
        median,
        heavy=True,
    ),
    Definition(
        "O5",
        "time_to_value_signup",
        "Time to value, from sign-up",
        "days",
        "the same from the day the account was created",
        lambda moment: time_to_value(moment, "signup"),
        median,
        heavy=True,
    ),
)
