"""What can be said of causes and alarms by who was taught the truth: the ceilings beside the trials' figures of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier

from features.catalogue import catalogue
from models.boosted import Boosted, Trees, fit_boosted
from models.linear_scorers import fit_calendar
from models.prepare import prepared
from models.scorer import Array
from pipelines.fit import directions_in
from simulation.families import CAUSES
from trials.alerts import caught_arr
from trials.causes import LEAST_ACCOUNTS
from trials.ceilings import LARGE
from trials.learned import Ready
from trials.panels import Book
from trials.trial import causes_named

OURS, RISK, CAUSE = "as shipped", "taught true risks", "taught true causes"
Told = Mapping[str, Mapping[str, float]]
"""By learner: top, sign, abstained, alerts (share of the oracle's ARR); what it does not say is missing."""


def told(ready: Ready, book: Book, shipped: Boosted, whole: pd.DataFrame, trees: Trees, bag: int) -> Told:
    """Causes and alarms by what ships, by the same kind taught true risks and by a classifier taught true causes.

    `whole` are the prepared rows `shipped` was fitted on. Who is taught the truth learns from one half of the fresh
    accounts and speaks of the other. Alarms come from learners that knew the training side alone, as in the trials.
    """
    fresh = prepared(ready.fresh.rows, book.policy)
    said, directions = shipped.score(fresh), directions_in(whole, catalogue())
    first = np.random.default_rng(0).permutation(len(fresh)) < len(fresh) // 2
    halves = [(fresh[side].reset_index(drop=True), fresh[~side].reset_index(drop=True)) for side in (first, ~first)]
    spoken = [said[~side] for side in (first, ~first)]

    def taught(rows: pd.DataFrame) -> Boosted:
        true = rows["hazard_90d"].to_numpy(dtype=float)
        return fit_boosted(rows, true, directions, fit_calendar(rows, true), trees=LARGE, seeds=range(bag))

    evidence, test, past = book.policy.evidence, _sighted(book), prepared(book.panel.train, book.policy)
    churned = past["churned"].to_numpy(dtype=float)
    judged = fit_boosted(past, churned, directions, fit_calendar(past, churned), trees=trees, seeds=range(bag))
    return {
        OURS: causes_named(shipped, fresh, said, whole, evidence) | {"alerts": _alarmed(book, test, judged)},
        RISK: _mean([causes_named(taught(a), b, s, whole, evidence) for (a, b), s in zip(halves, spoken, strict=True)])
        | {"alerts": _alarmed(book, test, taught(fresh))},
        CAUSE: _mean([_recognised(a, b, s, list(directions)) for (a, b), s in zip(halves, spoken, strict=True)]),
    }


def table(by_size: Mapping[int, Sequence[Told]]) -> list[str]:
    """Means over the worlds of each size, as Markdown."""
    lines = ["| n | learner | top driver is the true cause | told as a risk | abstained | ARR alarmed, of the oracle's |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for size, worlds in by_size.items():
        for learner in (OURS, RISK, CAUSE):
            mean = _mean([world[learner] for world in worlds])
            cells = [f"{mean[name]:.3f}" if name in mean else "–" for name in ("top", "sign", "abstained", "alerts")]
            lines.append(f"| {size:,} | {learner} | {' | '.join(cells)} |")
    return lines


def _recognised(taught: pd.DataFrame, asked: pd.DataFrame, said: Array, indicators: list[str]) -> dict[str, float]:
    """Recall, mean over causes, of a classifier that was shown the true cause of every account: it always names one."""
    known = taught[taught["top_cause"].isin(CAUSES)]
    model = HistGradientBoostingClassifier(class_weight="balanced", max_iter=150, learning_rate=0.05, random_state=0)
    model.fit(known[indicators].to_numpy(dtype=float), known["top_cause"])
    riskiest = asked[said >= np.quantile(said, 0.9)]
    riskiest = riskiest[riskiest["top_cause"].isin(CAUSES)]
    right = pd.Series(model.predict(riskiest[indicators].to_numpy(dtype=float)) == riskiest["top_cause"].to_numpy())
    by_cause = right.groupby(riskiest["top_cause"].to_numpy()).agg(["mean", "size"])
    return {"top": float(by_cause.loc[by_cause["size"] >= LEAST_ACCOUNTS, "mean"].mean()), "abstained": 0.0}


def _sighted(book: Book) -> pd.DataFrame:
    return book.panel.test[book.panel.test["hazard_90d"].notna()].reset_index(drop=True)


def _alarmed(book: Book, test: pd.DataFrame, scorer: Boosted) -> float:
    ours, _ = caught_arr(test, scorer.score(prepared(test, book.policy)))
    oracle, _ = caught_arr(test, test["hazard_90d"].to_numpy(dtype=float))
    return ours / oracle


def _mean(told: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.nanmean([t[name] for t in told if name in t])) for name in told[0]}
