"""`python -m tests.matrix`: every row of the fault matrix, 20 kills at each point, and the table of docs/reliability.md.

With `--from FILE` the table is written from an earlier run's lines, and with `--only TEXT` a part is run and told, not written.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.reliability import put
from tests.matrix.page import failed, section

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    *("tests/crm", "tests/serving"),
    *("tests/pipelines/test_killed_apply.py", "tests/pipelines/test_secrets_nowhere.py"),
)


def main() -> int:
    """Run, write, and say what did not pass."""
    parser = argparse.ArgumentParser(prog="python -m tests.matrix", description=__doc__)
    parser.add_argument("--workers", default="2", help="test processes (default 2)")
    parser.add_argument("--kills", default="20", help="at each point (default 20)")
    parser.add_argument("--only", default="", metavar="TEXT", help="as pytest's -k")
    parser.add_argument("--from", dest="lines", type=Path, metavar="FILE", help="lines that an earlier run left there")
    parser.add_argument("--to", type=Path, metavar="FILE", help="keep the lines there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = chosen.lines or chosen.to or Path(folder, "lines")
        if not chosen.lines:
            _run(file, chosen.workers, chosen.kills, chosen.only)
        lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    amiss = failed(lines)
    if chosen.only:
        sys.stdout.write(section(lines))
        amiss = [line for line in amiss if not line.startswith("not run")]
    else:
        put("matrix", section(lines))
    sys.stdout.write("".join(f"{line}\n" for line in amiss))
    return bool(amiss)


def _run(file: Path, workers: str, kills: str, only: str) -> None:
    command = [sys.executable, "-m", "pytest", *PLACES, "-p", "tests.matrix.recorder", "--matrix", str(file.resolve())]
    choice = ["-k", only] if only else []
    variables = {**os.environ, "CHURN_KILLS": kills, "PYTHONPATH": str(ROOT)}
    subprocess.run([*command, "-n", workers, *choice], cwd=ROOT, env=variables, check=False)


if __name__ == "__main__":
    sys.exit(main())
