"""Probabilities that were given, with the labels that have matured since: real scores, a replay, the training's test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from features.cohort import cohort
from features.labels import labels
from features.snapshots import Snapshots
from models.prepare import prepared
from models.zoo import stored_scorers
from pipelines.build_features import Checked, cohort_rule, dated, features_at
from pipelines.panel import first_as_of, label_rule
from pipelines.settings import Project
from pipelines.tracking import Shipped

if TYPE_CHECKING:
    import pandas as pd

GIVEN = ["account_id", "as_of", "model_version", "probability", "horizon_days", "gap_days", "risk_tier"]
LATE_DAYS = 7
"""A score counts as a forecast if it was published within this many days of its as_of, or before its window opened."""


def scored_before(project: Project, reach: date) -> tuple[pd.DataFrame, int]:
    """(probabilities of scoring runs whose windows have closed by `reach`, rows left out as published too late).

    A snapshot that was scored after its window had opened is no forecast: its model may have seen the outcome.
    """
    import pandas as pd
    import pyarrow.parquet as pq

    columns = [*(c for c in GIVEN if c != "probability"), "churn_probability", "published_at"]
    found = [
        pq.read_table(path, columns=columns, partitioning=None).to_pandas()
        for path in sorted((project.state / "scores").glob("as_of=*/*.parquet"))
        if _day(path.parent.name) <= reach
    ]
    if not found:
        return _none(), 0
    rows = dated(pd.concat(found, ignore_index=True)).rename(columns={"churn_probability": "probability"})
    rows = rows[rows["probability"].notna() & (_closes(rows) <= reach)]
    published = pd.to_datetime(rows["published_at"]).dt.tz_localize(None)
    allowed = rows["gap_days"].clip(lower=LATE_DAYS)
    on_time = published < pd.to_datetime(rows["as_of"]) + pd.to_timedelta(allowed, unit="D")
    return rows.loc[on_time, GIVEN].reset_index(drop=True), int((~on_time).sum())


def replayed(checked: Checked, shipped: Shipped, reach: date, *, days: int) -> pd.DataFrame:
    """What the shipped model says of the mature snapshots that it knows nothing of, of the last `days` days."""
    model, settings = shipped.parameters, checked.project.settings.panel
    first, last = replay_period(model, reach, days=days)
    dates = _weekly(max(first, first_as_of(checked)), last, settings.test_every_weeks, settings.weekday)
    if not dates:
        return _none()
    _, frame = features_at(checked, Snapshots.of(dates))
    frame = frame[~frame["known_loss"].astype(bool)].reset_index(drop=True)
    champion = stored_scorers(model)[model["champion"]]
    rows = frame[["account_id", "as_of"]].assign(
        probability=champion.score(prepared(frame, checked.project.policy)),
        model_version=shipped.version,
        horizon_days=model["horizon_days"],
        gap_days=model["gap_days"],
        risk_tier=None,
    )
    return rows[GIVEN]


def replay_period(model: Mapping[str, Any], reach: date, *, days: int) -> tuple[date, date]:
    """(first, last) day of a replay, which is empty where the first comes after the last.

    As in training, a snapshot is far enough from the rows a model was fitted on once their label windows have closed.
    """
    window = timedelta(days=model["horizon_days"] + model["gap_days"])
    last = reach - window
    return max(date.fromisoformat(model["fitted_until"]) + window, last - timedelta(days=days - 1)), last


def period_of_test(project: Project, shipped: Shipped, reach: date) -> pd.DataFrame:
    """What the shipped scorer said of the training's test period, fitted on the rows before it."""
    import pyarrow.parquet as pq

    path = project.state / "evaluations" / shipped.run_id / "predictions.parquet"
    if not path.exists():
        return _none()
    model = shipped.parameters
    rows = dated(pq.read_table(path, partitioning=None).to_pandas())
    rows = rows[rows["scorer"] == model["champion"]].assign(
        model_version=shipped.version,
        horizon_days=model["horizon_days"],
        gap_days=model["gap_days"],
        risk_tier=None,
    )
    return rows.loc[_closes(rows) <= reach, GIVEN].reset_index(drop=True)


def with_outcomes(checked: Checked, given: pd.DataFrame, reach: date) -> pd.DataFrame:
    """The rows whose label is known by `reach`, with churned (0/1) and in_window.

    Rows decided in the gap, and accounts that are no longer in the sources, are left out.
    """
    import pandas as pd

    found = []
    for horizon, gap in sorted(set(zip(given["horizon_days"].astype(int), given["gap_days"].astype(int), strict=True))):
        rows = given[(given["horizon_days"] == horizon) & (given["gap_days"] == gap)]
        rule = label_rule(checked, horizon, gap)
        for dates in _by_weekday(set(rows["as_of"])):
            members = cohort(checked.facts, Snapshots.of(dates), cohort_rule(checked.project))
            members = members.filter(~members["known_loss"])
            truth = dated(labels(checked.facts, members, rule, data_until=reach).to_pandas())
            truth = truth.loc[truth["churned"].notna(), ["account_id", "as_of", "churned", "in_window"]]
            found.append(rows.merge(truth, on=["account_id", "as_of"], validate="one_to_one"))
    if not found:
        return given.assign(churned=0.0, in_window=False)
    rows = pd.concat(found, ignore_index=True)
    rows["churned"] = rows["churned"].astype(float)
    return rows.sort_values(["as_of", "account_id"], ignore_index=True)


def _none() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: pd.Series(dtype=object) for name in GIVEN})


def _closes(rows: pd.DataFrame) -> Any:
    """The first day after each row's label window."""
    import pandas as pd

    window = pd.to_timedelta(rows["gap_days"] + rows["horizon_days"], unit="D")
    return (pd.to_datetime(rows["as_of"]) + window).dt.date


def _day(folder: str) -> date:
    return date.fromisoformat(folder.removeprefix("as_of="))


def _weekly(first: date, last: date, stride: int, weekday: str) -> tuple[date, ...]:
    """Snapshot days between the two; empty where none falls between."""
    from policy.errors import UsageError

    try:
        return Snapshots.every(stride, first, last, weekday=weekday).dates
    except UsageError:
        return ()


def _by_weekday(dates: Iterable[date]) -> list[list[date]]:
    """The dates, apart by weekday: one build of the cohort has one."""
    apart: dict[int, list[date]] = {}
    for day in sorted(dates):
        apart.setdefault(day.weekday(), []).append(day)
    return list(apart.values())
