"""Which customer an account belongs to: itself, or the one it was merged into."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from policy.errors import ContractStop


def customer_of(accounts: pd.DataFrame, subscriptions: pd.DataFrame, as_of: pd.Timestamp) -> Mapping[str, str]:
    """Merged account → the customer it ended up in; an account that is not named is a customer of its own.

    Two accounts that merged are one customer through all months, so a merger by itself is neither churn nor expansion.
    It counts once it is known: an `acquired` decision about the account was, or its last known term is over. Raises
    ContractStop where mergers go in a circle.

    >>> accounts = pd.DataFrame({"account_id": ["a", "b", "c"], "merged_into": ["b", "c", None]})
    >>> terms = {"account_id": ["a", "b"], "ends_on": pd.to_datetime(["2026-01-01", "2026-02-01"]), "decision_kind": None}
    >>> dict(customer_of(accounts, pd.DataFrame(terms), pd.Timestamp("2026-01-15")))
    {'a': 'b'}
    >>> dict(customer_of(accounts, pd.DataFrame(terms), pd.Timestamp("2026-03-01")))
    {'a': 'c', 'b': 'c'}
    """
    told = accounts.loc[accounts["merged_into"].notna(), ["account_id", "merged_into"]].astype(str)
    acquired = set(subscriptions.loc[subscriptions["decision_kind"].eq("acquired").fillna(False), "account_id"])
    running = set(subscriptions.loc[subscriptions["ends_on"] > as_of, "account_id"])
    known = {a: into for a, into in told.itertuples(index=False) if a in acquired or a not in running}
    return {account: _last(account, known) for account in known}


def _last(account: str, into: Mapping[str, str]) -> str:
    seen = [account]
    while seen[-1] in into:
        following = into[seen[-1]]
        if following in seen:
            raise ContractStop(
                f"the mergers go in a circle: {' → '.join([*seen, following])}.",
                where="accounts.merged_into",
                cure="Leave merged_into empty for the account that remains.",
            )
        seen.append(following)
    return seen[-1]


def as_customers(frame: pd.DataFrame, merged: Mapping[str, str]) -> pd.DataFrame:
    """The frame with the account_id of the customer in place of a merged account's."""
    own = frame["account_id"].astype("string")
    # Looked up, not replaced: replacing takes rows times mergers.
    return frame.assign(account_id=own.map(merged).astype("string").fillna(own) if merged else own)
