"""What explaining a large book costs next to TreeSHAP row by row: `python -m benchmarks.explanation --json`.

Both explain the same bag of boosters over every indicator of the catalogue, in one process, one thread each, in CPU
seconds. TreeSHAP (shap.TreeExplainer) runs on a sample and is scaled linearly; ours explains every account: log-odds by
indicator, summed by group, and the groups' game against the reference. Every row is checked to add up.
"""

from __future__ import annotations

import os

if __name__ == "__main__":  # before NumPy and LightGBM load: one thread for either side
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.boosted import Boosted, Trees, fit_boosted
from models.calendar import READS
from models.drivers import base_points, group_points
from models.ensemble import Ensemble
from models.linear_scorers import fit_calendar, fit_logistic
from models.reference import Reference, fit_reference
from models.scorer import Array, Scorer, sigmoid
from models.tree_shap import tree_contributions

GOAL, EXACT = 0.2, 1e-9
TRAINED_ON = 20_000
BLOCK = 100_000


def main(given: list[str] | None = None) -> None:
    """Fit, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.explanation", description=__doc__)
    parser.add_argument("--accounts", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=20_000, help="rows that TreeSHAP explains")
    parser.add_argument("--rounds", type=int, nargs="+", default=[100, 400], help="trees of each booster of the bag")
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    chosen = parser.parse_args(given)
    found = [measured(rounds, chosen.accounts, chosen.sample) for rounds in chosen.rounds]
    if chosen.json:
        command = f"python -m benchmarks.explanation {' '.join(sys.argv[1:])}".strip()
        sys.stdout.write(json.dumps({"command": command, "goal": GOAL, "runs": found}) + "\n")
        return
    for row in found:
        sys.stdout.write(
            f"{row['trees']} trees, {row['accounts']:,} accounts: TreeSHAP {row['tree_shap_cpu_s']:.0f} CPU-s "
            f"(scaled from {row['sample']:,} rows), ours {row['ours_cpu_s']:.1f} ({row['ratio']:.3f}×); with the "
            f"logistic half {row['ensemble_cpu_s']:.1f} ({row['ensemble_ratio']:.3f}×). Largest remainder "
            f"{row['largest_remainder']:.1e}, largest difference from shap {row['largest_difference']:.1e}; "
            f"peak {row['peak_gb']:.1f} GB.\n"
        )


def measured(rounds: int, accounts: int, sample: int) -> dict[str, Any]:
    """One bag: both costs, their ratio, and how exact the sums and values are."""
    train = book(TRAINED_ON, seed=0)
    churned = train.pop("churned").to_numpy()
    directions = {name: {"higher": 1, "lower": -1, None: 0}[i.risk] for name, i in catalogue().items()}
    calendar = fit_calendar(train, churned)
    bag = fit_boosted(train, churned, directions, calendar, trees=Trees(rounds=rounds))
    ensemble = Ensemble("ensemble", fit_logistic(train, churned, directions), bag)
    groups = {name: i.group for name, i in catalogue().items()}
    scorers: tuple[Scorer, ...] = (bag, ensemble)
    references = [fit_reference(scorer, train, groups) for scorer in scorers]
    first = book(min(sample, accounts), seed=1)
    shap, difference = _tree_shap(bag, first)
    ours, remainder = [0.0, 0.0], 0.0
    for block in _blocks(accounts):
        for place, (scorer, reference) in enumerate(zip(scorers, references, strict=True)):
            seconds, missed = _explained(scorer, block, groups, reference)
            ours[place] += seconds
            remainder = max(remainder, missed)
    whole = shap * accounts / len(first)
    return {
        "accounts": accounts,
        "indicators": len(bag.indicators),
        "trees": rounds * len(bag.texts),
        "sample": len(first),
        "threads": 1,
        "tree_shap_cpu_s": whole,
        "ours_cpu_s": ours[0],
        "ratio": ours[0] / whole,
        "ensemble_cpu_s": ours[1],
        "ensemble_ratio": ours[1] / whole,
        "largest_remainder": remainder,
        "exact": remainder < EXACT,
        "largest_difference": difference,
        "reached": ours[0] / whole <= GOAL and remainder < EXACT,
        "peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
    }


def book(rows: int, seed: int) -> pd.DataFrame:
    """Every indicator of the catalogue for so many rows, a tenth of the values missing, and who churned."""
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=rows)
    found: dict[str, Array] = {}
    for name, indicator in catalogue().items():
        side = {"higher": 0.4, "lower": -0.4, None: 0.0}[indicator.risk]
        values = rng.normal(size=rows) + side * hidden
        values = np.floor(np.abs(values) * 3) if indicator.unit in ("count", "days") else values
        values[rng.random(rows) < 0.1] = np.nan
        found[name] = values
    for name in READS:
        found[name] = rng.integers(0, 365, rows).astype(float)
    found["term_length_days"] = rng.choice([30.0, 365.0, 730.0], rows)
    found["renewal_signed"] = (rng.random(rows) < 0.05).astype(float)
    found["churned"] = (rng.random(rows) < sigmoid(-3.5 + hidden)).astype(float)
    return pd.DataFrame(found)


def _blocks(accounts: int) -> Iterator[pd.DataFrame]:
    for place, start in enumerate(range(0, accounts, BLOCK), start=1):
        yield book(min(BLOCK, accounts - start), seed=place)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = work()
    return time.process_time() - start, found


def _tree_shap(bag: Boosted, rows: pd.DataFrame) -> tuple[float, float]:
    """(CPU seconds of shap on every booster, the largest difference of ours from the mean of its values)."""
    x = np.ascontiguousarray(rows[list(bag.indicators)].to_numpy(dtype=float))
    tree_contributions(bag.boosters[0], x[:10])  # imports and first calls are nobody's cost
    seconds, parts = _timed(lambda: [tree_contributions(booster, x)[1] for booster in bag.boosters])
    ours = bag.margins(rows)[1].sub(bag.start.margins(rows)[1], fill_value=0.0)
    return seconds, float(np.abs(ours[list(bag.indicators)].to_numpy() - np.mean(parts, axis=0)).max())


def _explained(
    scorer: Scorer, block: pd.DataFrame, groups: dict[str, str], reference: Reference
) -> tuple[float, float]:
    """(CPU seconds, the largest |base + Σ − probability|) of a block."""
    seconds, points = _timed(lambda: group_points(scorer, block, groups, reference=reference))
    total = (base_points(scorer, block, reference) + points.to_numpy().sum(axis=1)) / 100
    return seconds, float(np.abs(total - scorer.score(block)).max())


if __name__ == "__main__":
    main()
