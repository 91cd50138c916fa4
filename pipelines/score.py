"""Score one snapshot and write its outputs; nothing leaves the project's state folder."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from data_contracts.facts import latest
from features.labels import data_until
from features.snapshots import EPOCH, WEEKDAYS
from models.health_score import mix_warnings
from pipelines.build_features import Checked, checked_sources, now_utc, write_features
from pipelines.changes import write_changes
from pipelines.deliver import rows_of
from pipelines.files import write_parquet, write_text
from pipelines.holdout import held_out
from pipelines.outlook import write_outlook
from pipelines.panel import label_rule
from pipelines.scoring import TREND_WEEKS as TREND_WEEKS
from pipelines.scoring import Stamp, made_with, run_of, scored_by, seen_at
from pipelines.settings import Project
from pipelines.source_moves import source_moves, write_moves
from pipelines.tracking import Shipped, Tracking
from policy.archive import archive_policy
from policy.errors import UsageError
from serving.care import COLUMNS, care
from serving.score import Run, Scored

if TYPE_CHECKING:
    import pandas as pd

MADE_WITH = "made_with.json"
"""Beside the scores: what a replay needs to know of the run."""
FIRST_PUBLISHED = "first_published_at"


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
    seen = seen_at(checked, day)
    frames, lost = seen.frames, seen.lost
    accounts = latest(checked.facts, "accounts").to_pandas().set_index("account_id")
    progress("probability and health")
    shipped = Tracking(project).champion()
    run = run_of(checked, day, shipped, _stamp(checked, shipped))
    scored = held_out(checked, scored_by(checked, run, seen), day)
    write_changes(project, run, frames[day], frames[day - timedelta(weeks=1)])
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


def _stamp(checked: Checked, shipped: Shipped | None) -> Stamp:
    settings, rule = checked.project.settings, label_rule(checked)
    return Stamp(
        run_id=uuid.uuid4().hex,
        published_at=now_utc().replace(microsecond=0),
        horizon_days=shipped.parameters["horizon_days"] if shipped else rule.horizon_days,
        gap_days=shipped.parameters["gap_days"] if shipped else rule.gap_days,
        capacity_share=settings.capacity.share,
        currency=settings.project.currency,
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
    write_parquet(evidence_table(scored), project.out("evidence", folder) / "evidence.parquet")
    write_parquet(drivers_table(scored), project.out("drivers", folder) / "drivers.parquet")
    write_parquet(scored.tasks, project.out("tasks", folder) / "tasks.parquet")
    write_parquet(_book(scored, frames, day, accounts, run), project.out("book", folder) / "book.parquet")
    names = accounts["name"].reindex(lost["account_id"]).tolist()
    write_parquet(
        pd.DataFrame({"account_id": lost["account_id"].astype(str).tolist(), "name": names}, dtype=object),
        project.out("known_losses", folder) / "known_losses.parquet",
    )
    # A week that is scored again was published all the same when it first was.
    first = first_published(project, day.isoformat()) or run.published_at
    made = made_with(checked, run) | {FIRST_PUBLISHED: first.isoformat()}
    write_text(json.dumps(made) + "\n", project.out("scores", folder) / MADE_WITH)
    # Scores last: a reader that finds them finds everything that belongs to them.
    return write_parquet(typed_scores(scored.scores), project.out("scores", folder) / "scores.parquet")


def first_published(project: Project, day: str) -> datetime | None:
    """When the scores of a day were first published, whatever scored it again since; null where there are none."""
    folder = project.state / "scores" / f"as_of={day}"
    if not (folder / "scores.parquet").exists():
        return None
    kept = json.loads((folder / MADE_WITH).read_text(encoding="utf-8")) if (folder / MADE_WITH).exists() else {}
    if FIRST_PUBLISHED in kept:
        return datetime.fromisoformat(kept[FIRST_PUBLISHED])
    rows = rows_of(project, "scores", day)
    found: datetime | None = rows[0]["published_at"] if rows else None
    return found


def typed_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """The scores with stable types, so that a column of nulls keeps its type."""
    floats = [c for c in map(str, scores) if c.endswith(("_probability", "_score")) or c in ("coverage", "arr")]
    texts = ["model_version", "risk_tier", "reason_1", "reason_2", "reason_3", "play"]
    return scores.astype({**dict.fromkeys(floats, "float64"), **dict.fromkeys(texts, "string")})


def drivers_table(scored: Scored) -> pd.DataFrame:
    """The drivers as they are written, one row per account and indicator."""
    return scored.drivers.astype({"value": "float64", "contribution": "float64"})


def evidence_table(scored: Scored) -> pd.DataFrame:
    """The evidence as it is written, one row per account and indicator that can be told in numbers."""
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
    for name in ("name", "segment", "industry", "region", "owner_id", "owner_email", "timezone"):
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
