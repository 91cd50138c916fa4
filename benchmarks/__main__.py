"""Measures the feature build against its yardsticks and writes docs/benchmarks.md: `make bench`.

`python -m benchmarks --size S --size M --size L --repetitions 5`. An interrupted run takes up where it stopped: what was
measured with the same code, libraries and data is kept below the data folder.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path

from benchmarks.case import ROOT
from benchmarks.generate import SIZES
from benchmarks.goals import cases, goals
from benchmarks.page import page
from benchmarks.running import machine, measured


def main(given: list[str] | None = None) -> None:
    """Generate, measure, write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", action="append", choices=sorted(SIZES), help="default: S and M")
    parser.add_argument("--repetitions", type=int, default=5, help="turns per case; L runs once")
    parser.add_argument("--only", default="", help="goals whose name contains this text")
    parser.add_argument("--without", action="append", default=[], help="leave out a contender")
    parser.add_argument(
        "--data", type=Path, default=ROOT / "benchmarks" / "data", help="where data and results are kept"
    )
    parser.add_argument("--page", type=Path, default=ROOT / "docs" / "benchmarks.md")
    parser.add_argument("--delete", action="store_true", help="delete the data of these sizes when done; results stay")
    chosen = parser.parse_args(given)
    sizes = chosen.size or ["S", "M"]
    wanted = [
        goal
        for goal in goals(sizes)
        if chosen.only in goal.name and not any(case.contender in chosen.without for case in goal.needs)
    ]
    results = measured(cases(wanted, chosen.repetitions), chosen.data.absolute(), _say)
    command = " ".join(
        ["python -m benchmarks", *(f"--size {size}" for size in sizes), f"--repetitions {chosen.repetitions}"]
    )
    chosen.page.write_text(page(wanted, results, machine(), command), encoding="utf-8")
    if chosen.delete:
        for size in sizes:
            shutil.rmtree(chosen.data / size, ignore_errors=True)


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")


if __name__ == "__main__":
    main()
