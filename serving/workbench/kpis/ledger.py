"""The ledger: what each customer pays on any day, in whole cents of ARR."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import pandas as pd

from serving.workbench.kpis.merged import as_customers, customer_of


@dataclass(frozen=True)
class Ledger:
    """Terms and what they come to, as known before `as_of`.

    `terms`: one row a term (account_id, subscription_id, product, starts, over, ends, cents, seats, leaving), in force
    on [starts, over); `ends` is what was agreed. `levels`: what a customer pays on [from_day, until_day), never 0. `stints`: a customer's lives,
    (account_id, began, ended, before): `ended` may lie ahead, `before` is the end of the life before, NaT for the first.
    `merged`: merged account → customer.
    """

    as_of: pd.Timestamp
    terms: pd.DataFrame
    levels: pd.DataFrame
    stints: pd.DataFrame
    merged: Mapping[str, str] = field(default_factory=dict)

    @property
    def begins(self) -> pd.Timestamp | None:
        """The first day of the first known term; null where there is none."""
        return pd.Timestamp(self.terms["starts"].min()) if len(self.terms) else None

    def on(self, day: pd.Timestamp) -> pd.Series:
        """Customer → cents of ARR in force on the morning of a day; who pays nothing is not in it."""
        held = self.levels[(self.levels["from_day"] <= day) & (day < self.levels["until_day"])]
        return held.set_index("account_id")["cents"].sort_index()

    def first_starts(self) -> pd.Series:
        """Customer → the day its first life began."""
        return self.stints.groupby("account_id")["began"].min()


def ledger_of(
    subscriptions: pd.DataFrame,
    accounts: pd.DataFrame,
    as_of: pd.Timestamp,
    *,
    loss_kinds: Collection[str],
    lapse_days: int,
) -> Ledger:
    """The ledger of `subscriptions` and `accounts` as known before as_of.

    A term that is left ends on `effective_on`, whatever day that was decided on; without one, on `ends_on`. A
    contraction ends its term early where another term of the account begins that day. Where a customer pays nothing for
    at most `lapse_days` and then goes on, it never lapsed: the days between count as before (L3). Terms side by side add
    up. A term of ARR 0 makes nobody a customer, and neither begins nor ends a lapse.
    """
    merged = customer_of(accounts, subscriptions, as_of)
    terms = _terms(as_customers(subscriptions, merged), loss_kinds)
    levels = _levels(terms, lapse_days)
    return Ledger(as_of, terms, levels, _stints(levels), merged)


def _terms(subscriptions: pd.DataFrame, loss_kinds: Collection[str]) -> pd.DataFrame:
    kind, effective = subscriptions["decision_kind"], subscriptions["effective_on"]
    leaving = subscriptions["decision_at"].notna() & (kind.isna() | kind.isin(list(loss_kinds)))
    followed = pd.MultiIndex.from_frame(subscriptions[["account_id", "starts_on"]])
    at_once = pd.MultiIndex.from_arrays([subscriptions["account_id"], effective]).isin(followed)
    cut = effective.notna() & (leaving | (kind.eq("contraction").fillna(False) & at_once))
    found = pd.DataFrame(
        {
            "account_id": subscriptions["account_id"].astype("string"),
            "subscription_id": subscriptions["subscription_id"].astype("string"),
            "product": subscriptions["product"].astype("string").fillna(""),
            "starts": subscriptions["starts_on"],
            "over": subscriptions["ends_on"].mask(cut.astype(bool), effective),
            "ends": subscriptions["ends_on"],
            "cents": (subscriptions["arr"] * 100).round().astype("int64"),
            "seats": subscriptions["seats"].astype("Int64"),
            "leaving": leaving.astype(bool),
        }
    )
    return found[found["over"] > found["starts"]].reset_index(drop=True)


def _levels(terms: pd.DataFrame, lapse_days: int) -> pd.DataFrame:
    terms = terms[terms["cents"] > 0]
    begun = terms[["account_id", "starts", "cents"]].set_axis(["account_id", "from_day", "cents"], axis=1)
    over = terms[["account_id", "over", "cents"]].set_axis(["account_id", "from_day", "cents"], axis=1)
    moves = pd.concat([begun, over.assign(cents=-over["cents"])]).groupby(["account_id", "from_day"], as_index=False)
    steps = pd.DataFrame(moves["cents"].sum()).sort_values(["account_id", "from_day"], ignore_index=True)
    by = steps.groupby("account_id")
    steps["until_day"] = by["from_day"].shift(-1)
    steps["cents"] = by["cents"].cumsum()
    before = by["cents"].shift(1)
    # A step of nothing lies between two that pay: one event alone brings a customer back.
    lapse = (steps["cents"] == 0) & ((steps["until_day"] - steps["from_day"]).dt.days <= lapse_days) & before.notna()
    steps["cents"] = steps["cents"].mask(lapse, before).astype("int64")
    return steps.loc[steps["cents"] > 0, ["account_id", "from_day", "until_day", "cents"]].reset_index(drop=True)


def _stints(levels: pd.DataFrame) -> pd.DataFrame:
    ordered = levels.sort_values(["account_id", "from_day"], ignore_index=True)
    before = ordered.groupby("account_id")["until_day"].shift(1)
    fresh = (before != ordered["from_day"]).cumsum().rename("stint")
    found = ordered.groupby(["account_id", fresh], as_index=False).agg(
        began=("from_day", "min"), ended=("until_day", "max")
    )
    return found.assign(before=found.groupby("account_id")["ended"].shift(1))[
        ["account_id", "began", "ended", "before"]
    ]
