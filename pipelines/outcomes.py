"""What has become of the accounts so far, day by day: it looks forward from every snapshot, and is no feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from data_contracts.sources import Facts
from features.labels import LabelRule, contractions, losses, losses_of_kind

if TYPE_CHECKING:
    from datetime import date

    import pandas as pd


@dataclass(frozen=True)
class Outcomes:
    """account_id and `day` (since 1970-01-01) on which each could be known: losses, those unpaid, and contractions."""

    losses: pd.DataFrame
    unpaid: pd.DataFrame
    contractions: pd.DataFrame


def outcomes(facts: Facts, rule: LabelRule, *, contraction_share: float) -> Outcomes | None:
    """The outcomes on record; null for an inactivity label, whose window is not cut into shorter ones.

    Nobody who is silent for 180 days is not silent for 90: the longer the window, the fewer it finds.
    """
    if rule.kind == "inactivity":
        return None
    lost = losses(facts, rule).to_pandas().rename(columns={"lost_day": "day"})
    unpaid = losses_of_kind(facts, rule, "non_payment").to_pandas().rename(columns={"lost_day": "day"})
    less = contractions(facts, rule, least_share=contraction_share).to_pandas()
    less = less.rename(columns={"contracted_day": "day"})
    return Outcomes(*(found[["account_id", "day"]] for found in (lost, unpaid, less)))


def next_day(rows: pd.DataFrame, days: pd.DataFrame) -> pd.Series:
    """The first of an account's days from each row's as_of on; null where none is on record.

    `rows` hold account_id and as_of_day, `days` account_id and day.
    """
    asked = rows[["account_id", "as_of_day"]].reset_index(names="row")
    ahead = asked.merge(days, on="account_id")
    ahead = ahead[ahead["day"] >= ahead["as_of_day"]]
    return ahead.groupby("row")["day"].min().reindex(rows.index).astype("float64")


def followed(rows: pd.DataFrame, days: pd.DataFrame, *, gap_days: int, reach: date) -> pd.DataFrame:
    """The rows with days_seen and days_to_loss, counted from the end of the gap, as could be said on the day `reach`.

    `days_to_loss` is null for who was not lost before `reach`. Rows lost in the gap, and rows whose gap has not passed,
    are left out.
    """
    from features.snapshots import day_number

    last = day_number(reach)
    lost = next_day(rows, days)
    found = rows.assign(
        days_seen=last - rows["as_of_day"] - gap_days,
        days_to_loss=(lost - rows["as_of_day"] - gap_days).where(lost < last),
    )
    return found[(found["days_seen"] > 0) & ~(found["days_to_loss"] < 0)].reset_index(drop=True)
