"""A scoring run made once more: its own policy, model, settings and moment, on what was known before its day."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from features.catalogue import catalogue
from features.measure import Context, Leaf
from features.reductions.journey import ACTIVITY
from pipelines.build_features import Checked
from pipelines.deliver import rows_of, scored_dates
from pipelines.outlook import outlook_table
from pipelines.score import MADE_WITH, drivers_table, evidence_table, typed_scores
from pipelines.scoring import Stamp, run_of, scored_by, seen_at
from pipelines.settings import Project
from pipelines.tracking import Shipped, Tracking, code_fingerprint
from policy.archive import archived_policy
from policy.errors import SettingsError
from policy.policy import Policy
from serving.holdout import without_tasks
from serving.workbench.replay.why import Circumstances

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

OF_THE_COHORT = frozenset({"subscriptions", "accounts"})
"""What the cohort itself is read from."""
EVERY = "*"
"""The table of a leaf that is read from every table with signs of life."""


@dataclass(frozen=True)
class Rebuilt:
    """The outputs of a run as they are made today, by name, and what may explain a difference."""

    tables: Mapping[str, pa.Table]
    circumstances: Circumstances


def policy_of_run(project: Project, version: str) -> Policy:
    """The policy that a score was made with. Raises SettingsError where it is no longer kept."""
    if not (project.policies / f"{version}.yaml").exists():
        raise SettingsError(
            f"the policy of version {version} is no longer kept, and the score was made with it.",
            where="policies",
            cure=f"Restore `.churn/policies/{version}.yaml` from a backup of the day.",
        )
    return archived_policy(version, project.policies)


def model_of(project: Project, version: str | None) -> Shipped | None:
    """The model of a version; null for a score that was made without any. Raises SettingsError where it is gone."""
    if version is None:
        return None
    found = Tracking(project).version(str(version))
    if found is None:
        raise SettingsError(
            f"no model of version {version} is registered any more, and the score was made with it.",
            where="mlflow",
            cure="Restore `.churn/mlflow.db` and `.churn/mlflow-artifacts` from a backup of the day.",
        )
    return found


def rebuilt(checked: Checked, day: date, first: Mapping[str, Any], shipped: Shipped | None) -> Rebuilt:
    """The run of a day again. `checked` has the policy of the run; `first` is any of its published scores."""
    kept = _kept(checked.project, day, str(first["run_id"]))
    settings = checked.project.settings
    stamp = Stamp(
        run_id=str(first["run_id"]),
        published_at=first["published_at"],
        horizon_days=first["horizon_days"],
        gap_days=first["gap_days"],
        capacity_share=kept.get("capacity_share", settings.capacity.share),
        currency=kept.get("currency", settings.project.currency),
    )
    checked = _with_tenure(checked, kept.get("min_tenure_days", settings.cohort.min_tenure_days))
    seen = seen_at(checked, day)
    run = replace(run_of(checked, day, shipped, stamp), team=kept.get("team", {}))
    scored = scored_by(checked, run, seen, published_by=stamp.published_at)
    held = _held(checked.project, day, stamp.run_id)
    scored = scored if held is None else without_tasks(scored, held)[0]
    now = seen.frames[day]
    outlook = outlook_table(now, scored.scores, shipped.parameters if shipped else None, run.policy)
    outlook.insert(1, "as_of", day)
    frames = {
        "features": now[["account_id", "as_of", *catalogue(run.policy)]],
        "scores": typed_scores(scored.scores),
        "outlook": outlook,
        "drivers": drivers_table(scored),
        "evidence": evidence_table(scored),
        "tasks": scored.tasks,
    }
    return Rebuilt({name: _as_stored(f) for name, f in frames.items()}, _circumstances(checked, day, kept, stamp))


def _circumstances(checked: Checked, day: date, kept: Mapping[str, Any], stamp: Stamp) -> Circumstances:
    facts, project = checked.facts, checked.project
    again = [d for d in scored_dates(project) if d < day.isoformat() and _published_at(project, d) > stamp.published_at]
    return Circumstances(
        same_code=kept["code"] == code_fingerprint() if kept else None,
        settings_kept=bool(kept),
        undated=frozenset(name for name in facts.tables if not facts.has(name, "known_at")),
        rests_on={
            name: frozenset(
                table for leaf in indicator.expr.leaves() for table in _tables_of(leaf) if table in facts.tables
            )
            for name, indicator in catalogue(project.policy).items()
        },
        scored_again=tuple(map(date.fromisoformat, again)),
    )


def _tables_of(leaf: Leaf) -> Iterable[str]:
    """The source tables that a leaf is read from."""
    if isinstance(leaf, Context):
        return OF_THE_COHORT
    named = {leaf.reduction.table, *leaf.reduction.also}
    return named - {EVERY} | set(ACTIVITY) if EVERY in named else named


def _with_tenure(checked: Checked, days: int) -> Checked:
    """With the cohort as the run took it."""
    settings = checked.project.settings
    cohort = settings.cohort.model_copy(update={"min_tenure_days": days})
    project = checked.project.model_copy(update={"settings": settings.model_copy(update={"cohort": cohort})})
    return replace(checked, project=project)


def _kept(project: Project, day: date, run_id: str) -> dict[str, Any]:
    """What the run kept of its settings and code; nothing where it kept none (an older score)."""
    path = project.state / "scores" / f"as_of={day}" / MADE_WITH
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return found if found.get("run_id") == run_id else {}


def _held(project: Project, day: date, run_id: str) -> pd.DataFrame | None:
    """The accounts that the run held out, as their assignments; null where it held out none."""
    import pandas as pd

    path = project.state / "holdout" / f"as_of={day}" / "holdout.parquet"
    if not path.exists():
        return None
    rows = pd.read_parquet(path, partitioning=None)
    rows = rows[rows["run_id"] == run_id]
    return None if rows.empty else rows.rename(columns={"held_since": "assigned_on"})


def _published_at(project: Project, day: str) -> datetime:
    rows = rows_of(project, "scores", day)
    return rows[0]["published_at"] if rows else datetime.min  # noqa: DTZ901 - naive as the stored ones


def _as_stored(frame: pd.DataFrame) -> pa.Table:
    """The frame after the way that a stored one has gone: written as Parquet and read again."""
    import pyarrow.parquet as pq

    place = io.BytesIO()
    frame.to_parquet(place, index=False)
    place.seek(0)
    return pq.read_table(place)
