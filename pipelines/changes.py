"""What moved each account's probability since the score of a week ago, kept beside the scores."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from models.change import Model, changes
from models.reference import Reference
from models.zoo import stored_scorers
from pipelines.deliver import rows_of, scored_dates
from pipelines.files import write_parquet
from pipelines.settings import Project
from pipelines.tracking import Tracking
from policy.archive import archived_policy
from policy.errors import ChurnError, SettingsError
from serving.change_told import change_told
from serving.score import Run

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)
PARTS = ("account_id", "before_probability", "after_probability", "data", "model", "calibration")
GROUPS = ("account_id", "group", "points")


def write_changes(project: Project, run: Run, now: pd.DataFrame, week_ago: pd.DataFrame) -> None:
    """Write `changes/as_of=D/changes.parquet` and `groups.parquet`, empty where there is nothing to compare with.

    Where the week before was scored, its own model, policy and stored features are what it is compared with; else
    today's model on what was known then.
    """
    import pandas as pd

    before = run.as_of - timedelta(days=7)
    parts, groups = pd.DataFrame(columns=PARTS), pd.DataFrame(columns=GROUPS)
    found = _compared(project, run, before, week_ago)
    if found is not None and len(found[1]) and len(now):
        then, features = found
        today = Model(run.champion, run.policy, run.reference) if run.champion else then
        # The same model and policy are one: nothing of the change is theirs.
        today = then if (then.scorer, then.policy) == (today.scorer, today.policy) else today
        parts, groups = changes(then, today, features, now, {n: i.group for n, i in catalogue(run.policy).items()})
    folder = project.out("changes", f"as_of={run.as_of.isoformat()}")
    stamped = {"as_of": run.as_of, "before_as_of": before}
    write_parquet(groups.assign(**stamped).astype({"points": "float64"}), folder / "groups.parquet")
    write_parquet(parts.assign(**stamped).astype(dict.fromkeys(PARTS[1:], "float64")), folder / "changes.parquet")


def _compared(project: Project, run: Run, before: date, week_ago: pd.DataFrame) -> tuple[Model, pd.DataFrame] | None:
    """(what scored the week before, what it was given)."""
    if run.champion is None:
        return None
    if before.isoformat() not in scored_dates(project):
        return Model(run.champion, run.policy, run.reference), week_ago
    scores = rows_of(project, "scores", before.isoformat())
    if not scores or scores[0]["model_version"] is None:
        return None
    try:
        policy = archived_policy(str(scores[0]["policy_version"]), project.policies)
        if scores[0]["model_version"] == run.model_version:
            then = Model(run.champion, policy, run.reference)
        else:
            shipped = Tracking(project).version(str(scores[0]["model_version"]))
            if shipped is None:
                raise SettingsError(
                    f"no model of version {scores[0]['model_version']} is registered.",
                    where="mlflow",
                    cure="Restore `.churn/mlflow.db` and `.churn/mlflow-artifacts`, or score again with today's model.",
                )
            scorer = stored_scorers(shipped.parameters)[shipped.parameters["champion"]]
            then = Model(scorer, policy, Reference.from_parameters(shipped.parameters["explained_against"]))
    except ChurnError as exc:
        # A model or policy that cannot be read any more makes no score wrong: what changed stays unknown.
        log.info("the score of %s cannot be taken apart: %s", before, exc)
        return None
    return then, _stored(project, before, week_ago)


def _stored(project: Project, before: date, week_ago: pd.DataFrame) -> pd.DataFrame:
    """The features that were scored then; those of today's reckoning where the stored ones lack a column."""
    import pandas as pd

    path = project.state / "features" / f"as_of={before.isoformat()}" / "features.parquet"
    if not path.exists():
        return week_ago
    found = pd.read_parquet(path, partitioning=None)
    return found if set(catalogue(project.policy)) <= set(found) else week_ago


def change_of(project: Project, as_of: str, accounts: set[str] | None = None) -> dict[str, dict[str, Any]]:
    """By account, as `churn explain` tells it: the parts in percentage points, their groups and the sentence."""
    if not (project.state / "changes" / f"as_of={as_of}" / "changes.parquet").exists():
        return {}
    points: dict[str, dict[str, float]] = {}
    for row in rows_of(project, "changes", as_of, part="groups"):
        if accounts is None or row["account_id"] in accounts:
            points.setdefault(row["account_id"], {})[row["group"]] = row["points"]
    found = {}
    for row in rows_of(project, "changes", as_of):
        account = row["account_id"]
        if account not in points:
            continue
        parts = points[account] | {"the new model": row["model"], "its calibration": row["calibration"]}
        found[account] = {
            "before_as_of": row["before_as_of"].isoformat(),
            "before_probability": row["before_probability"],
            "after_probability": row["after_probability"],
            "data": row["data"],
            "model": row["model"],
            "calibration": row["calibration"],
            "drivers": [
                {"group": g, "points": p} for g, p in sorted(points[account].items(), key=lambda item: -abs(item[1]))
            ],
            "sentence": change_told(row["before_probability"], row["after_probability"], parts),
        }
    return found
