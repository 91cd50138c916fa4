"""Five columns in featuretools: cut-off times for the snapshots, one training window of 28 days."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.case import Case
from benchmarks.columns import FIVE, as_of_dates

NAMES = {
    "SUM(events.count)": "events_28d",
    "NUM_UNIQUE(people.day)": "active_days_28d",
    "NUM_UNIQUE(people.user_id)": "active_users_28d",
    "NUM_UNIQUE(people.module)": "modules_used_28d",
    "NUM_UNIQUE(people.feature)": "features_used_28d",
}


def work(case: Case, folder: Path) -> Callable[[], Any]:
    """The work to be measured: read the events, relate them to the accounts, compute the feature matrix."""
    import featuretools as ft
    import pandas as pd

    cohort = pd.read_parquet(folder / f"cohort_{case.snapshots}.parquet")[["account_id", "as_of"]]

    def measured() -> Any:
        events = pd.read_parquet(folder / "usage_events.parquet")
        entities = _entities(ft, pd, events, cohort)
        moments = pd.concat([cohort[cohort["as_of"] == d] for d in as_of_dates(case.snapshots)])
        # A window of featuretools is open on the left and closed on the right; the events carry whole seconds.
        times = pd.DataFrame(
            {"account_id": moments["account_id"], "time": pd.to_datetime(moments["as_of"]) - pd.Timedelta(seconds=1)}
        )
        wanted = ft.dfs(
            entityset=entities,
            target_dataframe_name="accounts",
            agg_primitives=["sum", "num_unique"],
            trans_primitives=[],
            max_depth=1,
            features_only=True,
        )
        wanted = [feature for feature in wanted if feature.get_name() in NAMES]
        matrix = ft.calculate_feature_matrix(wanted, entities, cutoff_time=times, training_window="28 days")
        found = matrix.rename(columns=NAMES).reset_index()
        found["as_of"] = moments["as_of"].to_numpy()
        return found[["account_id", "as_of", *FIVE]].fillna(dict.fromkeys(FIVE, 0))

    return measured


def _entities(ft: Any, pd: Any, events: Any, cohort: Any) -> Any:
    people = events[events["channel"] != "api"].copy()
    people["day"] = people["occurred_at"].dt.strftime("%Y-%m-%d")
    entities = ft.EntitySet("book")
    accounts = pd.DataFrame({"account_id": sorted(set(cohort["account_id"]) | set(events["account_id"]))})
    entities.add_dataframe(dataframe=accounts, dataframe_name="accounts", index="account_id")
    kinds = {"user_id": "Categorical", "module": "Categorical", "feature": "Categorical", "day": "Categorical"}
    entities.add_dataframe(
        dataframe=events[["account_id", "occurred_at", "count"]],
        dataframe_name="events", index="event", make_index=True, time_index="occurred_at",
    )  # fmt: skip
    entities.add_dataframe(
        dataframe=people[["account_id", "occurred_at", *kinds]], logical_types=kinds,
        dataframe_name="people", index="event", make_index=True, time_index="occurred_at",
    )  # fmt: skip
    for name in ("events", "people"):
        entities.add_relationship("accounts", "account_id", name, "account_id")
    return entities
