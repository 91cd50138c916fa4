"""The pages of a day rest on what held when it was scored: its policy, its model's evaluation, what was seen by then."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.as_scored import as_scored, evaluation_of, monitored
from pipelines.settings import Project, open_project
from tests.pipelines.review_book import MONDAY, made_book

DAY = MONDAY.isoformat()
LATER = 'version: "3-later"\nauthor: me\nreason: a test\nhealth: {bands: {green: 80}}\n'


def kept(path: Path, **content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")


def ended(project: Project, run: str, at: str) -> None:
    path = project.out("evaluations") / "ledger.jsonl"
    lines = [
        {"id": run, "event": "started", "started": at, "request": {}, "process": {"pid": 1, "began": "0"}},
        {"id": run, "event": "ended", "ended": at, "outcome": "done", "run_id": run},
    ]
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)


def score(version: str, published: str = "2026-06-01T05:00:00") -> dict[str, Any]:
    return {"model_version": version, "published_at": datetime.fromisoformat(published)}


def test_a_policy_that_came_later_is_not_the_one_of_the_day(tmp_path: Path) -> None:
    folder = made_book(tmp_path / "book", 3)
    then = open_project(folder).policy.version
    (folder / "policy.yaml").write_text(LATER, encoding="utf-8")
    project = open_project(folder)
    assert project.policy.version == "3-later"
    assert as_scored(project, DAY).policy.version == then


def test_the_evaluation_is_that_of_the_model_and_not_the_newest(tmp_path: Path) -> None:
    project = open_project(made_book(tmp_path / "book", 3))
    for run, version in (("a", "1"), ("b", "2")):
        kept(project.state / "evaluations" / run / "figures.json", run_id=run, model_version=version)
    for version, run in (("1", "a"), ("2", "b")):
        found = evaluation_of(project, score(version))
        assert found is not None
        assert found["run_id"] == run
    assert evaluation_of(project, score("3")) is None


def test_an_evaluation_without_a_version_is_found_by_what_had_been_trained_when_the_score_was_published(
    tmp_path: Path,
) -> None:
    project = open_project(made_book(tmp_path / "book", 3))
    for run, at in (("a", "2026-05-01T00:00:00+00:00"), ("b", "2026-06-15T00:00:00+00:00")):
        kept(project.state / "evaluations" / run / "figures.json", run_id=run, model_version=None)
        ended(project, run, at)
    for published, run in (("2026-06-01T05:00:00", "a"), ("2026-07-01T05:00:00", "b")):
        found = evaluation_of(project, score("1", published))
        assert found is not None
        assert found["run_id"] == run
    assert evaluation_of(project, score("1", "2026-04-01T00:00:00")) is None


def test_a_look_at_the_model_counts_up_to_the_day_and_for_its_own_version(tmp_path: Path) -> None:
    project = open_project(made_book(tmp_path / "book", 3))
    for day, version in (("2026-05-01", "1"), ("2026-05-25", "0"), ("2026-06-08", "1")):
        kept(project.state / "monitor" / f"as_of={day}" / "monitor.json", as_of=day, model_version=version)
    found = monitored(project, "1", DAY)
    assert found is not None
    assert found["as_of"] == "2026-05-01"
    assert monitored(project, "1", "2026-04-30") is None
    assert monitored(project, "2", DAY) is None
