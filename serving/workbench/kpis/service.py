"""How customers are served: tickets (M11), first response (M14)."""

from __future__ import annotations

import pandas as pd

from serving.workbench.kpis.definition import Definition, NotDefined, quantile, ratio, total
from serving.workbench.kpis.moment import Moment

MEDIAN = 0.5


def tickets(moment: Moment, *, per_seats: bool) -> pd.DataFrame:
    """Tickets that each customer of this day opened in the months looked back on, over months, or seats × months."""
    metrics = moment.policy.metrics
    rows = moment.table("support_tickets")
    since = moment.before(metrics.service_months)
    if rows.empty or rows["opened_at"].min().normalize() > since:
        raise NotDefined(f"support_tickets do not reach back to {since:%Y-%m-%d}")
    opened = rows[(rows["opened_at"] >= since) & (rows["opened_at"] < moment.day)].groupby("account_id").size()
    whom = moment.who("support_tickets")
    if per_seats:
        whom = whom[whom.isin(moment.seats[moment.seats > 0].index)]
    if whom.empty:
        raise NotDefined("no customer has paid seats" if per_seats else "there is no customer")
    weight = moment.seats.reindex(whom) / metrics.tickets_per_seats if per_seats else pd.Series(1, index=whom)
    return pd.DataFrame(
        {
            "account_id": whom,
            "numerator": opened.reindex(whom).fillna(0).astype("int64").to_numpy(),
            "denominator": (weight * metrics.service_months).to_numpy(),
        }
    )


def first_responses(moment: Moment) -> pd.DataFrame:
    """`value` hours to the first answer of each ticket opened in the months looked back on and answered before this day.

    Business hours are those of `tasks.business_hours` in the time zone of the account's owner. A ticket that nobody has
    answered yet is left out, which flatters while many wait: `response_waiting` says how many.
    """
    rows = moment.between("support_tickets", "opened_at", moment.policy.metrics.service_months)
    rows = rows[rows["first_response_at"] < moment.day]
    if rows.empty:
        raise NotDefined("no ticket of these months has been answered")
    return rows[["account_id"]].assign(value=moment.known.waits[rows.index])


def waiting(moment: Moment) -> pd.DataFrame:
    """1 for each ticket opened in those months that nobody had answered before this day, 0 for the others."""
    rows = moment.between("support_tickets", "opened_at", moment.policy.metrics.service_months)
    unanswered = ~(rows["first_response_at"] < moment.day).fillna(False).astype(bool)
    return rows[["account_id"]].assign(numerator=unanswered.astype("int64"))


def percentile(rows: pd.DataFrame) -> pd.DataFrame:
    """The percentile that the rows carry in `q`, the same in all of them."""
    return quantile(float(rows["q"].iloc[0]))(rows)


DEFINITIONS = (
    Definition(
        "M11",
        "tickets_per_customer",
        "Tickets per customer and month",
        "tickets",
        "tickets opened in {service_months} months by the customers of this day ÷ customers ÷ {service_months}",
        lambda moment: tickets(moment, per_seats=False),
        ratio(),
    ),
    Definition(
        "M11",
        "tickets_per_seats",
        "Tickets per {tickets_per_seats} seats and month",
        "tickets",
        "the same ÷ paid seats × {tickets_per_seats}",
        lambda moment: tickets(moment, per_seats=True),
        ratio(),
    ),
    Definition(
        "M14",
        "response_median",
        "First response, median",
        "hours",
        "median {response_hours} hours from a ticket of the last {service_months} months to its first answer, those still waiting left out",
        first_responses,
        quantile(MEDIAN),
    ),
    Definition(
        "M14",
        "response_high",
        "First response, high percentile",
        "hours",
        "the percentile {response_percentile:.0%} of the same hours",
        lambda moment: first_responses(moment).assign(q=moment.policy.metrics.response_percentile),
        percentile,
    ),
    Definition(
        "M14",
        "response_waiting",
        "Still waiting for a first response",
        "count",
        "tickets of the last {service_months} months that nobody has answered yet; the hours above leave them out",
        waiting,
        total,
    ),
)
