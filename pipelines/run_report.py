"""What became of a scheduled run: a file that is there from its first moment on, and a page beside it for people.

`.churn/runs/RUN.json` is written when a run begins, after each of its steps and when it ends, each time whole. One that
says `running` while its process is gone was killed: it reads as `interrupted`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.files import write_text
from pipelines.processes import alive, this_process
from pipelines.settings import Project
from policy.errors import ChurnError
from serving.writeback.secret import without_secrets

FOLDER = "runs"
LONGEST = 500
KEPT = 100
"""Reports of a kind that are kept; older ones are removed when another run of that kind begins."""
BUG = "This is a bug: please report it with the lines of the log."


class Report:
    """The report of the run that this process makes."""

    def __init__(self, project: Project, what: str, *, asked: str | None = None, flow_run: str | None = None) -> None:
        self.folder = project.out(FOLDER)
        began = datetime.now(UTC)
        run = f"{began:%Y%m%dT%H%M%S%fZ}-{what}-{uuid.uuid4().hex[:6]}"
        self.found: dict[str, Any] = {
            "run": run,
            "what": what,
            "project": project.settings.project.name,
            "flow_run": flow_run,
            "as_of": asked,
            "started": began.isoformat(timespec="seconds"),
            "finished": None,
            "outcome": "running",
            "code": None,
            "steps": [],
            "error": None,
            "notice": None,
            "page": str(self.folder / f"{run}.md"),
        }
        self._process = this_process()
        for old in _files(self.folder, what)[KEPT - 1 :]:
            old.with_suffix(".md").unlink(missing_ok=True)
            old.unlink(missing_ok=True)
        self._write()

    def begin(self, step: str) -> None:
        """A step begins."""
        line = {"step": step, "started": _now(), "finished": None, "outcome": "running", "code": None}
        self.found["steps"].append(line | {"result": None, "note": None, "error": None})
        self._write()

    def end(self, outcome: str, *, result: Mapping[str, Any] | None = None, error: BaseException | None = None) -> None:
        """The step that runs has ended: `done`, `failed` or `interrupted`."""
        line = self.found["steps"][-1]
        told = None if error is None else told_error(error)
        code = 0 if outcome == "done" else told["code"] if told and outcome == "failed" else None
        line |= {"finished": _now(), "outcome": outcome, "code": code, "error": told}
        line["result"] = None if result is None else dict(result)
        self._write()

    def skip(self, step: str, why: str) -> None:
        """A step that has nothing to do here, and why."""
        self.begin(step)
        self.found["steps"][-1] |= {"finished": _now(), "outcome": "skipped", "note": why}
        self._write()

    def close(self, outcome: str, code: int | None, error: Mapping[str, Any] | None = None) -> None:
        """The run has ended."""
        self.found |= {"finished": _now(), "outcome": outcome, "code": code, "error": error and dict(error)}
        self._write()

    def note(self, notice: str | None) -> None:
        """What became of the notice about it."""
        self.found["notice"] = notice
        self._write()

    def _write(self) -> None:
        path = self.folder / f"{self.found['run']}.json"
        write_text(_page(self.found), path.with_suffix(".md"))
        write_text(json.dumps(self.found | {"process": self._process}, allow_nan=False, indent=1) + "\n", path)


def told_error(error: BaseException) -> dict[str, Any]:
    """An error as reports and messages tell it, without secrets: code, where, message, cure."""
    if isinstance(error, ChurnError):
        told: dict[str, Any] = {"code": error.exit_code, "where": error.where, "message": error.message}
        told["cure"] = error.cure
    else:
        told = {"code": 1, "where": type(error).__name__, "message": str(error), "cure": BUG}
    return {name: without_secrets(v)[:LONGEST] if isinstance(v, str) else v for name, v in told.items()}


def reports(project: Project, what: str | None = None) -> Iterator[dict[str, Any]]:
    """The reports of a project, or those of one kind, the newest first; one that cannot be read is left out."""
    for path in _files(project.state / FOLDER, what):
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            process = found.pop("process")
        except (OSError, ValueError, KeyError):
            continue
        if found["outcome"] == "running" and not alive(process):
            found["outcome"] = "interrupted"
            for step in found["steps"]:
                step["outcome"] = "interrupted" if step["outcome"] == "running" else step["outcome"]
        yield found


def _files(folder: Path, what: str | None) -> list[Path]:
    return sorted(folder.glob(f"*-{what or '*'}-*.json"), reverse=True)


def _page(found: Mapping[str, Any]) -> str:
    """The page for people."""
    ended = "if nothing runs any more, it never ended" if found["finished"] is None else f"ended {found['finished']}"
    code = "" if found["code"] is None else f", exit code {found['code']}"
    lines = [f"# {found['what'].capitalize()} run of {found['project']}: {found['outcome']}{code}", ""]
    lines += [f"Run {found['run']}, began {found['started']}, {ended}."]
    if found["flow_run"]:
        lines.append(f"Prefect's flow run {found['flow_run']}.")
    if found["error"]:
        error = found["error"]
        lines += ["", f"**{error['where']}**: {error['message']}", "", f"**Cure**: {error['cure']}"]
    lines += ["", "| step | outcome | began | ended | what |", "|---|---|---|---|---|"]
    for step in found["steps"]:
        cells = [step["step"], step["outcome"], step["started"], step["finished"] or "", _what(step)]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    if found["notice"]:
        lines += ["", f"Notice: {found['notice']}."]
    return "\n".join(lines) + "\n"


def _what(step: Mapping[str, Any]) -> str:
    if step["error"]:
        return f"{step['error']['where']}: {step['error']['message']} {step['error']['cure']}"
    told = step["result"] or {}
    return step["note"] or ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in told.items() if not isinstance(value, dict)
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
