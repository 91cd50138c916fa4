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
def test_the_weekly_flow_looks_for_signals_before_it_writes_the_pages(tmp_path: Path) -> None:
    """A book too young to train on: health alone, and the same steps."""
    folder = make_demo(tmp_path / "small", seed=3, accounts=50, until=UNTIL)
    code = "import json, sys\nfrom pathlib import Path\nfrom pipelines.runs import _flows\n" + (
        "flows = _flows(Path(sys.argv[1]) / '.churn')\nprint(json.dumps(flows.weekly(sys.argv[1])))"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=600, env=clean, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert list(found) == ["score", "signals", "apply", "report"]
    assert found["signals"]["as_of"] == found["score"]["as_of"] == UNTIL.isoformat()
    page = next((Path(found["report"]).parent / "accounts").glob("*.html")).read_text("utf-8")
    assert "Open signals" in page


def test_without_decorators_the_code_still_runs() -> None:
    """Each flow is thin: the step it wraps is a plain function that knows nothing of Prefect."""
    code = "import sys, pipelines.steps, pipelines.train, pipelines.score; print('prefect' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.strip() == "False"
