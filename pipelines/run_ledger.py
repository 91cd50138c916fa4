"""The ledger of training runs: one line when a run starts, one when it ends, whatever the end.

A run that left no end is still running, or was interrupted (killed, the machine stopped).
"""

from __future__ import annotations

import json
import logging
import os
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

from pipelines.processes import alive, this_process
from pipelines.settings import Project
from policy.errors import ChurnError, NotEnoughData

log = logging.getLogger(__name__)
HEADLINE = ("roc_auc", "roc_auc_ci", "roc_auc_in_window", "log_loss", "lift_at_10", "recall_at_capacity", "base_rate")
LONGEST = 500
# A training inside another recorded one (`train` calls `train_on`) is the same run.
_recording: ContextVar[bool] = ContextVar("recording", default=False)
Step = TypeVar("Step", bound=Callable[..., dict[str, Any]])


def ledger_path(project: Project) -> Path:
    """Where the lines stand."""
    return project.out("evaluations") / "ledger.jsonl"


def recorded(step: Step) -> Step:
    """Record every call of a training step, whose first argument is a project or checked sources of one.

    The outcome is `done`, `refused` (too few losses), `interrupted` (Ctrl-C) or `failed`; the exception goes on as it
    was.
    """

    @wraps(step)
    def run(on: Any, request: Any, **options: Any) -> dict[str, Any]:
        if _recording.get():
            return step(on, request, **options)
        project = on if isinstance(on, Project) else on.project
        entry = _begin(project, request)
        before = _recording.set(True)
        try:
            result = step(on, request, **options)
        except BaseException as error:
            _append(project, {"id": entry, "event": "ended", "ended": _now(), **_failure(error)})
            raise
        finally:
            _recording.reset(before)
        _append(project, {"id": entry, "event": "ended", "ended": _now(), **_success(result)})
        return result

    return run  # type: ignore[return-value]


def runs(project: Project) -> list[dict[str, Any]]:
    """Every run of the ledger, the newest last: id, started, ended, outcome, run_id, champion, request, headline, tuning, error."""
    found: dict[str, dict[str, Any]] = {}
    for line in _lines(ledger_path(project)):
        if line.get("event") == "started":
            found[line["id"]] = {
                "id": line["id"],
                "started": line["started"],
                "ended": None,
                "outcome": "running" if alive(line["process"]) else "interrupted",
                "run_id": None,
                "champion": None,
                "request": line["request"],
                "headline": None,
                "tuning": None,
                "error": None,
            }
        elif line.get("id") in found:
            own = found[line["id"]]
            own.update({k: v for k, v in line.items() if k in own})
    return sorted(found.values(), key=lambda run: run["started"])


def _begin(project: Project, request: Any) -> str:
    entry = uuid.uuid4().hex
    asked = {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in vars(request).items() if v is not None}
    _append(project, {"id": entry, "event": "started", "started": _now(), "request": asked, "process": this_process()})
    return entry


def _success(result: dict[str, Any]) -> dict[str, Any]:
    champion = result["champion"]["scorer"]
    own = {name: result["models"][champion][name] for name in HEADLINE}
    losses = result["test"]["n_churned_accounts"]
    return {
        "outcome": "done",
        "run_id": result["run_id"],
        "champion": champion,
        "tuning": (result.get("tuning") or {}).get("sentence"),
        "headline": {"horizon_days": result["horizon_days"], "n_churned_accounts": losses, **own},
    }


def _failure(error: BaseException) -> dict[str, Any]:
    kind = type(error).__name__
    if isinstance(error, ChurnError):
        outcome = "refused" if isinstance(error, NotEnoughData) else "failed"
        told = {"code": error.exit_code, "kind": kind, "where": error.where, "message": error.message[:LONGEST]}
        return {"outcome": outcome, "error": told}
    outcome = "failed" if isinstance(error, Exception) else "interrupted"
    return {"outcome": outcome, "error": {"code": 1, "kind": kind, "where": "", "message": str(error)[:LONGEST]}}


def _append(project: Project, line: dict[str, Any]) -> None:
    """One line, on disk before anything else happens; a ledger that cannot be written stops no training."""
    try:
        path = ledger_path(project)
        text = json.dumps(line, allow_nan=False) + "\n"
        with path.open("a+b") as file:
            # The last writer may have been killed in the middle of its line.
            if file.tell() and not _ends_whole(path):
                text = "\n" + text
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
    except (OSError, ValueError) as error:
        log.warning("the ledger of training runs was not written: %s", error)


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = []
    for text in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            line = json.loads(text)
        except ValueError:
            continue  # half a line: its writer was killed
        if isinstance(line, dict):
            found.append(line)
    return found


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
