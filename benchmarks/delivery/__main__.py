"""Delivers a large book to SQLite and to the Salesforce emulator: `python -m benchmarks.delivery`.

Prints the section `volume`; `--write` puts it into docs/reliability.md. A million accounts take about twenty minutes
on two cores, and some gigabytes in `--folder`, which are deleted afterwards.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.delivery.page import section
from benchmarks.delivery.runs import Measured, salesforce_runs, sqlite_runs
from benchmarks.reliability import put
from benchmarks.running import machine

Runs = Callable[[Path, int, Callable[[str], None]], Iterator[Measured]]
TO: dict[str, Runs] = {"sqlite": sqlite_runs, "salesforce": salesforce_runs}


def main(given: list[str] | None = None) -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.delivery", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="accounts; default: a million")
    parser.add_argument("--to", action="append", choices=sorted(TO), help="default: both")
    parser.add_argument("--folder", type=Path, help="where the files are made; default: the system's for such files")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    chosen = parser.parse_args(given)
    if chosen.write and chosen.to:
        parser.error("--write writes the whole table: leave --to out")
    measured: list[Measured] = []
    for to in chosen.to or TO:
        with tempfile.TemporaryDirectory(prefix="churn-delivery-", dir=chosen.folder) as folder:
            measured += TO[to](Path(folder), chosen.rows, _say)
    command = "python -m benchmarks.delivery" + (
        "" if chosen.rows == parser.get_default("rows") else f" --rows {chosen.rows}"
    )
    text = section(measured, chosen.rows, machine(), f"{datetime.now(UTC):%Y-%m-%d}", command)
    sys.stdout.write(f"{text}\n")
    if chosen.write:
        put("volume", text)


def _say(message: str) -> None:
    sys.stderr.write(f"{message}\n")


if __name__ == "__main__":
    main()
