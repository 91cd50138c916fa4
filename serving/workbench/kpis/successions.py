"""Which term went on in which, and with how much (M17)."""

from __future__ import annotations

import pandas as pd

TERM = ["account_id", "subscription_id", "product", "starts", "over", "cents", "leaving"]
OWN, NEXT = "subscription_id", "subscription_id_next"


def successions(terms: pd.DataFrame, lapse_days: int) -> pd.DataFrame:
    """One row per term and successor: subscription_id, subscription_id_next, and `share`, its part of the later one's cents.

    A successor starts within `lapse_days` of the end, before it only with the same product and where nobody decided to
    leave, and runs on after it. A term of the same product comes before one of another, a term that nobody left before
    one that was left, and of those that remain each takes the nearest. What several terms went on in is shared among
    them by their ARR: a merger of contracts renews no more than it is worth. Free terms are none.
    """
    pairs = _near(terms.loc[terms["cents"] > 0, TERM], lapse_days)
    other, after = pairs["product"] != pairs["product_next"], pairs["starts_next"] >= pairs["over"]
    pairs = pairs.assign(other=other, away=(pairs["starts_next"] - pairs["over"]).dt.days.abs())[
        (pairs[OWN] != pairs[NEXT])
        & (pairs["starts_next"] > pairs["starts"])
        & (pairs["over_next"] > pairs["over"])
        & (after | ~(other | pairs["leaving"]))
    ]
    for claim, whose in (("other", NEXT), ("other", OWN), ("leaving", NEXT)):
        pairs = pairs[pairs[claim] == pairs.groupby(whose)[claim].transform("min")]
    nearest = [pairs["away"] == pairs.groupby(whose)["away"].transform("min") for whose in (OWN, NEXT)]
    pairs = pairs[nearest[0] | nearest[1]].sort_values([NEXT, OWN], ignore_index=True)
    by = pairs.groupby(NEXT)["cents"]
    # Whole cents by weight that add up; as Python's numbers, for cents times cents may be more than 64 bits hold.
    whole, upto, own, cents = (
        values.astype(object) for values in (by.transform("sum"), by.cumsum(), pairs["cents"], pairs["cents_next"])
    )
    share = cents * upto // whole - cents * (upto - own) // whole
    return pairs[[OWN, NEXT]].assign(share=share.astype("int64"))


def _near(terms: pd.DataFrame, lapse_days: int) -> pd.DataFrame:
    """Every two terms of a customer of which one starts at most `lapse_days` before or after the other is over."""
    width, epoch = lapse_days + 1, pd.Timestamp(0)
    place = (terms["over"] - epoch).dt.days // width
    # Terms meet in slots of that width: a customer with a hundred monthly terms is not held against itself term by term.
    ended = pd.concat([terms.assign(slot=place + step) for step in (-1, 0, 1)])
    begun = terms.assign(slot=(terms["starts"] - epoch).dt.days // width)
    found = ended.merge(begun, on=["account_id", "slot"], suffixes=("", "_next"))
    return found[(found["starts_next"] - found["over"]).dt.days.abs() <= lapse_days].reset_index(drop=True)
