"""The same functions as Prefect flows, on a temporary server of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.demo import make_demo
from tests.pipelines.conftest import UNTIL


def test_score_runs_as_a_flow_and_gives_the_same_json(scored: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-m", "pipelines.cli", "apply", "--project", str(scored), "--prefect", "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        env=clean,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["written"] == found["staged"] > 0
    assert (scored / ".churn" / "prefect").exists()


@pytest.mark.slow
def test_weights_on_trial_run_as_a_flow(scored: Path) -> None:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    said = [
        subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "weights", "--project", str(scored), "--json", *more],
            capture_output=True, text=True, timeout=300, env=clean, check=False,
        )
        for more in ((), ("--prefect",))
    ]  # fmt: skip
    assert [done.returncode for done in said] == [0, 0], said[1].stderr[-2000:]
    assert json.loads(said[0].stdout) == json.loads(said[1].stdout)


@pytest.mark.slow
def test_the_weekly_flow_takes_the_steps_of_the_command_and_leaves_its_report(tmp_path: Path) -> None:
    """A book too young to train on: health alone, and the same steps."""
    folder = make_demo(tmp_path / "small", seed=3, accounts=50, until=UNTIL)
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    said = []
    for more in ((), ("--prefect",)):
        done = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", "weekly", "--project", str(folder), "--json", *more],
            capture_output=True, text=True, timeout=600, env=clean, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        said.append(json.loads(done.stdout))
    plain, flow = said
    steps = [[(step["step"], step["outcome"]) for step in found["steps"]] for found in said]
    assert steps[0] == steps[1]
    told = ["feedback", "check", "score", "signals", "workbench", "apply", "report", "alert"]
    assert [name for name, _ in steps[0]] == told
    assert plain["flow_run"] is None
    assert flow["flow_run"]
    results = {step["step"]: step["result"] for step in flow["steps"]}
    assert results["signals"]["as_of"] == results["score"]["as_of"] == UNTIL.isoformat()
    assert results["apply"]["staged"] > results["apply"]["written"]  # the plain run has delivered them
    assert json.loads(Path(flow["page"]).with_suffix(".json").read_text("utf-8"))["run"] == flow["run"]
    page = next((Path(results["report"]["path"]).parent / "accounts").glob("*.html")).read_text("utf-8")
    assert "Open signals" in page


def test_without_decorators_the_code_still_runs() -> None:
    """Each flow is thin: the step it wraps is a plain function that knows nothing of Prefect."""
    code = "import sys, pipelines.steps, pipelines.train, pipelines.score; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
