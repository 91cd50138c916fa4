"""The book of business (M12): who looks after how many customers and how much ARR."""

from __future__ import annotations

import pandas as pd

from policy.segments import row_of
from serving.workbench.kpis.definition import SLICE, Definition, with_reason
from serving.workbench.kpis.moment import Moment
from serving.workbench.kpis.slices import NOBODY

BOOK = ["owner_id", "customers", "arr", "load", "met"]


def owned(moment: Moment) -> pd.DataFrame:
    """Each customer with its owner and cents; who has none is `nobody`."""
    owners = moment.known.accounts.drop_duplicates("account_id").set_index("account_id")["owner_id"]
    found = moment.now.rename("cents").reset_index()
    return found.assign(owner=found["account_id"].map(owners).astype("string").fillna(NOBODY))


def per_owner(rows: pd.DataFrame) -> pd.DataFrame:
    """Σ `weight` of owned customers ÷ owners; null where all of them belong to nobody. n counts the owned customers."""
    has = rows["owner"] != NOBODY
    own = rows.assign(owned=has.astype("int64"), weight=rows["weight"].where(has, 0), owner=rows["owner"].where(has))
    found = own.groupby(SLICE).agg(n=("owned", "sum"), numerator=("weight", "sum"), denominator=("owner", "nunique"))
    value = found["numerator"] / found["denominator"].where(found["denominator"] > 0)
    return with_reason(found.assign(value=value), "none of them has an owner")


def books(moment: Moment) -> pd.DataFrame:
    """One row per owner, `nobody` among them: customers, ARR in cents, `load`, and whether it fits one person.

    A customer weighs 1 ÷ the accounts one CSM can hold of its kind (S4), so a load of 1 is a full book; `nobody` has none.
    """
    rows = owned(moment)
    weight = [1 / row_of(cents / 100, moment.policy.segments).accounts_per_csm for cents in rows["cents"]]
    found = (
        rows.assign(weight=pd.Series(weight, index=rows.index, dtype="float64"))
        .groupby("owner", as_index=False)
        .agg(customers=("account_id", "size"), arr=("cents", "sum"), load=("weight", "sum"))
    )
    found["load"] = found["load"].mask(found["owner"] == NOBODY)
    found["met"] = (found["load"] <= 1).astype("boolean").mask(found["load"].isna())
    return found.rename(columns={"owner": "owner_id"})[BOOK]


DEFINITIONS = (
    Definition(
        "M12",
        "customers_per_csm",
        "Customers per CSM",
        "customers per CSM",
        "customers with an owner ÷ owners",
        lambda moment: owned(moment).assign(weight=1),
        per_owner,
    ),
    Definition(
        "M12",
        "arr_per_csm",
        "ARR per CSM",
        "money",
        "ARR of customers with an owner ÷ owners",
        lambda moment: owned(moment).assign(weight=lambda rows: rows["cents"]),
        per_owner,
        money=(True, False),
    ),
)
