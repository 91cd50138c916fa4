"""What a scored day rests on: its policy, the evaluation of its model, and what had been seen of that model by then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pipelines.deliver import rows_of
from pipelines.run_ledger import runs
from pipelines.settings import Project
from policy.archive import archived_policy
from policy.policy import Policy


def as_scored(project: Project, as_of: str) -> Project:
    """The project with the policy that the day was scored with, whatever it says today."""
    return project.model_copy(update={"policy": policy_of(project, as_of)})


def policy_of(project: Project, as_of: str) -> Policy:
    """The policy that the day was scored with; the project's own where that was not kept (an older score)."""
    versions = {str(row["policy_version"]) for row in rows_of(project, "scores", as_of)}
    for version in versions:
        if (project.policies / f"{version}.yaml").exists():
            return archived_policy(version, project.policies)
    return project.policy


def evaluation_of(project: Project, score: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The figures of the training that registered the model of this score; null where they were not kept.

    Trainings of before evaluations named a version: the last one that had ended when the score was published, for every
    training ships.
    """
    kept = {path.parent.name: path for path in (project.state / "evaluations").glob("*/figures.json")}
    unnamed = []
    for name, path in kept.items():
        figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if figures.get("model_version") is None:
            unnamed.append(name)
        elif str(figures["model_version"]) == str(score["model_version"]):
            return figures
    published = score["published_at"].replace(tzinfo=UTC)
    for run in reversed(runs(project)):
        ended = run["ended"] and datetime.fromisoformat(run["ended"])
        if run["outcome"] == "done" and run["run_id"] in unnamed and ended <= published:
            found: dict[str, Any] = json.loads(kept[run["run_id"]].read_text(encoding="utf-8"))
            return found
    return None


def monitored(project: Project, model_version: str, as_of: str) -> Mapping[str, Any] | None:
    """The last look at this version of the model up to the day; null where nobody had looked."""
    for path in sorted((project.state / "monitor").glob("as_of=*/monitor.json"), reverse=True):
        if path.parent.name.removeprefix("as_of=") > as_of:
            continue
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if str(found.get("model_version")) == model_version:
            return found
    return None
