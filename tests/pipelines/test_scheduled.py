"""What runs on a schedule: its steps, its exit code, its report; the steps' own work is theirs to test."""

from __future__ import annotations

import ast
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines import scheduled
from pipelines.processes import alive
from pipelines.run_report import KEPT, reports
from pipelines.scaffold import scaffold
from pipelines.settings import Project, open_project
from policy.errors import ContractStop, DeliveryIncomplete, Locked, NotEnoughData

Run = Callable[..., tuple[int, Any, str]]
CHECKED = SimpleNamespace(report=SimpleNamespace(as_json=lambda: {"verdict": "ok", "tables": {}}))
GIVEN: dict[str, Any] = {
    "feedback": {"read": 3, "new": 1, "by_kind": {"override": 1}, "unknown_root_causes": [], "path": None},
    "check": CHECKED,
    "score": {"as_of": "2026-06-01", "run_id": "r1", "scored": 5, "tiers": {"green": 4}, "path": "x"},
    "report": "index.html",
}
WEEKLY = ["feedback", "check", "score", "signals", "workbench", "apply", "report", "alert"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    scaffold(tmp_path / "book")
    return open_project(tmp_path / "book")


def giving(**errors: BaseException) -> scheduled.Call:
    """Takes each step, and gives what it would, or its error."""

    def call(name: str, _: Callable[[], Any]) -> Any:
        if name in errors:
            raise errors[name]
        return GIVEN.get(name, {"open": 2})

    return call


def outcomes(found: dict[str, Any]) -> dict[str, str]:
    return {step["step"]: step["outcome"] for step in found["steps"]}


def test_a_weekly_run_takes_its_steps_in_order_and_reports_their_counts(project: Project) -> None:
    made = scheduled.run("weekly", project, call=giving())
    (found,) = reports(project)
    assert list(outcomes(found)) == WEEKLY
    assert set(outcomes(found).values()) == {"done", "skipped"}
    assert (found["outcome"], found["code"], found["error"]) == ("done", 0, None)
    score = next(step for step in found["steps"] if step["step"] == "score")
    assert score["result"] == {"as_of": "2026-06-01", "run_id": "r1", "scored": 5, "tiers": {"green": 4}, "path": "x"}
    assert "no channel is set up" in found["steps"][-1]["note"]
    page = Path(found["page"]).read_text("utf-8")
    assert "done, exit code 0" in page
    assert "scored 5" in page
    assert made.worst is None


@pytest.mark.parametrize(
    ("what", "steps"),
    [("daily", ["check", "signals", "alert"]), ("monthly", ["check", "monitor", "train"]), ("alerts", ["alert"])],
)
def test_the_other_runs_take_theirs(project: Project, what: str, steps: list[str]) -> None:
    scheduled.run(what, project, call=giving())
    assert list(outcomes(next(reports(project)))) == steps


def test_what_the_others_rest_on_ends_the_run(project: Project) -> None:
    stop = ContractStop("no rows.", where="accounts", cure="Mend it.")
    made = scheduled.run("weekly", project, call=giving(check=stop))
    (found,) = reports(project)
    assert outcomes(found) == {"feedback": "done", "check": "failed"}
    assert found["error"] == {"code": 4, "where": "accounts", "message": "no rows.", "cure": "Mend it."}
    assert "**Cure**: Mend it." in Path(found["page"]).read_text("utf-8")
    assert made.worst is stop


def test_after_any_other_step_the_run_goes_on_and_has_the_worst_code(project: Project) -> None:
    late = DeliveryIncomplete("2 rows wait.", where="apply", cure="Run it again.")
    scheduled.run("weekly", project, call=giving(feedback=Locked("held."), apply=late))
    found = next(reports(project))
    assert outcomes(found) | {"alert": "skipped"} == dict.fromkeys(WEEKLY, "done") | {
        "feedback": "failed", "apply": "failed", "alert": "skipped",
    }  # fmt: skip
    assert (found["outcome"], found["code"], found["error"]["where"]) == ("failed", 6, "apply")


@pytest.mark.parametrize(
    ("error", "code"), [(RuntimeError("ours"), 1), (ContractStop("x"), 4), (NotEnoughData("x"), 5), (Locked("x"), 6)]
)
def test_a_bug_is_worse_than_the_data_and_those_than_what_waits(project: Project, error: Exception, code: int) -> None:
    scheduled.run("weekly", project, call=giving(signals=error, apply=DeliveryIncomplete("x")))
    assert next(reports(project))["code"] == code


def test_the_report_is_there_from_the_first_moment_on(project: Project) -> None:
    seen = []

    def call(name: str, step: Callable[[], Any]) -> Any:
        found = next(reports(project))
        seen.append((found["outcome"], found["steps"][-1]["step"], found["steps"][-1]["outcome"]))
        assert "it never ended" in Path(found["page"]).read_text("utf-8")
        return giving()(name, step)

    scheduled.run("weekly", project, call=call)
    assert seen == [("running", step, "running") for step in WEEKLY[:-1]]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, -9), (signal.SIGTERM, -15)])
