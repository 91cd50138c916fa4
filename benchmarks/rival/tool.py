"""What the comparison asks of a tool: start a delivery, wait for it, and what it says of it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from serving.writeback.staged import Staged

LONGEST_RUN = 150
CANARY = "canary-5f1c9e-of-the-endpoint"
"""The secret of the HTTP endpoint: looked for in whatever a tool leaves behind."""


@dataclass(frozen=True)
class Report:
    """How a run ended by its own account. `failed`: rows that it says did not arrive."""

    exit: int
    failed: int
    output: str

    @property
    def complained(self) -> bool:
        """Whether the run said that something is amiss."""
        return self.exit != 0 or self.failed > 0


class Tool(Protocol):
    """One of the two, with a project of its own and one counterpart."""

    name: str
    folder: Path

    def stage(self, rows: Sequence[Staged]) -> None:
        """Make these rows the ones of the next run."""

    def start(self) -> subprocess.Popen[str]:
        """Begin a run."""

    def report(self, process: subprocess.Popen[str]) -> Report:
        """Wait for it."""

    def recover(self) -> Report:
        """What its documentation says is done after a run with failed rows."""


def run(tool: Tool) -> Report:
    """One run, to its end."""
    return tool.report(tool.start())


def kill(process: subprocess.Popen[str]) -> bool:
    """SIGKILL; whether it was still alive."""
    alive = process.poll() is None
    if alive:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)
    return alive


def begin(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """A process of a tool."""
    usual = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.Popen(  # noqa: S603
        command,
        cwd=folder,
        env={**usual, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def left_behind(folder: Path) -> str:
    """Every file of a tool's folder as text: state, queues, logs."""
    return "\n".join(p.read_bytes().decode("utf-8", "replace") for p in sorted(folder.rglob("*")) if p.is_file())
