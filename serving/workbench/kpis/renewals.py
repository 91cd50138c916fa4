"""Renewal rate (M17): of the terms that came to their end, how many and how much of them went on."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.definition import Definition, NotDefined, ratio
from serving.workbench.kpis.moment import Moment


def came_up(moment: Moment) -> pd.DataFrame:
    """Terms that ended in the months looked back on, with `short`, `renewed` and `renewed_cents`.

    At most the term's own ARR counts. A term without a decision whose days to come back are not over yet is not judged,
    and a free one never is. `short`: agreed for less than `metrics.renewal_least_days`.
    """
    lapse = pd.Timedelta(days=moment.policy.label.lapse_days)
    terms = moment.ledger.terms[moment.ledger.terms["cents"] > 0]
    ended = terms[(terms["over"] >= moment.year_start) & (terms["over"] < moment.day)]
    went_on = moment.known.went_on.reindex(ended["subscription_id"])
    found = ended.assign(
        short=(ended["ends"] - ended["starts"]).dt.days < moment.policy.metrics.renewal_least_days,
        renewed=went_on.notna().to_numpy(),
        next_cents=went_on.fillna(0).astype("int64").to_numpy(),
    )
    found["renewed_cents"] = found[["cents", "next_cents"]].min(axis=1)
    open_ = ~found["renewed"] & ~found["leaving"] & (found["over"] + lapse >= moment.day)
    return found[~open_]


def renewed(moment: Moment, *, by_arr: bool, short: bool) -> pd.DataFrame:
    """The terms, long or short, as numerator and denominator."""
    begins = moment.ledger.begins
    if begins is None or begins > moment.year_start:
        raise NotDefined(f"the subscriptions do not reach back {moment.policy.metrics.months} months")
    terms = came_up(moment)
    terms = terms[terms["short"] == short]
    if terms.empty:
        least = moment.policy.metrics.renewal_least_days
        raise NotDefined(
            f"no term of {f'less than {least} days' if short else f'{least} days or more'} came to its end"
        )
    if by_arr:
        return terms[["account_id"]].assign(numerator=terms["renewed_cents"], denominator=terms["cents"])
    return terms[["account_id"]].assign(numerator=terms["renewed"].astype("int64"), denominator=1)


def _rate(name: str, title: str, formula: str, *, by_arr: bool, short: bool) -> Definition:
    return Definition(
        "M17",
        name,
        title,
        "share",
        formula,
        lambda moment: renewed(moment, by_arr=by_arr, short=short),
        ratio(),
        then=True,
        money=(by_arr, by_arr),
        beside=short,
    )


DEFINITIONS = (
    _rate(
        "renewal_rate",
        "Renewal rate, by terms",
        "terms of {renewal_least_days} days or more that went on ÷ those that ended in {months} months; a lapse of "
        "{lapse_days} days is none",
        by_arr=False,
        short=False,
    ),
    _rate(
        "renewal_rate_arr",
        "Renewal rate, by ARR",
        "ARR renewed, at most that of the term ÷ ARR of the terms of {renewal_least_days} days or more that ended in "
        "{months} months",
        by_arr=True,
        short=False,
    ),
    _rate(
        "renewal_rate_short",
        "Renewal rate of short terms, by terms",
        "the same of terms agreed for less than {renewal_least_days} days: a monthly one comes up twelve times a year",
        by_arr=False,
        short=True,
    ),
    _rate(
        "renewal_rate_short_arr",
        "Renewal rate of short terms, by ARR",
        "the same of terms agreed for less than {renewal_least_days} days, by ARR",
        by_arr=True,
        short=True,
    ),
)
