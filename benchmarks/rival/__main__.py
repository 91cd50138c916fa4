"""Puts drt-core and this project's write-back through the same faults: `make rival`.

`python -m benchmarks.rival --drt PATH` prints the table; `--write` puts it into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.reliability import put
from benchmarks.rival.cases import CASES
from benchmarks.rival.page import table
from benchmarks.rival.scene import TOOLS, played


def main(given: list[str] | None = None) -> None:
    """Play, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rival", description=__doc__)
    parser.add_argument("--drt", type=Path, required=True, help="the rival's command, such as .venv-rival/bin/drt")
    parser.add_argument("--only", default="", help="cases whose name contains this text")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    chosen = parser.parse_args(given)
    if chosen.write and chosen.only:
        parser.error("--write writes the whole table: leave --only out")
    command = chosen.drt.absolute()
    asked = [command, "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = "drt " + said.split()[2]

    import psycopg

    from tests.postgres import server

    measured = []
    with server() as address, psycopg.connect(address, autocommit=True) as db:
        for case in [case for case in CASES if chosen.only in case.name]:
            sys.stderr.write(f"{case.name}, {case.counterpart}\n")
            measured.append((case, {tool: played(case, tool, command, address, db) for tool in TOOLS}))
            for tool, results in measured[-1][1].items():
                sys.stderr.write(f"  {tool}: {[(r.verdict.counts, r.told, r.figure) for r in results]}\n")
    text = table(measured, version, "make rival")
    sys.stdout.write(f"{text}\n")
    if chosen.write:
        put("rival", text)


if __name__ == "__main__":
    main()
