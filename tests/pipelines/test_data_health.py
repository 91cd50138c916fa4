"""The page on data health tells what the last check, training and delivery left behind, and what was never run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from pipelines.data_health import data_health
from pipelines.settings import open_project
from tests.pipelines.conftest import UNTIL

Run = Callable[..., tuple[int, Any, str]]


def test_it_tells_the_last_check_the_model_and_the_deliveries(
    trained: tuple[Path, dict[str, Any], dict[str, Any]], tmp_path: Path, churn: Run
) -> None:
    ignored = shutil.ignore_patterns("prefect", "data_docs", "truth", "warehouse*", "mlflow*")
    scored = Path(shutil.copytree(trained[0], tmp_path / "whole", ignore=ignored))
    project, day = open_project(scored), UNTIL.isoformat()
    before = data_health(project, day)
    assert before.deliveries == ()
    assert before.alerts is None
    assert before.runs == ()
    churn("check", "--project", scored, "--json")
    code, applied, _ = churn("apply", "--project", scored, "--json")
    assert code == 0
    found = data_health(project, day)
    tables = {table.name: table for table in found.tables}
    assert found.verdict == "quarantined"
    assert tables["usage_events"].set_apart > 0
    assert tables["usage_events"].failing
    assert tables["accounts"].verdict == "ok"
    assert date(2026, 5, 1) < (tables["usage_events"].newest or date.min) <= UNTIL
    assert found.deliveries[0].written == applied["written"]
    assert found.waiting == 0
    assert found.model is not None
    assert found.model.churned is not None
    assert found.model.learned_until is not None
    groups = {line.group: line for line in found.groups}
    assert 0.5 < groups["usage"].known <= 1
    assert sum(line.indicators for line in found.groups) > 120


def test_before_any_check_it_says_so(scored: Path) -> None:
    (scored / ".churn" / "checks" / "report.json").unlink(missing_ok=True)
    found = data_health(open_project(scored), UNTIL.isoformat())
    assert found.checked_at is None
    assert found.tables == ()
