"""Score one snapshot and write its outputs; nothing leaves the project's state folder."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from data_contracts.facts import latest
from features.catalogue import catalogue
from features.indicator import Indicator
from features.indicators.usage import user_days
from features.labels import data_until
from features.snapshots import EPOCH, WEEKDAYS, Snapshots
from models.health_score import mix_warnings
from models.reference import Reference
from models.zoo import stored_scorers
from pipelines.asked_before import asked_before
from pipelines.build_features import Checked, checked_sources, features_at, now_utc, write_features
from pipelines.changes import write_changes
from pipelines.files import write_parquet
from pipelines.holdout import held_out
from pipelines.outlook import write_outlook
from pipelines.panel import label_rule
from pipelines.settings import Project
from pipelines.source_moves import source_moves, write_moves
from pipelines.tracking import Shipped, Tracking
from policy.archive import archive_policy
from policy.errors import UsageError
from serving.care import COLUMNS, care
from serving.score import Run, Scored, score_snapshot
from serving.tasks import Owner

if TYPE_CHECKING:
    import pandas as pd

TREND_WEEKS = 26


@dataclass(frozen=True)
class ScoreResult:
    """What a scoring run made: its JSON summary."""

    summary: Mapping[str, Any]


def score(project: Project, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Check the sources and score; returns the object `churn score --json` prints."""
    with checked_sources(project) as checked:
        return score_on(checked, as_of, progress=progress)


