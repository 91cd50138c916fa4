"""What a scoring run computes, apart from what it writes: a replay of the run computes the same from the same facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from features.indicator import Indicator
from features.indicators.usage import user_days
from features.snapshots import Snapshots
from models.reference import Reference
from models.zoo import stored_scorers
from pipelines.asked_before import asked_before
from pipelines.build_features import Checked, features_at
from pipelines.known_tables import known_tables
from pipelines.tracking import Shipped
from serving.score import Run, Scored, score_snapshot
from serving.tasks import Owner
from serving.workbench.plays.rows import plain
from serving.workbench.plays.wins import newest_reached, wins

if TYPE_CHECKING:
    import pandas as pd

TREND_WEEKS = 26


@dataclass(frozen=True)
class Seen:
    """The indicators of the cohort as known before a day, a week and four weeks before it, and whose loss was known."""

    frames: Mapping[date, pd.DataFrame]
    lost: pd.DataFrame


@dataclass(frozen=True)
class Stamp:
    """What a run is told by, and the settings of churn.toml that it was made with."""

    run_id: str
    published_at: datetime
    horizon_days: int
    gap_days: int
    capacity_share: float
    currency: str


def seen_at(checked: Checked, day: date) -> Seen:
    """Build the indicators that a score of the day rests on."""
    dates = [day - timedelta(weeks=w) for w in (4, 1, 0)]
    indicators = dict(catalogue(checked.project.policy)) | _trend()
    _, frame = features_at(checked, Snapshots.of(dates), indicators)
    known = frame["known_loss"].astype(bool)
    return Seen({d: frame[(frame["as_of"] == d) & ~known] for d in dates}, frame[(frame["as_of"] == day) & known])


def run_of(checked: Checked, day: date, shipped: Shipped | None, stamp: Stamp) -> Run:
    """The run that every row carries, by the project's policy and this model; without one, health alone."""
    scorers = stored_scorers(shipped.parameters) if shipped else {}
    return Run(
        run_id=stamp.run_id,
        model_version=shipped.version if shipped else None,
        as_of=day,
        published_at=stamp.published_at,
        horizon_days=stamp.horizon_days,
        gap_days=stamp.gap_days,
        capacity_share=stamp.capacity_share,
        currency=stamp.currency,
        policy=checked.project.policy,
        champion=scorers[shipped.parameters["champion"]] if shipped else None,
        lightgbm=scorers.get("lightgbm"),
        reference=Reference.from_parameters(shipped.parameters["explained_against"]) if shipped else None,
        team=checked.project.settings.team,
    )


def scored_by(checked: Checked, run: Run, seen: Seen, *, published_by: datetime | None = None) -> Scored:
    """Scores, reasons and tasks of a run, before a holdout spares anybody.

    `published_by`: of earlier runs, those alone that had been published then.
    """
    day = run.as_of
    asked = asked_before(checked, day, published_by=published_by)
    now, week_ago, month_ago = (seen.frames[day - timedelta(weeks=w)] for w in (0, 1, 4))
    return score_snapshot(
        now,
        week_ago,
        month_ago,
        owners_before(checked, day),
        catalogue(checked.project.policy),
        run,
        asked,
        reached_before(checked, day),
    )


def reached_before(checked: Checked, day: date) -> dict[str, str]:
    """Account → what it reached last, of the days of the wins log, as the customer may be told it."""
    import pandas as pd

    policy = checked.project.policy
    rows = known_tables(checked, day, ("milestones",)).get("milestones")
    if rows is None:
        return {}
    late = rows[rows["reached_at"] >= pd.Timestamp(day - timedelta(days=policy.tasks.wins_days))]
    return newest_reached(wins(plain(late), (), {}, day, policy))


def owners_before(checked: Checked, day: date) -> dict[str, Owner]:
    """Account → who looked after it, by the last version of its row that was known before the day.

    Where none was known yet, by the first one: the account is there, and so is somebody who looks after it.
    """
    import pandas as pd

    table = checked.facts.tables["accounts"]
    rows = table.select("account_id", "owner_id", "timezone", "known_at").to_pandas()
    rows = rows.sort_values("known_at", kind="stable")
    known = rows[rows["known_at"] < pd.Timestamp(day)].drop_duplicates("account_id", keep="last")
    first = rows[~rows["account_id"].isin(set(known["account_id"]))].drop_duplicates("account_id", keep="first")
    told = pd.concat([known, first])[["account_id", "owner_id", "timezone"]]
    return {
        str(a): Owner(*(v if isinstance(v, str) else None for v in who)) for a, *who in told.itertuples(index=False)
    }


def _trend() -> dict[str, Indicator]:
    """Weekly daily-logins of the last half year, for the pages: plain columns, no indicators of the catalogue."""
    return {
        f"week_{i:02d}": Indicator(
            name=f"week_{i:02d}",
            expr=user_days(7, ago=7 * i),
            component="usage",
            group="usage",
            unit="count",
            doc="Daily logins of one past week.",
            says="",
            low=0,
        )
        for i in range(TREND_WEEKS)
    }


def made_with(checked: Checked, run: Run) -> dict[str, Any]:
    """What a replay needs to know of a run beside its rows: the settings it was made with, and which code made it."""
    from pipelines.tracking import code_fingerprint

    return {
        "run_id": run.run_id,
        "capacity_share": run.capacity_share,
        "currency": run.currency,
        "min_tenure_days": checked.project.settings.cohort.min_tenure_days,
        "team": {role: list(people) for role, people in run.team.items()},
        "code": code_fingerprint(),
    }
