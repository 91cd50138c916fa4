"""One trial: train on a world's book as `churn train` does, and hold everything it says against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.boosted import fit_boosted, suited
from models.evaluate import RANK_ONLY
from models.prepare import prepared
from models.scorer import Array, Scorer
from models.zoo import fit_start
from pipelines.fit import Fitted, fit_panel, scorers_on
from pipelines.train import judge
from simulation import World
from trials.alerts import caught_arr, jaccard, red_list
from trials.causes import agreement, by_cause
from trials.figures import expected_auc
from trials.panels import Book, book_of
from trials.skill import Fresh, skills

WINDOW_DAYS = 104
BESIDE = ("health_recalibrated", "calendar")
"""Fitted on all mature snapshots beside what ships, to be measured against."""
RETRAIN_DAYS = 28
OTHER_SEEDS = range(100, 105)
PERTURBED = 10_000


@dataclass(frozen=True)
class Trial:
    """A fitted book and the fresh accounts on which it is judged, prepared."""

    book: Book
    fitted: Fitted
    fresh: Fresh

    @property
    def scorer(self) -> Scorer:
        """What ships."""
        return self.fitted.shipped[self.fitted.champion.scorer]


def trial_on(world: World, fresh: Fresh) -> dict[str, Any]:
    """Every figure of one world at the size of its book, as JSON."""
    book = book_of(world)
    fitted = fit_panel(book.panel, book.policy, window_days=WINDOW_DAYS)
    ready = replace(fresh, rows=prepared(fresh.rows, book.policy))
    trial = Trial(book, fitted, ready)
    rows = book.panel.everything
    assert rows is not None  # noqa: S101  # a book is built with all its mature snapshots
    beside = scorers_on(rows, fitted.directions, book.policy, fitted.recipe, BESIDE)
    said = {name: scorer.score(ready.rows) for name, scorer in {**beside, **fitted.shipped}.items()}
    said["shipped"] = trial.scorer.score(ready.rows)
    return {
        "accounts": world.accounts,
        "family": world.family,
        "seed": world.seed,
        "champion": fitted.champion.scorer,
        "curve": fitted.curve.kind,
        "starts_from_calendar": fitted.recipe.calendar,
        "churned_accounts": int(rows.loc[rows["churned"] == 1, "account_id"].nunique()),
        "rows": len(rows),
        "fresh": len(ready.rows),
        "skills": skills(ready, said),
        "reported": reported(trial),
        "causes": causes(trial, said["shipped"]),
        "stability": stability(trial, rows),
        "alerts": alerts(trial),
        "violations": violations(trial),
    }


def reported(trial: Trial) -> dict[str, dict[str, Any]]:
    """What the evaluation said of each scorer, and the true AUC of the same scorer on fresh accounts."""
    panel, policy = trial.book.panel, trial.book.policy
    figures, _, _ = judge(panel, prepared(panel.test, policy), trial.fitted.judged, 0.10)
    found = {}
    for name, row in figures.items():
        rows = trial.fresh.rows
        score = 100 - rows["health_score"].fillna(50.0) if name == RANK_ONLY else trial.fitted.judged[name].score(rows)
        found[name] = {
            "auc": row["roc_auc"],
            "interval": row["roc_auc_ci"],
            "true_auc": expected_auc(trial.fresh.true, np.asarray(score, dtype=float)),
            "in_window": row["roc_auc_in_window"],
        }
    return found


def causes(trial: Trial, said: Array) -> dict[str, float]:
    """Top driver against the true cause among the riskiest tenth."""
    rows = trial.fresh.rows
    _, contributions = trial.scorer.margins(rows)
    at_risk = said >= np.quantile(said, 0.9)
    return agreement(by_cause(contributions, catalogue()), rows["top_cause"], at_risk)


def stability(trial: Trial, rows: pd.DataFrame) -> dict[str, float]:
    """How alike LightGBM's red list and top drivers are under other seeds, and the red list after a month's data less."""
    fresh, directions = trial.fresh.rows, trial.fitted.directions
    ours = trial.fitted.shipped["lightgbm"]
    other = _boosted(trial, rows, seeds=OTHER_SEEDS)
    earlier = rows[rows["as_of"] <= rows["as_of"].max() - timedelta(days=RETRAIN_DAYS)]
    before = scorers_on(earlier, directions, trial.book.policy, trial.fitted.recipe, {trial.fitted.champion.scorer})[
        trial.fitted.champion.scorer
    ]
    said = ours.score(fresh)
    at_risk = said >= np.quantile(said, 0.9)
    tops = [
        by_cause(scorer.margins(fresh[at_risk])[1], catalogue()).to_numpy().argmax(axis=1) for scorer in (ours, other)
    ]
    return {
        "seed_jaccard": jaccard(red_list(said), red_list(other.score(fresh))),
        "retrain_jaccard": jaccard(red_list(trial.scorer.score(fresh)), red_list(before.score(fresh))),
        "oracle_jaccard": jaccard(red_list(trial.fresh.true), red_list(trial.scorer.score(fresh))),
        "driver_agreement": float((tops[0] == tops[1]).mean()),
    }


def _boosted(trial: Trial, rows: pd.DataFrame, *, seeds: range) -> Scorer:
    """LightGBM once more on the same rows, with other seeds."""
    frame = prepared(rows, trial.book.policy)
    churned = frame["churned"].to_numpy()
    lost = frame.loc[churned == 1, "account_id"].nunique()
    return fit_boosted(
        frame,
        churned,
        trial.fitted.directions,
        fit_start(frame, churned, trial.fitted.recipe),
        trees=suited(lost),
        seeds=seeds,
    )


def alerts(trial: Trial) -> dict[str, float]:
    """ARR of leavers flagged in time by what was judged and by the oracle, on the test side's Mondays."""
    panel = trial.book.panel
    test = panel.test[panel.test["hazard_90d"].notna()].reset_index(drop=True)
    scorer = trial.fitted.judged[trial.fitted.champion.scorer]
    ours, catchable = caught_arr(test, scorer.score(prepared(test, trial.book.policy)))
    oracle, _ = caught_arr(test, test["hazard_90d"].to_numpy(dtype=float))
    return {"caught": ours, "oracle": oracle, "catchable": catchable}


