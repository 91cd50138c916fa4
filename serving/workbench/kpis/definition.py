"""What a metric is: an id, a name, a unit, a formula in words, and how its parts fold into one figure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from serving.workbench.kpis.moment import Moment

Unit = Literal[
    "share",
    "money",
    "months",
    "days",
    "hours",
    "count",
    "score",
    "points",
    "customers per CSM",
    "days per seat",
    "tickets",
]
SLICE = ["as_of", "slice_by", "slice"]
FIGURES = ["value", "n", "numerator", "denominator", "reason"]
# Cut by day and slice: rows with the columns of SLICE → one row per slice of a day with those of FIGURES; `reason` says why
# a value is null, and is null itself where there is one.
Fold = Callable[[pd.DataFrame], pd.DataFrame]
Parts = Callable[["Moment"], pd.DataFrame]


NO_VALUE = "no value is known"


class NotDefined(Exception):
    """Why a figure is null: what it would need."""


@dataclass(frozen=True)
class Definition:
    """One metric.

    `parts` gives rows with account_id for a moment, or raises NotDefined; `fold` makes one figure of the rows of each
    slice. `then`: customers are sliced by their ARR at the beginning of the year looked back on, else by that of the day.
    `money`: numerator and denominator are money, cents inside and currency in the record. `heavy`: too slow to be cut by
    slices for every past month. `beside`: it stands beside another figure, which leads.
    """

    id: str
    name: str
    title: str
    unit: Unit
    formula: str
    parts: Parts
    fold: Fold
    then: bool = False
    money: tuple[bool, bool] = (False, False)
    heavy: bool = False
    beside: bool = False


def ratio(times: float = 1.0) -> Fold:
    """Σ numerator ÷ Σ denominator, times a constant; null where the denominator is 0. n counts the rows."""

    def fold(rows: pd.DataFrame) -> pd.DataFrame:
        found = rows.groupby(SLICE).agg(
            n=("account_id", "size"), numerator=("numerator", "sum"), denominator=("denominator", "sum")
        )
        value = times * found["numerator"] / found["denominator"].where(found["denominator"] != 0)
        return with_reason(found.assign(value=value), "the denominator is 0")

    return fold


def total(rows: pd.DataFrame) -> pd.DataFrame:
    """Σ numerator; there is no denominator. n counts the rows."""
    found = rows.groupby(SLICE).agg(n=("account_id", "size"), numerator=("numerator", "sum"))
    return with_reason(found.assign(value=found["numerator"].astype("float64"), denominator=float("nan")), NO_VALUE)


def quantile(q: float) -> Fold:
    """The q-quantile of `value`, straight lines between neighbours. n counts the rows."""

    def fold(rows: pd.DataFrame) -> pd.DataFrame:
        by = rows.groupby(SLICE)["value"]
        found = pd.DataFrame(
            {"value": by.quantile(q), "n": by.size(), "numerator": float("nan"), "denominator": float("nan")}
        )
        return with_reason(found, NO_VALUE)

    return fold


def mean(rows: pd.DataFrame) -> pd.DataFrame:
    """The mean of `value`: numerator its sum, denominator and n the number of rows."""
    found = rows.groupby(SLICE)["value"].agg(n="size", numerator="sum", value="mean")
    return with_reason(found.assign(denominator=found["n"].astype("float64")), NO_VALUE)


def with_reason(found: pd.DataFrame, why: str) -> pd.DataFrame:
    """The figures with `reason` where the value is null."""
    reason = pd.Series(why, index=found.index, dtype="string")
    return found.assign(reason=reason.where(found["value"].isna()))
