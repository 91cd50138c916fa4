"""What stands between the trials' figures and their goals: what was tried, on worlds that were looked at while building.

`python -m benchmarks.headroom` fits the trees in other ways, and corrects what they say in ways that a user could (from the
book) or could not (from the truth). Beside it stands what can be said of causes and alarms by who was taught the truth.
With `--write` it writes its section of docs/results.md.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.headroom_reasons import OURS, Told, table, told
from features.catalogue import catalogue
from models.boosted import Boosted, Trees, fit_boosted, suited
from models.calibration import fit_curve
from models.linear import Linear
from models.linear_scorers import fit_calendar, fit_level
from models.prepare import prepared
from models.scorer import Array, logit, sigmoid
from models.split import account_folds
from pipelines.fit import directions_in
from pipelines.tracking import no_telemetry
from simulation.drawn import another_draw
from trials.figures import at_true_level, expected_calibration_error, expected_log_loss, expected_slope
from trials.learned import Ready, mature, world_with_fresh
from trials.panels import book_of
from trials.results_page import write_section

ROOT = Path(__file__).resolve().parent.parent
SEEDS = (901, 902, 903, 904)
"""Worlds that were looked at while building: no trial draws them."""
FRESH = 20_000
BAG = 3
LABEL_DAYS = 104
GROWN: Mapping[str, Callable[[Trees], Trees]] = {
    "1.6 times as many rounds": lambda t: replace(t, rounds=round(1.6 * t.rounds)),
    "2.5 times as many rounds": lambda t: replace(t, rounds=round(2.5 * t.rounds)),
    "3 leaves": lambda t: replace(t, leaves=3),
    "12 leaves": lambda t: replace(t, leaves=12),
    "15 % of the indicators a tree": lambda t: replace(t, columns=0.15),
    "60 % of the indicators a tree": lambda t: replace(t, columns=0.6),
    "penalty 1": lambda t: replace(t, l2=1.0),
    "penalty 30": lambda t: replace(t, l2=30.0),
}
STEPS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08)
"""Weekly steps, in log-odds, of a level that walks at random: each as likely as another before the book is seen."""


CEILINGS = (
    "As in the trials: the main driver against the true cause among the riskiest tenth (mean over causes, of those of whom "
    "one is named; whether the true cause is told as a risk at all), and the ARR of leavers alarmed 45 days ahead at a "
    "tenth of the book a week. *Taught true risks* learned the true risk of half the fresh accounts (of all, for the "
    "alarms: those ring in the book) and explains itself by the same game; *taught true causes* is a classifier that was "
    "shown the cause itself, and always names one."
)


@dataclass(frozen=True)
class Tried:
    """What one way of doing it says of the fresh accounts, and the truth beside it."""

    way: str
    said: Array
    ready: Ready

    def shares(self) -> tuple[float, float]:
        """(log-loss won over the base rate, log-loss the ceiling wins)."""
        true = self.ready.fresh.true
        base = expected_log_loss(true, np.full(len(true), true.mean()))
        return base - expected_log_loss(true, self.said), base - expected_log_loss(true, self.ready.fresh.ceiling)


def main() -> None:
    """Try every way in every world, and write what came of it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.headroom", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--accounts", type=int, nargs="+", default=(500, 2_000))
    parser.add_argument("--fresh", type=int, default=FRESH, help="accounts on which it is judged")
    parser.add_argument("--write", action="store_true", help="into docs/results.md instead of printing")
    chosen = parser.parse_args()
    no_telemetry()
    found: dict[int, list[Tried]] = {accounts: [] for accounts in chosen.accounts}
    reasons: dict[int, list[Told]] = {accounts: [] for accounts in chosen.accounts}
    for seed in chosen.seeds:
        ready = world_with_fresh(seed, chosen.fresh)
        for accounts in chosen.accounts:
            ways, by_learner = tried(ready, accounts)
            found[accounts] += ways
            reasons[accounts].append(by_learner)
            _say(f"world {seed}, {accounts:,} accounts: tried")
    text = section(found, reasons, len(chosen.seeds))
    if chosen.write:
        write_section(ROOT / "docs" / "results.md", "headroom", text)
    else:
        sys.stdout.write(text + "\n")


