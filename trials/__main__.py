"""`python -m trials`: judge what the pipeline learns on worlds that nobody has seen, and say how much it found out.

The full plan writes its section of docs/results.md, and the figures of every world to docs/trials.jsonl, from where any
checkout of the same code carries on; a smaller one is printed.
"""

from __future__ import annotations

import argparse
import sys
from functools import partial
from pathlib import Path

from pipelines.tracking import no_telemetry
from trials.fingerprint import fingerprint
from trials.record import keep, restore
from trials.report import results, section
from trials.results_page import write_section
from trials.sweep import FULL, Plan, sweep

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "docs" / "trials.jsonl"


def main() -> None:
    """Judge the worlds that are still open, one line each."""
    parser = argparse.ArgumentParser(prog="python -m trials", description=__doc__)
    parser.add_argument("--worlds", action="append", metavar="SIZE=COUNT", help="instead of the full plan; repeatable")
    parser.add_argument("--null", type=int, help="worlds without a signal, instead of the full plan's")
    parser.add_argument("--acted", type=int, help="worlds with a year of acted-on alarms, instead of the full plan's")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default 2)")
    parser.add_argument("--cache", type=Path, default=ROOT / ".trials", help="where finished worlds are kept")
    chosen = parser.parse_args()
    plan = FULL
    if chosen.worlds or chosen.null is not None or chosen.acted is not None:
        sizes = {int(size): int(count) for size, count in (pair.split("=") for pair in chosen.worlds or ())}
        plan = Plan(sizes, chosen.null or 0, chosen.acted or 0)
    no_telemetry()
    code = fingerprint()
    if plan is not FULL:
        done = sweep(plan, code, chosen.cache, workers=chosen.workers, say=_say)
        sys.stdout.write(section(results(done), code) + "\n")
        return
    restore(RECORD, chosen.cache / code)
    done = sweep(plan, code, chosen.cache, workers=chosen.workers, say=_say, keep=partial(keep, RECORD))
    keep(RECORD, chosen.cache / code)
    write_section(ROOT / "docs" / "results.md", "trials", section(results(done), code))


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
