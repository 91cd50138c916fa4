"""Schedules for real: a Prefect server, `churn deploy`, and workers that are killed in the middle."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pipelines.demo import make_demo
from pipelines.run_report import reports
from pipelines.settings import open_project
from tests.mail_box import Box, mail_server
from tests.pipelines.conftest import UNTIL
from tests.pipelines.prefect_service import Service, descendants, kill, prefect_server, until

pytestmark = pytest.mark.slow
SLOW_CRM = """
import time
from pathlib import Path
from serving.writeback.sqlite import SqliteCrm

class SlowCrm(SqliteCrm):
    def __init__(self, path):
        super().__init__(path)
        self.batch_size = 5

    def write(self, kind, batch, handle):
        time.sleep(0.5)
        return super().write(kind, batch, handle)

def made(options):
    return SlowCrm(Path(options["path"]))
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with prefect_server(tmp_path_factory.mktemp("prefect")) as found:
        yield found


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book too young to train on: health alone, and the same steps."""
    return make_demo(tmp_path_factory.mktemp("small") / "small", seed=3, accounts=50, until=UNTIL)


@pytest.fixture
def box() -> Iterator[tuple[Box, int]]:
    with mail_server() as found:
        yield found


@pytest.fixture
def book(small: Path, tmp_path: Path, box: tuple[Box, int]) -> Path:
    """A copy that writes slowly into its CRM, and tells of failures by mail."""
    folder = Path(shutil.copytree(small, tmp_path / "book"))
    (folder / "slow_crm.py").write_text(SLOW_CRM, encoding="utf-8")
    crm = (
        f'[destination]\nkind = "own"\npath = "slow_crm.py"\n[destination.options]\npath = "{folder / "crm.sqlite"}"\n'
    )
    mail = f'[alerts]\nmail_host = "127.0.0.1"\nmail_port = {box[1]}\nmail_from = "churn@example.org"\n'
    toml = f'[project]\nname = "demo"\n[variables]\ndata = "tables"\n{crm}{mail}failures_to = "ops@example.org"\n'
    (folder / "churn.toml").write_text(toml, encoding="utf-8")
    return folder


def deploy(service: Service, folder: Path, *more: str) -> tuple[int, dict[str, Any]]:
    done = service.churn("deploy", "--project", folder, "--json", *more)
    said = json.loads(done.stdout)
    return done.returncode, said.get("registered", said)


def rows(folder: Path, table: str) -> list[str]:
    crm = folder / "crm.sqlite"
    if not crm.exists():
        return []
    with sqlite3.connect(f"file:{crm}?mode=ro", uri=True) as db:
        try:
            return sorted(str(row[0]) for row in db.execute(f"SELECT * FROM {table}"))
        except sqlite3.OperationalError:
            return []


def assert_delivered(folder: Path) -> None:
    """Every score and every task, once."""
    for table, what, key in (("accounts", "scores", "account_id"), ("tasks", "tasks", "task_key")):
        made = pd.read_parquet(next((folder / ".churn" / what).glob(f"*/{what}.parquet")), partitioning=None)
        assert len(made)
        assert rows(folder, table) == sorted(made[key])


def step(folder: Path) -> str:
    """The step that the newest run is at."""
    found = next(reports(open_project(folder)), {"steps": []})
    return found["steps"][-1]["step"] if found["steps"] else ""


def failures(box: Box) -> list[str]:
    return [mail["Subject"] for to, mail in box.mails if to == ["ops@example.org"] and "run of" in mail["Subject"]]


def test_deploy_registers_once_and_keeps_what_was_paused(service: Service, book: Path, small: Path) -> None:
    code, found = deploy(service, book, "--name", "once", "--pool", "once")
    assert code == 0
    assert found["makes_runs"]
    assert found["pool"] == {"name": "once", "state": "made"}
    assert {line["name"]: line["state"] for line in found["deployments"]} == dict.fromkeys(
        ["weekly/weekly-once", "daily/daily-signals-once", "monthly/monthly-retrain-once", "alerts/hourly-alerts-once"],
        "registered",
    )
    there = service.ask("GET", "/deployments/name/weekly/weekly-once")
    assert there["entrypoint"] == "pipelines.flows.weekly"
    assert there["global_concurrency_limit"]["limit"] == 1
    schedule = there["schedules"][0]
    service.ask("PATCH", f"/deployments/{there['id']}/schedules/{schedule['id']}", active=False)
    _, again = deploy(service, book, "--name", "once", "--pool", "once")
    assert not again["changed"]
    assert {line["state"] for line in again["deployments"]} == {"unchanged"}
    assert again["deployments"][0]["paused"]
    toml = (book / "churn.toml").read_text("utf-8")
    (book / "churn.toml").write_text(f'{toml}\n[schedule]\nweekly = "0 7 * * 2"\nmonthly = ""\n', encoding="utf-8")
    _, changed = deploy(service, book, "--name", "once", "--pool", "once")
    assert {line["name"].partition("/")[0]: line["state"] for line in changed["deployments"]} == {
        "weekly": "changed", "daily": "unchanged", "monthly": "removed", "alerts": "unchanged",
    }  # fmt: skip
    there = service.ask("GET", "/deployments/name/weekly/weekly-once")
    assert [(s["schedule"]["cron"], s["active"]) for s in there["schedules"]] == [("0 7 * * 2", False)]
    other = service.churn("deploy", "--project", small, "--name", "once", "--pool", "once", "--json")
    assert other.returncode == 2
    assert "--name" in json.loads(other.stdout)["error"]["cure"]
    service.ask("POST", "/work_pools/", name="boxes", type="docker", base_job_template={})
    assert service.churn("deploy", "--project", small, "--name", "x", "--pool", "boxes").returncode == 3


def test_a_killed_worker_costs_nothing_and_the_next_run_is_whole(
    service: Service, book: Path, box: tuple[Box, int]
) -> None:
    deploy(service, book)
    with service.worker() as worker:
        first = service.trigger("weekly/weekly")
        until(lambda: len(rows(book, "accounts")) >= 10, 240)
        kill(worker)
    there = len(rows(book, "accounts"))
    assert 10 <= there < 50
    assert service.state(first) == "RUNNING"  # Prefect does not know
    assert next(reports(open_project(book)))["outcome"] == "interrupted"
    # Its place is free after five minutes, or at once where a person says that it is gone.
    service.ask("POST", f"/flow_runs/{first}/set_state", state={"type": "CANCELLED"}, force=True)
    with service.worker():
        second = service.trigger("weekly/weekly")
        assert service.ended(second) == "COMPLETED"
        assert_delivered(book)
        found = next(reports(open_project(book), "weekly"))
        assert (found["flow_run"], found["outcome"], found["code"]) == (second, "done", 0)
        third = service.trigger("weekly/weekly")
        assert service.ended(third) == "COMPLETED"
        assert_delivered(book)
    assert failures(box[0]) == ["Churn: the weekly run of demo was killed"]
    assert first in box[0].mails[0][1].get_content()


def test_a_run_that_fails_or_is_killed_alone_is_told_once(service: Service, book: Path, box: tuple[Box, int]) -> None:
    deploy(service, book, "--name", "told")
    accounts = book / "tables" / "accounts.parquet"
    kept = accounts.read_bytes()
    with service.worker() as worker:
        accounts.write_bytes(kept[: len(kept) // 50])
        failed = service.trigger("daily/daily-signals-told")
        assert service.ended(failed) == "FAILED"
        until(lambda: failures(box[0]), 30)
        ((_, mail),) = box[0].mails
        assert failures(box[0])[0].startswith("Churn: the daily run of demo failed with exit code")
        assert failed in mail.get_content()
        accounts.write_bytes(kept)
        # The flow's own process dies, and its worker, which lives, tells.
        crashed = service.trigger("daily/daily-signals-told")
        until(lambda: next(reports(open_project(book)))["flow_run"] == crashed, 120)
        for pid in descendants(worker.pid):
            os.kill(pid, signal.SIGKILL)
        assert service.ended(crashed) == "CRASHED"
        until(lambda: len(failures(box[0])) == 2, 60)
        assert failures(box[0])[1] == "Churn: the daily run of demo was killed"
        last = service.trigger("daily/daily-signals-told")
        assert service.ended(last) == "COMPLETED"
    assert len(failures(box[0])) == 2


def test_a_run_comes_by_its_schedule(service: Service, book: Path) -> None:
    toml = (book / "churn.toml").read_text("utf-8")
    every_minute = '[schedule]\nalerts = "* * * * *"\nweekly = ""\nmonthly = ""\n'
    (book / "churn.toml").write_text(f"{toml}\n{every_minute}", encoding="utf-8")
    assert service.churn("daily", "--project", book).returncode == 0
    code, _ = deploy(service, book, "--name", "minute")
    assert code == 0
    there = service.ask("GET", "/deployments/name/alerts/hourly-alerts-minute")
    wanted = {"deployments": {"id": {"any_": [there["id"]]}}, "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    with service.worker():
        until(lambda: service.ask("POST", "/flow_runs/filter", **wanted), 180)
        (found, *_) = service.ask("POST", "/flow_runs/filter", **wanted)
    assert found["auto_scheduled"]


def test_processes_are_found_by_who_started_them() -> None:
    process = subprocess.Popen(["sh", "-c", "sleep 60 & sleep 60"], start_new_session=True)
    until(lambda: len(descendants(process.pid)) == 2, 10)
    kill(process)
    assert descendants(process.pid) == []
