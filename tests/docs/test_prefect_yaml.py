"""The schedules of prefect.yaml fit the flows they start."""

from __future__ import annotations

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.deployments import POOL, deployments
from pipelines.settings import open_project

ROOT = Path(__file__).resolve().parents[2]
FILE = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
DEPLOYMENTS = {one["name"]: one for one in FILE["deployments"]}


def flow(entrypoint: str) -> ast.FunctionDef:
    """The flow's definition, read without importing Prefect."""
    file, _, name = entrypoint.partition(":")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    found = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert found, f"{file} has no function `{name}`"
    return found[0]


def is_flow(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(called, ast.Name) and called.id == "flow"


@pytest.fixture(params=DEPLOYMENTS.values(), ids=list(DEPLOYMENTS))
def deployment(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def test_it_says_what_churn_deploy_registers(tmp_path: Path) -> None:
    (tmp_path / "churn.toml").write_text('[alerts]\nwebhook_url = "https://hooks.example.org/x"\n', encoding="utf-8")
    ours = deployments(open_project(tmp_path), {})
    assert [one.name for one in ours] == list(DEPLOYMENTS)
    for one in ours:
        theirs = DEPLOYMENTS[one.name]
        assert theirs["entrypoint"] == f"{one.entrypoint.rpartition('.')[0].replace('.', '/')}.py:{one.flow}"
        assert theirs["description"] == one.description
        assert theirs["schedules"] == [{"cron": one.cron, "timezone": one.timezone}]
        assert set(theirs["parameters"]) == set(one.parameters)
        assert theirs["work_pool"]["name"] == POOL


def test_the_entrypoint_is_a_flow(deployment: dict[str, Any]) -> None:
    assert any(map(is_flow, flow(deployment["entrypoint"]).decorator_list))


def test_the_parameters_fit_the_flow(deployment: dict[str, Any]) -> None:
    arguments = flow(deployment["entrypoint"]).args
    names = [a.arg for a in arguments.args]
    required = set(names[: len(names) - len(arguments.defaults)])
    given = set(deployment.get("parameters", {}))
    assert required <= given <= set(names)


def test_the_schedule_has_its_zone_and_runs_never_overlap(deployment: dict[str, Any]) -> None:
    assert [s["timezone"] for s in deployment["schedules"]] == ["UTC"]
    assert deployment["concurrency_limit"] == 1
    assert deployment["work_pool"]["name"]


def test_the_weekly_run_falls_on_monday_at_five() -> None:
    minute, hour, day, month, weekday = DEPLOYMENTS["weekly"]["schedules"][0]["cron"].split()
    assert (minute, hour, day, month) == ("0", "5", "*", "*")
    monday = datetime(2026, 6, 1, tzinfo=UTC)
    assert int(weekday) == monday.isoweekday() == 1


def test_the_signals_run_every_day_and_never_on_top_of_the_weekly_run() -> None:
    daily = DEPLOYMENTS["daily-signals"]["schedules"][0]["cron"].split()
    weekly = DEPLOYMENTS["weekly"]["schedules"][0]["cron"].split()
    assert daily[2:] == ["*", "*", "*"]
    assert daily[:2] != weekly[:2]


def test_the_named_version_of_prefect_is_the_locked_one() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert f"prefect=={FILE['prefect-version']} " in lock
