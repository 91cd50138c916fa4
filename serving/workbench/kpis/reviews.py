"""Business reviews held in time (M13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import pandas as pd

from policy.segments import listed_review_days, qbr_list
from serving.workbench.kpis.definition import Definition, NotDefined, ratio
from serving.workbench.kpis.moment import Moment

COLUMNS = ["due", "on", "came"]


def reviews(moment: Moment) -> pd.DataFrame:
    """Reviews due whose last day in time fell into the months looked back on: 1 where held by then, else 0.

    Those owed one are the QBR list of this day (S6), or everybody (`metrics.qbr_counts`). A review is due on its
    `due_on`; where a whole interval passed without any, one was due and not held, for the contract lists none that was
    only planned. Not attended is not held.
    """
    metrics = moment.policy.metrics
    days = listed_review_days(moment.policy.segments)
    if days is None:
        raise NotDefined("no cadence of the policy names business reviews")
    rows = moment.table("touchpoints")
    rows = rows[(rows["kind"] == "qbr") & (rows["occurred_at"] < moment.day)]
    if rows.empty:
        raise NotDefined("no business review is recorded")
    begins = moment.table("touchpoints")["occurred_at"].min().normalize()
    grace = pd.Timedelta(days=metrics.qbr_on_time_days)
    held = rows.assign(
        on=rows["occurred_at"].dt.normalize(), came=rows["attended"].fillna(True).astype(bool)
    ).sort_values("on", kind="stable")
    held["due"] = held["due_on"].fillna(held["on"])
    lives = moment.ledger.stints[moment.ledger.stints["began"] <= moment.day]
    began = lives.groupby("account_id")["began"].max()
    known = {str(account): own for account, own in held.groupby("account_id")}
    found = []
    for account in _owed(moment):
        own = known.get(account)
        since = max(began[account], begins)
        own_rows: list[Any] = [] if own is None else list(own.loc[own["due"] >= since, COLUMNS].itertuples(index=False))
        for due, in_time in due_reviews(since, moment.day, own_rows, every=days, grace=metrics.qbr_on_time_days):
            if moment.before(metrics.service_months) <= due + grace < moment.day:
                found.append((account, int(in_time), 1))
    if not found:
        raise NotDefined("no business review was due")
    return pd.DataFrame(found, columns=["account_id", "numerator", "denominator"])


def due_reviews(
    since: pd.Timestamp,
    until: pd.Timestamp,
    held: Iterable[tuple[pd.Timestamp, pd.Timestamp, bool]],
    *,
    every: int,
    grace: int,
) -> Iterator[tuple[pd.Timestamp, bool]]:
    """(day due, whether held in time) of every review from `since` to `until`, recorded ones and missed ones.

    `held` are (due, held on, attended). Meetings of one due day are one review: one that was put off and then held in time
    is held. Between two of them as many were missed as whole intervals more than one
    fit, to the nearest; they were due at even distances.

    >>> day = pd.Timestamp
    >>> one = [(day("2026-04-02"), day("2026-04-10"), True)]
    >>> [(f"{d:%m-%d}", ok) for d, ok in due_reviews(day("2026-01-01"), day("2026-08-01"), one, every=91, grace=14)]
    [('04-02', True), ('07-02', False)]
    """
    last = since
    for due, meetings in groupby(sorted(held), key=itemgetter(0)):
        gap = (due - last).days
        missed = max(round(gap / every) - 1, 0)
        for place in range(1, missed + 1):
            yield last + pd.Timedelta(days=gap * place // (missed + 1)), False
        yield due, any(came and (on - due).days <= grace for _, on, came in meetings)
        last = due
    while (last := last + pd.Timedelta(days=every)) < until:
        yield last, False


def _owed(moment: Moment) -> list[str]:
    whom = set(moment.who("touchpoints"))
    if moment.policy.metrics.qbr_counts == "all":
        return sorted(whom)
    arr = {str(account): cents / 100 for account, cents in moment.now.items()}
    return sorted(qbr_list(arr, moment.policy.segments) & whom)


DEFINITIONS = (
    Definition(
        "M13",
        "qbr_completion",
        "QBRs held in time",
        "share",
        "business reviews held up to {qbr_on_time_days} days after they were due ÷ reviews due in {service_months} months, "
        "of {qbr_counts} customers",
        reviews,
        ratio(),
    ),
)
