"""`churn feedback`: what people put into the CRM, kept as rows of the source table `crm_feedback`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.build_features import now_utc
from pipelines.destinations import destination, ledger
from pipelines.files import write_parquet
from pipelines.settings import Project
from serving.writeback.feedback import Feedback, feedback

FOLDER = "feedback"


def pull_feedback(project: Project) -> dict[str, Any]:
    """Read it, and write what was not there before to a file of its own under `.churn/feedback/`.

    A row stays as it was first read; what a person changes is a new row with a new id. The files together are the
    table: `SELECT * FROM read_parquet('.churn/feedback/*.parquet')` in sources/crm_feedback.sql.
    """
    crm = destination(project)
    try:
        found = list(feedback(crm, ledger(project)))
    finally:
        crm.close()
    known = _known(project)
    new = [row for row in found if row.feedback_id not in known]
    path = _write(project, new) if new else None
    causes = Counter(row.reason for row in new if row.kind == "task_outcome" and row.reason)
    strange = sorted(set(causes) - set(project.policy.tasks.root_causes))
    return {
        "destination": crm.name,
        "read": len(found),
        "new": len(new),
        "by_kind": dict(sorted(Counter(row.kind for row in new).items())),
        "unknown_root_causes": strange,
        "path": None if path is None else str(path),
    }


def _known(project: Project) -> set[str]:
    import pyarrow.parquet as pq

    return {
        number
        for path in (project.state / FOLDER).glob("*.parquet")
        for number in pq.read_table(path, columns=["feedback_id"]).column(0).to_pylist()
    }


def _write(project: Project, rows: Iterable[Feedback]) -> Path:
    import pandas as pd

    now = now_utc().replace(microsecond=0)
    frame = pd.DataFrame([row._asdict() for row in rows]).astype("string")
    frame["recorded_at"] = pd.Timestamp(now)
    frame["expires_on"] = [_day(text) for text in frame["expires_on"]]
    return write_parquet(frame, project.out(FOLDER) / f"read-{now:%Y%m%dT%H%M%S}.parquet")


def _day(text: Any) -> date | None:
    try:
        return date.fromisoformat(text)
    except (TypeError, ValueError):
        return None