def score_on(
    checked: Checked, as_of: date | None, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Score on sources that have been checked. Without a date: the newest snapshot the data can speak about."""
    project = checked.project
    # Before any work: a score whose version does not say which numbers made it must not come to be.
    archive_policy(project.policy, project.policies)
    day = as_of or newest_as_of(checked)
    if as_of is not None:
        refuse_beyond_data(checked, as_of)
    progress(f"indicators as of {day}")
    dates = [day - timedelta(weeks=w) for w in (4, 1, 0)]
    indicators = dict(catalogue(project.policy)) | _trend()
    _, frame = features_at(checked, Snapshots.of(dates), indicators)
    frames = {d: frame[(frame["as_of"] == d) & ~frame["known_loss"].astype(bool)] for d in dates}
    lost = frame[(frame["as_of"] == day) & frame["known_loss"].astype(bool)]
    accounts = latest(checked.facts, "accounts").to_pandas().set_index("account_id")
    owners = {
        str(a): Owner(*(_text(v) for v in known)) for a, *known in accounts[["owner_id", "timezone"]].itertuples()
    }
    progress("probability and health")
    shipped = Tracking(project).champion()
    run = _run(checked, day, shipped)
    known, asked = catalogue(project.policy), asked_before(checked, day)
    scored = score_snapshot(frames[day], frames[dates[1]], frames[dates[0]], owners, known, run, asked)
    scored = held_out(checked, scored, day)
    write_changes(project, run, frames[day], frames[dates[1]])
    progress("writing")
    write_moves(project, day, source_moves(checked, day))
    write_outlook(project, day, frames[day], scored.scores, shipped.parameters if shipped else None)
    path = _write(project, day, scored, frames, accounts, lost, checked, run)
    tiers = {str(name): int(n) for name, n in scored.scores["health_tier"].value_counts().items()}
    for warning in mix_warnings(tiers, project.policy):
        progress(f"note: {warning}")
    return {
        "as_of": day.isoformat(),
        "run_id": run.run_id,
        "scored": len(scored.scores),
        "known_losses": len(lost),
        "unrated": int(tiers.get("unrated", 0)),
        "tiers": {name: int(tiers.get(name, 0)) for name in ("green", "yellow", "red")},
        "tasks": len(scored.tasks),
        "path": str(path),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def newest_as_of(checked: Checked) -> date:
    """The newest snapshot day (of the panel's weekday) that the data reach."""
    until = data_until(checked.facts)
    back = (until.weekday() - WEEKDAYS.index(checked.project.settings.panel.weekday)) % 7
    return until - timedelta(days=back)


def refuse_beyond_data(checked: Checked, as_of: date) -> None:
    """Raise UsageError for a day that the data do not reach."""
    until = data_until(checked.facts)
    if as_of > until + timedelta(days=7):
        raise UsageError(
            f"the data end on {until - timedelta(days=1)}; a score as of {as_of} would rest on nothing.",
            where="--as-of",
            cure=f"Score as of {newest_as_of(checked)}, or bring the sources up to date.",
        )


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


def _run(checked: Checked, day: date, shipped: Shipped | None) -> Run:
    settings, rule = checked.project.settings, label_rule(checked)
    scorers = stored_scorers(shipped.parameters) if shipped else {}
    return Run(
        run_id=uuid.uuid4().hex,
        model_version=shipped.version if shipped else None,
        as_of=day,
        published_at=now_utc().replace(microsecond=0),
        horizon_days=shipped.parameters["horizon_days"] if shipped else rule.horizon_days,
        gap_days=shipped.parameters["gap_days"] if shipped else rule.gap_days,
        capacity_share=settings.capacity.share,
        currency=settings.project.currency,
        policy=checked.project.policy,
        champion=scorers[shipped.parameters["champion"]] if shipped else None,
        lightgbm=scorers.get("lightgbm"),
        reference=Reference.from_parameters(shipped.parameters["explained_against"]) if shipped else None,
    )


def _write(
    project: Project,
    day: date,
    scored: Scored,
    frames: Mapping[date, pd.DataFrame],
    accounts: pd.DataFrame,
    lost: pd.DataFrame,
    checked: Checked,
    run: Run,
) -> Any:
    import pandas as pd

    folder = f"as_of={day.isoformat()}"
    write_features(project, frames[day], day)
    write_parquet(_told(scored), project.out("evidence", folder) / "evidence.parquet")
    write_parquet(_typed_drivers(scored.drivers), project.out("drivers", folder) / "drivers.parquet")
    write_parquet(scored.tasks, project.out("tasks", folder) / "tasks.parquet")
    write_parquet(_book(scored, frames, day, accounts, run), project.out("book", folder) / "book.parquet")
    names = accounts["name"].reindex(lost["account_id"]).tolist()
    write_parquet(
        pd.DataFrame({"account_id": lost["account_id"].astype(str).tolist(), "name": names}, dtype=object),
        project.out("known_losses", folder) / "known_losses.parquet",
    )
    # Scores last: a reader that finds them finds everything that belongs to them.
    return write_parquet(typed_scores(scored.scores), project.out("scores", folder) / "scores.parquet")


def typed_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores with stable types, so that a column of nulls keeps its type."""
    floats = [c for c in map(str, scores) if c.endswith(("_probability", "_score")) or c in ("coverage", "arr")]
    texts = ["model_version", "risk_tier", "reason_1", "reason_2", "reason_3", "play"]
    return scores.astype({**dict.fromkeys(floats, "float64"), **dict.fromkeys(texts, "string")})


def _typed_drivers(drivers: pd.DataFrame) -> pd.DataFrame:
    return drivers.astype({"value": "float64", "contribution": "float64"})


def _told(scored: Scored) -> pd.DataFrame:
    import pandas as pd

    columns = ["account_id", "indicator", "before", "after", "since", "before_text", "after_text", "sentence"]
    rows = [
        (a, e.indicator, e.before, e.after, e.since, e.before_text, e.after_text, e.sentence)
        for a, found in scored.evidence.items()
        for e in found
    ]
    return pd.DataFrame(rows, columns=columns)


def _book(
    scored: Scored, frames: Mapping[date, pd.DataFrame], day: date, accounts: pd.DataFrame, run: Run
) -> pd.DataFrame:
    """What the pages say of an account beyond its score: who it is, its term, its past, its usage by week."""
    import pandas as pd

    from models.health_score import health_scores
    from models.prepare import prepared

    now = frames[day].set_index("account_id")
    then = frames[day - timedelta(weeks=4)].set_index("account_id")
    known = accounts.reindex(now.index)
    out = pd.DataFrame(index=now.index)
    for name in ("name", "segment", "industry", "region", "owner_id", "owner_email"):
        out[name] = known[name].astype("string")
    out["seats"] = now["seats"].astype("float64")
    out["term_ends_on"] = [EPOCH + timedelta(days=int(d)) for d in now["term_end_day"]]
    out["tenure_days"] = now["tenure_days"].astype(int)
    out[list(COLUMNS)] = care(frames[day].set_index("account_id", drop=False), run.policy)
    out["health_before"] = (
        health_scores(then, run.policy)["health_score"].reindex(now.index) if len(then) else float("nan")
    )
    before = (
        pd.Series(run.champion.score(prepared(then, run.policy)), index=then.index)
        if run.champion and len(then)
        else None
    )
    out["probability_before"] = float("nan") if before is None else before.reindex(now.index)
    out["base_points"] = float("nan") if scored.base_points is None else scored.base_points
    out["main_driver"] = pd.Series(scored.main_drivers, dtype="string").reindex(now.index)
    for i in range(TREND_WEEKS):
        out[f"week_{i:02d}"] = now[f"week_{i:02d}"].astype("float64")
    return out.reset_index()