def violations(trial: Trial) -> dict[str, int]:
    """Rows of 10,000 whose probability moved against an indicator's direction when that indicator alone was raised."""
    rng = np.random.default_rng(trial.book.panel.train.shape[0])
    booster, rows = trial.fitted.shipped["lightgbm"], trial.fresh.rows
    directed = [name for name, side in trial.fitted.directions.items() if side]
    sample = rows.sample(PERTURBED, replace=len(rows) < PERTURBED, random_state=0).reset_index(drop=True)
    raised = sample.copy()
    chosen = rng.choice(len(directed), size=len(sample))
    sides = np.empty(len(sample))
    for place, name in enumerate(directed):
        mine = (chosen == place) & sample[name].notna().to_numpy()
        values = np.sort(rows[name].dropna().to_numpy(dtype=float))
        sides[chosen == place] = trial.fitted.directions[name]
        if mine.any() and len(values):
            drawn = rng.choice(values, size=int(mine.sum()))
            raised[name] = raised[name].astype(float)
            raised.loc[mine, name] = np.maximum(sample.loc[mine, name].to_numpy(dtype=float), drawn)
    moved = booster.score(raised) - booster.score(sample)
    return {"rows": len(sample), "moved": int((moved != 0).sum()), "against": int((moved * sides < -1e-12).sum())}


def named(figures: Mapping[str, Any]) -> str:
    """One line for the log."""
    skill = figures["skills"]
    base, ceiling = skill["base"]["log_loss"], skill["ceiling"]["log_loss"]
    share = (base - skill["shipped"]["log_loss"]) / (base - ceiling)
    return f"{figures['accounts']} accounts, {figures['family']}: {figures['champion']}, share of the gap {share:.3f}"