def tried(ready: Ready, accounts: int) -> tuple[list[Tried], Told]:
    """Every way, on a book of this world; and what is said of causes and alarms."""
    book = book_of(another_draw(ready.world, 0, accounts=accounts))
    rows = prepared(mature(book), book.policy)
    fresh = prepared(ready.fresh.rows, book.policy)
    directions = directions_in(rows, catalogue())
    churned = rows["churned"].to_numpy(dtype=float)
    usual = suited(rows.loc[rows["churned"] == 1, "account_id"].nunique())

    def fitted(at: pd.Series | slice, trees: Trees, start: Callable[[pd.DataFrame, Array], Linear]) -> Boosted:
        past = rows[at].reset_index(drop=True)
        known = past["churned"].to_numpy(dtype=float)
        return fit_boosted(past, known, directions, start(past, known), trees=trees, seeds=range(BAG))

    ours = fitted(slice(None), usual, fit_calendar)
    said = {OURS: ours.score(fresh)} | {
        way: fitted(slice(None), grow(usual), fit_calendar).score(fresh) for way, grow in GROWN.items()
    }
    said["without the calendar under the trees"] = fitted(slice(None), usual, fit_level).score(fresh)
    shipped, true = said[OURS], ready.fresh.true
    unseen = np.empty(len(rows))
    for train, test in account_folds(rows["account_id"], folds=4):
        unseen[test.to_numpy()] = fitted(train, usual, fit_calendar).score(rows[test])
    line = fit_curve("platt", unseen, churned)
    said["a line fitted on folds of accounts"] = sigmoid(line.log_odds(logit(shipped)))
    said["the level of the last months"] = sigmoid(logit(shipped) + level_now(rows["as_of"], churned, unseen))
    said["the true level (nobody knows it)"] = at_true_level(true, shipped)
    said["the true level and slope (nobody knows them)"] = sigmoid(
        fit_curve("platt", shipped, true).log_odds(logit(shipped))
    )
    return [Tried(way, s, ready) for way, s in said.items()], told(ready, book, ours, rows, usual, BAG)


def level_now(as_of: pd.Series, churned: Array, said: Array) -> float:
    """How far everyone's log-odds lie above what was said at the last snapshot, if the level walks at random.

    Each snapshot's observed less expected is one sight of the level; labels of neighbouring snapshots overlap, and count
    for as much less. Kalman's filter, averaged over step sizes by how well each foretells the next snapshot.
    """
    table = pd.DataFrame(
        {"day": pd.to_datetime(as_of).to_numpy(), "gap": churned - said, "information": said * (1 - said)}
    )
    by_day = table.groupby("day").sum().sort_index()
    days = np.diff(by_day.index.to_numpy()) / np.timedelta64(1, "D")
    seen = (by_day["gap"] / by_day["information"]).to_numpy()
    noise = max(1.0, LABEL_DAYS / float(np.median(days))) / by_day["information"].to_numpy()
    likely, levels = [], []
    for step in STEPS:
        # A walk of that many weeks begins a third of its whole variance away from its own mean.
        level, variance, evidence = 0.0, step**2 * days.sum() / 7 / 3, 0.0
        for n, (sight, error) in enumerate(zip(seen, noise, strict=True)):
            variance += step**2 * days[n - 1] / 7 if n else 0.0
            total = variance + error
            evidence -= 0.5 * (np.log(total) + (sight - level) ** 2 / total)
            level += variance / total * (sight - level)
            variance *= error / total
        likely.append(evidence)
        levels.append(level)
    weights = np.exp(np.array(likely) - max(likely))
    return float(weights @ np.array(levels) / weights.sum())


def section(found: Mapping[int, Sequence[Tried]], reasons: Mapping[int, Sequence[Told]], worlds: int) -> str:
    """The section of docs/results.md."""
    fresh = [len(t.said) for all_ in found.values() for t in all_]
    lines = [
        "## What stands between these figures and their goals",
        "",
        f"By `python -m benchmarks.headroom --write`, in {worlds} worlds that were looked at while building (no trial draws "
        f"them), {min(fresh):,} or more fresh accounts each, bags of {BAG}. Share of the gap as above; the difference to "
        "what ships in points of it; slope and calibration error are means over the worlds.",
    ]
    for accounts, all_ in found.items():
        lines += ["", f"### A book of {accounts:,}", "", "| | share of the gap | points | slope | observed ÷ expected | calibration error |",
                  "|---|---|---|---|---|---|"]  # fmt: skip
        ways = list(dict.fromkeys(t.way for t in all_))
        shipped = _share([t for t in all_ if t.way == ways[0]])
        for way in ways:
            some = [t for t in all_ if t.way == way]
            truths = [t.ready.fresh.true for t in some]
            slope = np.mean([expected_slope(true, t.said) for true, t in zip(truths, some, strict=True)])
            level = np.exp(
                np.mean([abs(np.log(true.sum() / t.said.sum())) for true, t in zip(truths, some, strict=True)])
            )
            error = np.mean([expected_calibration_error(true, t.said) for true, t in zip(truths, some, strict=True)])
            share = _share(some)
            lines.append(
                f"| {way} | {share:.3f} | {100 * (share - shipped):+.1f} | {slope:.3f} | off by {level - 1:.1%} | {error:.4f} |"
            )
    lines += ["", "### Causes and alarms", "", CEILINGS, "", *table(reasons)]
    return "\n".join(lines)


def _share(some: Sequence[Tried]) -> float:
    won, possible = np.array([t.shares() for t in some]).sum(axis=0)
    return float(won / possible)


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
