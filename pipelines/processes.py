"""Whether the process that wrote a line still runs: what tells a run that goes on from one that was killed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def this_process() -> dict[str, Any]:
    """This process, as a line keeps it: its number, and when it began."""
    return {"pid": os.getpid(), "began": _began(os.getpid())}


def alive(process: Mapping[str, Any]) -> bool:
    """Whether it still runs, and is not another one with its number."""
    try:
        os.kill(process["pid"], 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return bool(_began(process["pid"]) == process["began"])


def _began(pid: int) -> str | None:
    """When a process began, in the system's own ticks; null where the system does not say, or it does not run."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    # A dead process keeps its number until somebody asks for its end: in a container without an init, for ever.
    return None if state in "ZX" else fields[18]
