"""A real Prefect server and workers on loopback, in a home of their own, ended by their own ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

START_SECONDS, STOP_SECONDS, LIFE_SECONDS = 120, 30, 1800


class Service:
    """The server at `url`, and what may be asked of it."""

    def __init__(self, url: str, home: Path) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        self.url = url
        self.home = home
        self.environment = kept | {
            "PREFECT_API_URL": url,
            "PREFECT_HOME": str(home),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "true",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
        }

    def churn(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run our command line against it, from its home: no checkout is the working directory."""
        command = [sys.executable, "-m", "pipelines.cli", *(str(a) for a in arguments)]
        return subprocess.run(
            command, env=self.environment, cwd=self.home, capture_output=True, text=True, timeout=300, check=False
        )

    def ask(self, how: str, path: str, **body: Any) -> Any:
        """Its answer; a server whose SQLite file is busy is asked again, as Prefect's own clients do."""
        for _ in range(10):
            answer = httpx.request(how, f"{self.url}{path}", json=body or None, timeout=30)
            if answer.status_code != 503:
                break
            time.sleep(1)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def trigger(self, name: str) -> str:
        """Start a deployment (`flow/name`) now; the flow run's id."""
        found = self.ask("GET", f"/deployments/name/{name}")
        made = self.ask("POST", f"/deployments/{found['id']}/create_flow_run", state={"type": "SCHEDULED"})
        return str(made["id"])

    def state(self, flow_run: str) -> str:
        """The type of its state."""
        return str(self.ask("GET", f"/flow_runs/{flow_run}")["state_type"])

    def ended(self, flow_run: str, seconds: float = 240) -> str:
        """The type of its last state, once it has ended."""
        ends = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}
        until(lambda: self.state(flow_run) in ends, seconds)
        return self.state(flow_run)

    def start(self, *arguments: str, before: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """Prefect's own command, in a session of its own; what it says is kept in its home."""
        with (self.home / f"{arguments[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [*before, sys.executable, "-m", "prefect", *arguments],
                env=self.environment, cwd=self.home, stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @contextmanager
    def worker(self, pool: str = "churn") -> Iterator[subprocess.Popen[bytes]]:
        """A worker, and at the end neither it nor what it started."""
        process = self.start("worker", "start", "--pool", pool, "--type", "process")
        try:
            yield process
        finally:
            kill(process)


@contextmanager
def prefect_server(home: Path) -> Iterator[Service]:
    """The server while it listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = Service(f"http://127.0.0.1:{port}/api", home)
    # `timeout` outlives a test run that is killed: no server stays behind.
    bound = ("timeout", "--signal=INT", str(LIFE_SECONDS))
    process = service.start("server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui", before=bound)
    try:
        until(lambda: process.poll() is not None or listens(service), START_SECONDS)
        assert process.poll() is None, (home / "server.log").read_text("utf-8")[-2000:]
        yield service
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            kill(process)


def listens(service: Service) -> bool:
    """Whether it answers yet."""
    try:
        return bool(service.ask("GET", "/health"))
    except httpx.HTTPError:
        return False


def until(what: Callable[[], Any], seconds: float) -> None:
    """Wait for something, but not for ever."""
    ends = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < ends, "it did not come to be in time"
        time.sleep(0.1)


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that they did, the nearest first."""
    parents: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        parents.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, look = [], [pid]
    while look:
        children = parents.get(look.pop(0), [])
        found += children
        look += children
    return found


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, at once, as a machine that loses its power does."""
    for pid in [process.pid, *descendants(process.pid)]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    process.wait(timeout=STOP_SECONDS)
