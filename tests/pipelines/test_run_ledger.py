"""Every training run leaves its trace, whatever its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.run_ledger import ledger_path, recorded, runs
from pipelines.scaffold import scaffold
from pipelines.settings import Project, open_project
from pipelines.train import TrainRequest
from policy.errors import ContractStop, NotEnoughData

Run = Callable[..., tuple[int, Any, str]]
ROOT = Path(__file__).resolve().parents[2]
FIGURES = {
    "roc_auc": 0.8, "roc_auc_ci": (0.7, 0.9), "roc_auc_in_window": None, "log_loss": 0.1, "lift_at_10": 3.0,
    "recall_at_capacity": 0.4, "base_rate": 0.05,
}  # fmt: skip
RESULT = {
    "run_id": "r1",
    "champion": {"scorer": "logistic", "reason": "it won"},
    "horizon_days": 90,
    "test": {"n_churned_accounts": 70},
    "models": {"logistic": FIGURES},
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    scaffold(tmp_path / "book")
    return open_project(tmp_path / "book")


def ending(error: BaseException | None) -> Callable[..., dict[str, Any]]:
    @recorded
    def step(on: Project, request: TrainRequest) -> dict[str, Any]:
        if error is not None:
            raise error
        return dict(RESULT)

    return step


def test_a_run_that_ends_well_is_kept_with_its_request_and_headline(project: Project) -> None:
    ending(None)(project, TrainRequest(test_from=date(2026, 1, 5), horizon_days=60))
    (found,) = runs(project)
    assert (found["outcome"], found["run_id"], found["champion"]) == ("done", "r1", "logistic")
    assert found["request"] == {"test_from": "2026-01-05", "horizon_days": 60}
    assert found["headline"]["roc_auc"] == 0.8
    assert (found["headline"]["n_churned_accounts"], found["headline"]["horizon_days"]) == (70, 90)
    assert found["error"] is None
    assert found["started"] <= found["ended"]


@pytest.mark.parametrize(
    ("error", "outcome", "code"),
    [
        (NotEnoughData("29 churned accounts", where="train"), "refused", 5),
        (ContractStop("rows break the contract", where="accounts"), "failed", 4),
        (ZeroDivisionError("a bug"), "failed", 1),
        (KeyboardInterrupt(), "interrupted", 1),
    ],
)
def test_a_failure_is_recorded_and_goes_on_as_it_was(
    project: Project, error: BaseException, outcome: str, code: int
) -> None:
    with pytest.raises(type(error)) as met:
        ending(error)(project, TrainRequest())
    assert met.value is error
    (found,) = runs(project)
    assert (found["outcome"], found["error"]["code"], found["error"]["kind"]) == (outcome, code, type(error).__name__)
    assert found["run_id"] is None


def test_a_step_inside_a_recorded_one_is_the_same_run_and_the_next_one_another(project: Project) -> None:
    inner = ending(None)

    @recorded
    def outer(on: Project, request: TrainRequest) -> dict[str, Any]:
        return inner(on, request)

    outer(project, TrainRequest())
    inner(project, TrainRequest())
    assert [r["outcome"] for r in runs(project)] == ["done", "done"]


def test_a_killed_run_reads_as_interrupted_and_a_living_one_as_running(project: Project) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from pipelines.run_ledger import recorded\nfrom pipelines.settings import open_project\n"
        "from pipelines.train import TrainRequest\n"
        "@recorded\ndef step(on, request):\n    print('in', flush=True)\n    time.sleep(60)\n"
        "step(open_project(Path(sys.argv[1])), TrainRequest())\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(project.folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "in\n"
        assert [r["outcome"] for r in runs(project)] == ["running"]
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
    (found,) = runs(project)
    assert (found["outcome"], found["ended"]) == ("interrupted", None)


def test_a_process_that_took_over_the_number_of_a_killed_run_is_not_that_run(project: Project) -> None:
    line = {
        "id": "x", "event": "started", "started": "2026-01-01T00:00:00+00:00", "request": {},
        "process": {"pid": os.getpid(), "began": "1"},
    }  # fmt: skip
    ledger_path(project).write_text(json.dumps(line) + "\n", encoding="utf-8")
    assert runs(project)[0]["outcome"] == "interrupted"


def test_half_a_line_spoils_neither_what_stands_nor_what_comes(project: Project) -> None:
    ending(None)(project, TrainRequest())
    with ledger_path(project).open("a", encoding="utf-8") as file:
        file.write('{"id": "half')
    ending(None)(project, TrainRequest())
    assert [r["outcome"] for r in runs(project)] == ["done", "done"]


def test_a_ledger_that_cannot_be_written_stops_no_training(project: Project, caplog: pytest.LogCaptureFixture) -> None:
    ledger_path(project).mkdir()
    assert ending(None)(project, TrainRequest())["run_id"] == "r1"
    assert "was not written" in caplog.text


def test_churn_runs_lists_them_newest_last(project: Project, churn: Run) -> None:
    with pytest.raises(NotEnoughData):
        ending(NotEnoughData("29 churned accounts [sic]", where="train"))(project, TrainRequest())
    time.sleep(1.1)  # the ledger's clock counts seconds
    ending(None)(project, TrainRequest())
    code, found, _ = churn("runs", "--project", project.folder, "--json")
    assert code == 0
    assert [r["outcome"] for r in found["runs"]] == ["refused", "done"]
    code, text, _ = churn("runs", "--project", project.folder)
    assert "29 churned accounts" in " ".join(text.split())
    assert "logistic" in text


def test_a_refused_churn_train_is_in_the_ledger(project: Project, churn: Run) -> None:
    code, found, _ = churn("train", "--project", project.folder, "--json")
    assert code != 0
    (run,) = runs(project)
    assert run["error"]["code"] == code == found["error"]["code"]


def test_no_run_yet_is_said_plainly(project: Project, churn: Run) -> None:
    code, text, _ = churn("runs", "--project", project.folder)
    assert code == 0
    assert "No training run yet" in text
