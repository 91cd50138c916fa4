"""[schedule]: what it takes, and whether what it names has run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipelines.deployments import deployments
from pipelines.due_runs import due_runs
from pipelines.run_report import Report
from pipelines.scaffold import scaffold
from pipelines.settings import Project, open_project
from pipelines.settings_schedule import last_due
from policy.errors import SettingsError

Run = Callable[..., tuple[int, Any, str]]
BERLIN = '[schedule]\nweekly = "0 5 * * 1"\ndaily = ""\nmonthly = ""\ntimezone = "Europe/Berlin"\n'


def book(folder: Path, toml: str) -> Project:
    (folder / "churn.toml").write_text(toml, encoding="utf-8")
    return open_project(folder)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('weekly = "0 5 * *"', "Wrong number of fields"),
        ('daily = "61 * * * *"', "Bad minute"),
        ('monthly = "@monthly"', "Wrong number of fields"),
        ('timezone = "Berlin"', "Europe/Berlin"),
        ('weakly = "0 5 * * 1"', "weekly"),
    ],
)
def test_what_is_no_schedule_is_refused_with_the_cure(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        book(tmp_path, f"[schedule]\n{line}\n")


def test_the_hour_is_that_of_the_zone_also_over_summer_time() -> None:
    winter, summer = datetime(2026, 3, 24, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC)
    due = [last_due("0 5 * * 1", "Europe/Berlin", now).astimezone(UTC).isoformat() for now in (winter, summer)]
    assert due == ["2026-03-23T04:00:00+00:00", "2026-03-30T03:00:00+00:00"]


def test_a_run_is_late_six_hours_after_it_was_due_unless_one_ended_well_since(tmp_path: Path) -> None:
    project = book(tmp_path, BERLIN)
    began = datetime.now(UTC)
    report = Report(project, "weekly")
    # The last Monday at five before it began, in Berlin, and the one after.
    due = last_due("0 5 * * 1", "Europe/Berlin", began)
    (line,) = due_runs(project, due + timedelta(days=6))
    assert line["run"]["outcome"] == "running"
    assert line["late"]
    report.close("failed", 6, None)
    assert due_runs(project, due + timedelta(days=6))[0]["late"]
    report.close("done", 0, None)
    assert not due_runs(project, due + timedelta(days=6))[0]["late"]
    following = due + timedelta(days=7)
    assert not due_runs(project, following + timedelta(hours=4))[0]["late"]
    assert due_runs(project, following + timedelta(hours=8))[0]["late"]


def test_status_tells_them_and_fails_for_a_watchdog_alone(tmp_path: Path, churn: Run) -> None:
    scaffold(tmp_path)
    code, found, _ = churn("status", "--project", tmp_path, "--json")
    assert code == 0
    assert [(line["what"], line["late"], line["run"]) for line in found["scheduled"]] == [
        ("weekly", True, None), ("daily", True, None), ("monthly", True, None),
    ]  # fmt: skip
    code, found, err = churn("status", "--project", tmp_path, "--late", "--json")
    assert code == found["error"]["code"] == 6
    assert found["status"]["scheduled"]
    assert "the weekly run that was due at" in err
    (tmp_path / "churn.toml").write_text(BERLIN.replace('"0 5 * * 1"', '""'), encoding="utf-8")
    code, found, _ = churn("status", "--project", tmp_path, "--late", "--json")
    assert (code, found["scheduled"]) == (0, [])


def test_deployments_are_what_churn_toml_says(tmp_path: Path) -> None:
    ours = {one.name: one for one in deployments(book(tmp_path, BERLIN), {"data": "x"}, "fjord")}
    assert {name: one.cron for name, one in ours.items()} == {
        "weekly-fjord": "0 5 * * 1", "daily-signals-fjord": None, "monthly-retrain-fjord": None,
        "hourly-alerts-fjord": None,
    }  # fmt: skip
    weekly = ours["weekly-fjord"]
    assert (weekly.entrypoint, weekly.timezone) == ("pipelines.flows.weekly", "Europe/Berlin")
    assert weekly.parameters == {"project": str(tmp_path.resolve()), "variables": {"data": "x"}}


def test_alerts_are_scheduled_where_there_is_a_channel(tmp_path: Path) -> None:
    with_one = book(tmp_path, '[alerts]\nmail_host = "mail.example.org"\nmail_from = "churn@example.org"\n')
    assert deployments(with_one, {})[-1].cron == "30 * * * *"


@pytest.mark.parametrize("address", ["", "http://anna:canary@127.0.0.1:1/api"])
def test_without_a_server_deploy_says_how_to_get_one(tmp_path: Path, address: str) -> None:
    scaffold(tmp_path)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "deploy", "--project", str(tmp_path), "--json"],
        env={**kept, "PREFECT_HOME": str(tmp_path / "prefect"), **({"PREFECT_API_URL": address} if address else {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    error = json.loads(done.stdout)["error"]
    assert done.returncode == error["code"] == 3
    assert error["where"] == ("http://127.0.0.1:1/api" if address else "PREFECT_API_URL")
    assert "churn weekly" in error["cure"]
    assert "canary" not in done.stdout + done.stderr
