"""The core columns in pandas, as one writes them: snapshot after snapshot, group by group."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.case import Case
from benchmarks.columns import CORE, FIVE, as_of_dates

DAY = 86_400


def work(case: Case, folder: Path) -> Callable[[], Any]:
    """The work to be measured: read the events, build the columns of the case."""
    import pandas as pd

    cohort = pd.read_parquet(folder / f"cohort_{case.snapshots}.parquet")
    names = list(FIVE if case.columns == "five" else CORE)

    def measured() -> Any:
        events = pd.read_parquet(folder / "usage_events.parquet")
        frames = []
        for as_of in as_of_dates(case.snapshots):
            moment = pd.Timestamp(as_of)
            found = _snapshot(events, moment, five=case.columns == "five")
            members = cohort.loc[cohort["as_of"] == as_of, ["account_id", "as_of", "seats"]]
            frames.append(_finished(members.merge(found, how="left", on="account_id"), five=case.columns == "five"))
        return pd.concat(frames, ignore_index=True)[["account_id", "as_of", *names]]

    return measured


def _snapshot(events: Any, as_of: Any, *, five: bool) -> Any:
    """One row per account that was ever active before `as_of`."""
    import pandas as pd

    def window(rows: Any, days: int, ago: int = 0) -> Any:
        end = as_of - pd.Timedelta(days=ago)
        return rows[(rows["occurred_at"] >= end - pd.Timedelta(days=days)) & (rows["occurred_at"] < end)]

    before = events[events["occurred_at"] < as_of]
    recent = window(before, 28 if five else 112).assign(day=lambda t: t["occurred_at"].dt.floor("D"))
    people = recent[recent["channel"] != "api"].assign(user_id=lambda t: t["user_id"].fillna(""))
    last = window(people, 28)
    grouped, by_all = last.groupby("account_id"), window(recent, 28).groupby("account_id")
    found = {
        "events_28d": by_all["count"].sum(),
        "active_days_28d": grouped["day"].nunique(),
        "active_users_28d": grouped["user_id"].nunique(),
        "modules_used_28d": grouped["module"].nunique(),
        "features_used_28d": grouped["feature"].nunique(),
    }
    if not five:
        days = people.drop_duplicates(["account_id", "user_id", "day"])
        for name, length, ago in (("28", 28, 0), ("7", 7, 0), ("28_7", 28, 7), ("84_28", 84, 28), ("84", 84, 0)):
            found[f"days_{name}"] = window(days, length, ago).groupby("account_id").size()
        age = (as_of - window(days, 84)["day"]).dt.days.sub(1) // 7
        found["slope"] = (11 - 2 * age).groupby(window(days, 84)["account_id"]).sum()
        found["events_84_28"] = window(recent, 84, 28).groupby("account_id")["count"].sum()
        found["users_7"] = window(people, 7).groupby("account_id")["user_id"].nunique()
        earlier = window(people, 28, 28).groupby("account_id")
        found["users_28_28"], found["features_28_28"] = earlier["user_id"].nunique(), earlier["feature"].nunique()
        programs = window(recent, 28)
        found["api"] = programs[programs["channel"] == "api"].groupby("account_id")["count"].sum()
        used = before[before["channel"] != "api"].groupby("account_id")["occurred_at"].max().dt.floor("D")
        found["last_use"] = (as_of - used).dt.days
    return pd.DataFrame(found).rename_axis("account_id").reset_index()


def _finished(table: Any, *, five: bool) -> Any:
    last_use = None if five else table["last_use"]
    table = table.fillna(
        {name: 0 for name in table.columns if name not in ("account_id", "as_of", "seats", "last_use")}
    )
    if five:
        return table
    seats, enough = table["seats"].where(table["seats"] != 0), table["days_84_28"] >= 8
    users = table["active_users_28d"]
    return table.assign(
        active_user_days_28d=table["days_28"],
        active_user_days_7d=table["days_7"],
        user_days_per_seat_28d=table["days_28"] / seats,
        login_change_28d=(table["days_28"] / (table["days_84_28"] / 3) - 1).where(enough),
        login_change_7d=(table["days_7"] / (table["days_28_7"] / 4) - 1).where(table["days_28_7"] >= 8),
        usage_trend_84d=((table["slope"] / 286) / (table["days_84"] / 12)).where(table["days_84"] >= 8),
        events_change_28d=(table["events_28d"] / (table["events_84_28"] / 3) - 1).where(enough),
        days_since_last_use=last_use,
        active_users_7d=table["users_7"],
        active_users_change_28d=(users / table["users_28_28"].where(table["users_28_28"] > 0) - 1).where(enough),
        stickiness_28d=table["days_28"] / (users * 28).where(users > 0),
        seat_utilisation_28d=users / seats,
        features_used_change_28d=(
            table["features_used_28d"] / table["features_28_28"].where(table["features_28_28"] > 0) - 1
        ).where(enough),
        api_events_28d=table["api"],
    )
