"""One process that saves Secret blocks, or runs commands of `churn` by them and tells what its children could read.

Run as `python -m tests.pipelines.blocks_life`, with JSON on stdin; the temporary Prefect server lives as long as it does.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
from pathlib import Path
from typing import Any


def save(state: str, values: dict[str, Any]) -> None:
    """As a person would, with Prefect's own class."""
    from pipelines.prefect_home import settle_prefect

    settle_prefect(Path(state))
    from prefect.blocks.system import Secret

    for name, value in values.items():
        Secret(value=value).save(name)


def ran(arguments: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """One command: its exit code and everything it wrote."""
    from pipelines.cli import main

    out, err, logged = io.StringIO(), io.StringIO(), io.StringIO()
    catcher = logging.StreamHandler(logged)
    logging.getLogger().addHandler(catcher)
    os.environ.update(environment)
    code: Any = 0
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            main(arguments)
    except SystemExit as left:
        code = left.code
    finally:
        for name in environment:
            os.environ.pop(name)
        logging.getLogger().removeHandler(catcher)
    return {"code": code, "out": out.getvalue(), "err": err.getvalue(), "logged": logged.getvalue()}


def environments() -> list[str]:
    """What this process would hand on, and what every child of it was given."""
    me = str(os.getpid())
    found = [repr(dict(os.environ))]
    for process in Path("/proc").iterdir():
        with contextlib.suppress(OSError, IndexError):
            if process.name.isdigit() and (process / "stat").read_text().rpartition(")")[2].split()[1] == me:
                found.append((process / "environ").read_text(errors="replace"))
    return found


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    if asked.get("save"):
        save(asked["state"], asked["save"])
    told = [ran(arguments, environment) for arguments, environment in asked.get("run", [])]
    sys.stdout.write(json.dumps({"ran": told, "environments": environments()}))
