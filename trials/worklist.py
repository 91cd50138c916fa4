"""`python -m trials.worklist`: how much of the oracle's ARR the work list saves in simulated companies nobody has seen.

The worlds follow from the policy's save effects and the code of the list: whoever changes either draws others. Finished
worlds are kept, so that a run that was stopped goes on. The full plan writes its section of docs/results.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pipelines.tracking import no_telemetry
from policy.policy import load_policy
from simulation.drawn import seed_of
from trials.results_page import write_section
from trials.worklist_report import section

ROOT = Path(__file__).resolve().parent.parent
JUDGED = (
    "serving/workbench/worklist/effects.py",
    "serving/workbench/worklist/knapsack.py",
    "trials/worklist_world.py",
)
WORLDS, ACCOUNTS = 20, 2_000


def code(root: Path = ROOT) -> str:
    """SHA-256 over the assumed save effects and the code that judges them, 12 digits."""
    digest = hashlib.sha256(load_policy().save_effects.model_dump_json().encode())
    for name in JUDGED:
        digest.update(name.encode() + b"\0" + (root / name).read_bytes())
    return digest.hexdigest()[:12]


def main() -> None:
    """Judge the worlds that are still open, then tell all that are done."""
    parser = argparse.ArgumentParser(prog="python -m trials.worklist", description=__doc__)
    parser.add_argument("--worlds", type=int, default=WORLDS, help=f"how many (default {WORLDS})")
    parser.add_argument("--accounts", type=int, default=ACCOUNTS, help=f"of each (default {ACCOUNTS})")
    parser.add_argument("--seed", type=int, action="append", help="these worlds instead, printed; repeatable")
    parser.add_argument("--workers", type=int, default=2, help="processes, one thread each (default 2)")
    parser.add_argument("--cache", type=Path, default=ROOT / ".trials", help="where finished worlds are kept")
    parser.add_argument("--print", action="store_true", help="print the section instead of writing docs/results.md")
    chosen = parser.parse_args()
    no_telemetry()
    name = code()
    seeds = chosen.seed or [seed_of(name, number) for number in range(chosen.worlds)]
    found = judged(seeds, chosen.accounts, chosen.cache / f"worklist-{name}", chosen.workers)
    planned = len(seeds) if chosen.seed else WORLDS
    text = section(found, name, load_policy().save_effects, planned=planned)
    if chosen.seed or chosen.print:
        sys.stdout.write(text + "\n")
    else:
        write_section(ROOT / "docs" / "results.md", "worklist", text)


def judged(seeds: list[int], accounts: int, folder: Path, workers: int) -> list[dict[str, Any]]:
    """The figures of each world, in the order of the seeds; a world that has a file is not judged again."""
    folder.mkdir(parents=True, exist_ok=True)
    files = {seed: folder / f"{accounts}-{seed}.json" for seed in seeds}
    todo = [seed for seed in seeds if not files[seed].exists()]
    begun = time.monotonic()
    # Two processes on two cores are faster than four threads that wait for each other.
    os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    # Spawned, not forked: DuckDB and LightGBM keep threads that a fork would lose.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        waiting = {pool.submit(judge, seed, accounts, str(files[seed])): seed for seed in todo}
        for done, future in enumerate(as_completed(waiting), start=1):
            future.result()
            minutes = (time.monotonic() - begun) / 60
            sys.stderr.write(f"[{done}/{len(todo)}, {minutes:.0f} min] world {waiting[future]}\n")
            sys.stderr.flush()
    return [json.loads(files[seed].read_text(encoding="utf-8")) for seed in seeds]


def judge(seed: int, accounts: int, file: str) -> None:
    """Judge one world and write its figures, whole or not at all."""
    from trials.worklist_world import book_with_truth, figures

    family, rows = book_with_truth(seed, accounts)
    found = {"seed": seed, "family": family} | figures(rows, seed)
    path = Path(file)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(found, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)


if __name__ == "__main__":
    main()
