"""Do the indicators depend on the order of rows or on what an account is called?"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256

import pandas as pd

from proof.finding import Finding, judged
from proof.sameness import differences

CHECK = "order"
ASKS = "Rows were shuffled and every id was replaced by one without order: is each account's every value the same?"
CURE = (
    "Something counts rows, keeps the first of several, or reads an id. Ids often grow with time and gain a suffix on "
    "churn: order by a date that was known, never by an id or a row's place."
)


def renamed(text: str, *, salt: int = 0) -> str:
    """Another id for an id: one to one for all practical purposes, in no order.

    >>> sorted(["a1", "a2", "a3", "a4"], key=renamed)
    ['a4', 'a1', 'a2', 'a3']
    """
    return sha256(f"{salt}:{text}".encode()).hexdigest()[:20]


def order(before: pd.DataFrame, after: pd.DataFrame, names: Mapping[str, str]) -> Finding:
    """`after` was built from shuffled rows under new ids; `names` leads back from a new account id to the old one."""
    back = after.assign(account_id=after["account_id"].map(names))
    measured = {"rows": len(before), "columns": len(before.columns), "accounts": int(before["account_id"].nunique())}
    return judged(CHECK, ASKS, measured, differences(before, back), cure=CURE)
