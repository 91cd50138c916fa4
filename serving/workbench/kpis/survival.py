"""Time until something happens where it has not happened to all: Kaplan–Meier. The one door to lifelines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from serving.workbench.kpis.definition import SLICE, Definition, NotDefined, mean, with_reason
from serving.workbench.kpis.moment import Moment

if TYPE_CHECKING:
    from lifelines import KaplanMeierFitter

DAYS_IN_MONTH = 365.25 / 12
CURVE = ["days", "surviving", "low", "high", "at_risk", "events"]


def lives(moment: Moment) -> pd.DataFrame:
    """Each customer's first life: `value` its months until this day or its end, `observed` whether it ended before.

    A later life of who came back is another one, and not counted.
    """
    first = moment.ledger.stints.drop_duplicates("account_id")
    first = first[first["began"] < moment.day]
    if first.empty:
        raise NotDefined("nobody has been a customer yet")
    observed = first["ended"] < moment.day
    days = (first["ended"].where(observed, moment.day) - first["began"]).dt.days
    return pd.DataFrame(
        {"account_id": first["account_id"], "days": days, "value": days / DAYS_IN_MONTH, "observed": observed}
    )


def ended_lives(moment: Moment) -> pd.DataFrame:
    """Those that ended, which is what the plain mean counts."""
    rows = lives(moment)
    if not rows["observed"].any():
        raise NotDefined("nobody has left yet")
    return rows[rows["observed"]]


def median(rows: pd.DataFrame) -> pd.DataFrame:
    """The Kaplan–Meier median of `value`, null where the curve does not reach one half. n counts rows, numerator events."""
    found = [
        (*keys, median_of(own["value"], own["observed"]), len(own), float(own["observed"].sum()), float(len(own)))
        for keys, own in rows.groupby(SLICE)
    ]
    figures = pd.DataFrame(found, columns=[*SLICE, "value", "n", "numerator", "denominator"]).set_index(SLICE)
    return with_reason(figures, "fewer than half of them had it by now")


def median_of(durations: pd.Series, observed: pd.Series) -> float | None:
    """When half of them had it, those still waiting counted as far as they are known.

    >>> median_of(pd.Series([1.0, 2.0, 3.0, 4.0]), pd.Series([True, True, False, False]))
    2.0
    >>> median_of(pd.Series([1.0, 2.0, 3.0]), pd.Series([True, False, False])) is None
    True
    """
    found = float(_fitted(durations, observed).median_survival_time_)
    return None if found == float("inf") else found


def curve(durations: pd.Series, observed: pd.Series) -> pd.DataFrame:
    """The whole Kaplan–Meier curve with its 95 % interval, a row for each day on which something is known."""
    fitted = _fitted(durations, observed)
    table = fitted.event_table
    bounds = fitted.confidence_interval_survival_function_
    return pd.DataFrame(
        {
            "days": table.index.to_numpy(),
            "surviving": fitted.survival_function_.iloc[:, 0].to_numpy(),
            "low": bounds.iloc[:, 0].to_numpy(),
            "high": bounds.iloc[:, 1].to_numpy(),
            "at_risk": table["at_risk"].to_numpy().astype("int64"),
            "events": table["observed"].to_numpy().astype("int64"),
        }
    )


def _fitted(durations: pd.Series, observed: pd.Series) -> KaplanMeierFitter:
    from lifelines import KaplanMeierFitter

    return KaplanMeierFitter().fit(durations.astype("float64").to_numpy(), observed.astype(bool).to_numpy())


DEFINITIONS = (
    Definition(
        "M4",
        "time_to_churn_median",
        "Time to churn, median",
        "months",
        "Kaplan–Meier median of the months from first start to churn, those who stay counted as far as they are known",
        lives,
        median,
        heavy=True,
    ),
    Definition(
        "M4",
        "time_to_churn_mean",
        "Time to churn, mean of who left",
        "months",
        "mean months from first start to churn of those who left, survivors ignored",
        ended_lives,
        mean,
    ),
)