def test_a_killed_run_reads_as_interrupted(project: Project, number: signal.Signals, code: int) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\nfrom pipelines import scheduled\n"
        "from pipelines.settings import open_project\n"
        f"call = lambda name, step: os.kill(os.getpid(), {int(number)}) if name == 'check' else {{}}\n"
        "scheduled.run('weekly', open_project(Path(sys.argv[1])), call=call)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(project.folder)], timeout=60, check=False)
    assert done.returncode == code
    (found,) = reports(project)
    assert (found["outcome"], found["code"], found["finished"]) == ("interrupted", None, None)
    assert outcomes(found) == {"feedback": "done", "check": "interrupted"}


def test_a_dead_process_that_nobody_has_asked_for_runs_no_more() -> None:
    """So it is in a container whose first process is no init."""
    code = (
        "from pipelines.processes import this_process\nprint(this_process(), flush=True)\nimport time\ntime.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    process = ast.literal_eval(child.stdout.readline())
    assert alive(process)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(process)
    child.communicate()


def test_what_a_person_interrupts_says_so_and_goes_on_as_the_interruption(project: Project) -> None:
    with pytest.raises(KeyboardInterrupt):
        scheduled.run("weekly", project, call=giving(score=KeyboardInterrupt()))
    found = next(reports(project))
    assert (found["outcome"], outcomes(found)["score"]) == ("interrupted", "interrupted")
    assert found["finished"]


def test_a_destination_that_gives_nothing_back_is_not_asked(project: Project) -> None:
    (project.folder / "churn.toml").write_text('[destination]\nkind = "files"\n', encoding="utf-8")
    scheduled.run("weekly", open_project(project.folder), call=giving())
    assert outcomes(next(reports(project)))["feedback"] == "skipped"


def test_nobody_is_alerted_about_a_day_that_was_asked_for(project: Project) -> None:
    (project.folder / "churn.toml").write_text('[alerts]\nwebhook_url = "https://x.example.org"\n', encoding="utf-8")
    book = open_project(project.folder)
    scheduled.run("weekly", book, date(2026, 5, 4), call=giving())
    found = next(reports(project))
    assert (found["as_of"], outcomes(found)["alert"]) == ("2026-05-04", "skipped")
    scheduled.run("weekly", book, call=giving())
    assert next(reports(project))["steps"][-1]["outcome"] == "done"


def test_old_reports_of_the_same_kind_make_room(project: Project) -> None:
    folder = project.out("runs")
    for n in range(KEPT + 5):
        for ending in ("json", "md"):
            (folder / f"20260101T000{n:03d}000000Z-daily-000000.{ending}").write_text("{}", encoding="utf-8")
    (folder / "20250101T000000000000Z-weekly-000000.json").write_text("{}", encoding="utf-8")
    scheduled.run("daily", project, call=giving())
    left = sorted(path.name for path in folder.glob("*-daily-*.json"))
    assert len(left) == len(list(folder.glob("*-daily-*.md"))) == KEPT
    assert left[0].startswith("20260101T000006000000Z")
    assert len(list(folder.glob("*-weekly-*.json"))) == 1


def test_the_command_tells_the_error_and_the_run_and_leaves_with_its_code(project: Project, churn: Run) -> None:
    """For real: the SELECTs of a fresh project name tables that are not there."""
    code, found, err = churn("weekly", "--project", project.folder, "--json")
    (report,) = reports(project)
    assert code == found["error"]["code"] == report["code"] != 0
    assert set(found["error"]) == {"code", "where", "message", "cure"}
    assert found["run"]["run"] == report["run"]
    assert outcomes(report) == {"feedback": "done", "check": "failed"}
    assert err.count("Cure:") == 1
    code, text, _ = churn("daily", "--project", project.folder)
    assert code == report["code"]
    assert "Report:" in text


def test_a_report_holds_no_secret(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipelines.destinations import secret

    monkeypatch.setenv("CHURN_WEBHOOK_SECRET", "canary-7f3a9c")
    secret("CHURN_WEBHOOK_SECRET")
    scheduled.run("weekly", project, call=giving(check=RuntimeError("refused: canary-7f3a9c")))
    told = "".join(path.read_text("utf-8") for path in project.out("runs").iterdir())
    assert "canary" not in told
    assert "refused: [secret]" in json.dumps(json.loads(next(project.out("runs").glob("*.json")).read_text("utf-8")))
