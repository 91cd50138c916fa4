"""Are gap, maturity and purge kept, and are the labels what the facts say?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from proof.finding import Finding, judged
from proof.oracle.past import Row
from proof.oracle.truth import Key

CHECK = "windows"
ASKS = (
    "Does every training label end before the test begins, is every label complete, is no row used whose loss was "
    "decided in the gap, and does a plain recount of a sample find the same rows and labels?"
)
CURE = (
    "Drop training rows whose label window reaches into the test period (models/split.py), rows without a complete "
    "window and rows decided in the gap (pipelines/panel.py); nothing but the cohort's own rule may leave a row out."
)


@dataclass(frozen=True)
class Windows:
    """The dates that bind the labels. `newest_fact` is the newest moment in any table."""

    gap_days: int
    horizon_days: int
    test_from: date
    data_until: date
    newest_fact: date

    def ends(self, as_of: pd.Series) -> pd.Series:
        """The first day after each row's label window."""
        return pd.to_datetime(as_of) + pd.Timedelta(days=self.gap_days + self.horizon_days)


def windows(train: pd.DataFrame, test: pd.DataFrame, dates: Windows, told: Mapping[Key, Row]) -> Finding:
    """`told` is the recount: every line of the cohort of some accounts at every date of the panel."""
    failures: list[str] = []
    if dates.data_until > dates.newest_fact + timedelta(days=1):
        failures.append(f"labels count as complete until {dates.data_until}; the newest fact is of {dates.newest_fact}")
    reaching = train[(dates.ends(train["as_of"]) > pd.Timestamp(dates.test_from)).to_numpy()]
    if len(reaching):
        failures.append(
            f"{len(reaching)} training rows have labels that end after the test begins on {dates.test_from}, "
            f"the last as of {reaching['as_of'].max()}"
        )
    for side, rows in (("training", train), ("test", test)):
        late = rows[(dates.ends(rows["as_of"]) > pd.Timestamp(dates.data_until)).to_numpy()]
        if len(late):
            failures.append(f"{len(late)} {side} rows have labels that the data until {dates.data_until} cannot know")
        if len(empty := rows[rows["churned"].isna()]):
            failures.append(f"{len(empty)} {side} rows have no label")
    accounts = {account for _, account in told}
    known = [_usable(told, set(dates_of(rows)), dates, purge=rows is train) for rows in (train, test)]
    for side, rows, expected in (("training", train, known[0]), ("test", test, known[1])):
        failures += _recounted(side, rows[rows["account_id"].isin(accounts)], expected, told)
    measured = {
        "gap_days": dates.gap_days,
        "horizon_days": dates.horizon_days,
        "test_from": dates.test_from.isoformat(),
        "data_until": dates.data_until.isoformat(),
        "train_rows": len(train),
        "test_rows": len(test),
        "last_training_label_ends": _day(dates.ends(train["as_of"])),
        "recounted_accounts": len(accounts),
        "recounted_rows": sum(len(k) for k in known),
        "recounted_churned_rows": sum(told[key]["churned"] for k in known for key in k),
    }
    return judged(CHECK, ASKS, measured, failures, cure=CURE)


def dates_of(rows: pd.DataFrame) -> list[date]:
    """The snapshots of some rows, ascending."""
    return sorted(set(rows["as_of"]))


def _usable(told: Mapping[Key, Row], dates: set[date], rule: Windows, *, purge: bool) -> set[Key]:
    """The lines that should be in a side: not lost yet, complete, not decided in the gap, not purged."""
    window = timedelta(days=rule.gap_days + rule.horizon_days)
    return {
        (as_of, account)
        for (as_of, account), row in told.items()
        if as_of in dates
        and not row["known_loss"]
        and row["churned"] is not None
        and not (purge and as_of + window > rule.test_from)
    }


def _recounted(side: str, rows: pd.DataFrame, expected: set[Key], told: Mapping[Key, Row]) -> list[str]:
    found = []
    keys = list(zip(rows["as_of"], rows["account_id"], strict=True))
    for lone, words in ((set(keys) - expected, "should not be there"), (expected - set(keys), "are missing")):
        if lone:
            as_of, account = min(lone)
            row = told.get((as_of, account), Row())
            why = "known loss" if row["known_loss"] else "decided in the gap" if row["decided_in_gap"] else "by recount"
            found.append(f"{len(lone)} {side} rows {words} ({why}), first {account} at {as_of}")
    for name in ("churned", "in_window"):
        unlike = [
            (key, value)
            for key, value in zip(keys, rows[name], strict=True)
            if key in told and told[key][name] is not None and float(value) != float(told[key][name])
        ]
        if unlike:
            (as_of, account), value = unlike[0]
            found.append(
                f"`{name}` of {len(unlike)} {side} rows differs from the recount, first {account} at {as_of}: "
                f"{float(value):g}, recount {float(told[as_of, account][name]):g}"
            )
    return found


def _day(moments: pd.Series) -> str | None:
    return moments.max().date().isoformat() if len(moments) else None
