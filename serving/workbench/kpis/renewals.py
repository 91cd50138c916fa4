"""Renewal rate (M17): of the terms that came to their end, how many and how much of them went on."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.definition import Definition, NotDefined, ratio
from serving.workbench.kpis.moment import Moment


def came_up(moment: Moment) -> pd.DataFrame:
    """Terms that ended in the months looked back on, with `renewed` and `renewed_cents`.

    A term is renewed by a later one of the same product that runs on after its end, or starts within `label.lapse_days`
    of it; where there is none, by one of another product that starts on those days. At most the term's own ARR counts.
    A term without a decision whose days to come back are not over yet is not judged.
    """
    lapse = pd.Timedelta(days=moment.policy.label.lapse_days)
    terms = moment.ledger.terms
    ended = terms[(terms["over"] >= moment.year_start) & (terms["over"] < moment.day)]
    pairs = ended.merge(terms, on="account_id", suffixes=("", "_next"))
    pairs = pairs[pairs["subscription_id"] != pairs["subscription_id_next"]]
    goes_on = (pairs["over_next"] > pairs["over"]) & (pairs["starts_next"] <= pairs["over"] + lapse)
    same = (pairs["product"] == pairs["product_next"]) & (pairs["starts_next"] > pairs["starts"])
    instead = (pairs["product"] != pairs["product_next"]) & (pairs["starts_next"] >= pairs["over"])
    following = pairs[goes_on & (same | instead)].assign(other=~same)
    best = following.sort_values(["other", "starts_next", "subscription_id_next"]).drop_duplicates("subscription_id")
    cents = best.set_index("subscription_id")["cents_next"].reindex(ended["subscription_id"])
    found = ended.assign(renewed=cents.notna().to_numpy(), next_cents=cents.fillna(0).astype("int64").to_numpy())
    found["renewed_cents"] = found[["cents", "next_cents"]].min(axis=1)
    open_ = ~found["renewed"] & ~found["leaving"] & (found["over"] + lapse >= moment.day)
    return found[~open_]


def renewed(moment: Moment, *, by_arr: bool) -> pd.DataFrame:
    """The terms as numerator and denominator."""
    begins = moment.ledger.begins
    if begins is None or begins > moment.year_start:
        raise NotDefined(f"the subscriptions do not reach back {moment.policy.metrics.months} months")
    terms = came_up(moment)
    if terms.empty:
        raise NotDefined("no term came to its end")
    if by_arr:
        return terms[["account_id"]].assign(numerator=terms["renewed_cents"], denominator=terms["cents"])
    return terms[["account_id"]].assign(numerator=terms["renewed"].astype("int64"), denominator=1)


DEFINITIONS = (
    Definition(
        "M17",
        "renewal_rate",
        "Renewal rate, by terms",
        "share",
        "terms that went on ÷ terms that ended in {months} months; a lapse of {lapse_days} days is none",
        lambda moment: renewed(moment, by_arr=False),
        ratio(),
        then=True,
    ),
    Definition(
        "M17",
        "renewal_rate_arr",
        "Renewal rate, by ARR",
        "share",
        "ARR renewed, at most that of the term ÷ ARR of the terms that ended in {months} months",
        lambda moment: renewed(moment, by_arr=True),
        ratio(),
        then=True,
        money=(True, True),
    ),
)
