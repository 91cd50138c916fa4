"""One trial: train on a world's book as `churn train` does, and hold everything it says against the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from features.catalogue import catalogue
from models.bootstrap import Resampler, interval
from models.drivers import base_points, group_points, indicator_points
from models.evaluate import RANK_ONLY, ranking_of_health
from models.health_score import health_scores
from models.main_driver import main_drivers
from models.metrics import roc_auc
from models.prepare import prepared
from models.reference import fit_reference
from models.scorer import Array, Scorer
from models.weights_fit import score_under, shares
from models.weights_trial import weights_on_trial
from pipelines.fit import Fitted, fit_panel, scorers_on
from pipelines.fit_outlook import fit_outlook
from pipelines.train import judge
from policy.work import Evidence
from simulation import World
from simulation.drawn import another_draw, drawn_world
from trials.acted_on import acted_on
from trials.alerts import caught_arr
from trials.causes import agreement, by_cause
from trials.figures import expected_auc, share_of_gap
from trials.learned import Ready, Trial, mature
from trials.outlooks import horizon_figures, range_figures
from trials.panels import Book, book_of
from trials.skill import Fresh, skills
from trials.stability import stability, violations

BOOK_DRAW = 0
HORIZON_DAYS, GAP_DAYS = 90, 14
WINDOW_DAYS = HORIZON_DAYS + GAP_DAYS
BESIDE = ("health_recalibrated", "calendar")
"""Fitted on all mature snapshots beside what ships, to be measured against."""


def trial_on(ready: Ready, accounts: int) -> dict[str, Any]:
    """Every figure of one world with a book of so many accounts, as JSON."""
    world = another_draw(ready.world, BOOK_DRAW, accounts=accounts)
    book = book_of(world)
    fitted = fit_panel(book.panel, book.policy, window_days=WINDOW_DAYS)
    fresh = replace(ready.fresh, rows=prepared(ready.fresh.rows, book.policy))
    trial = Trial(book, fitted, fresh)
    rows = mature(book)
    beside = scorers_on(rows, fitted.directions, book.policy, fitted.recipe, BESIDE)
    said = {name: scorer.score(fresh.rows) for name, scorer in {**beside, **fitted.shipped}.items()}
    said["shipped"] = trial.scorer.score(fresh.rows)
    return {
        **_described(world, fitted, rows),
        "fresh": len(fresh.rows),
        "skills": skills(fresh, said),
        "reported": reported(trial),
        "causes": causes(trial, said["shipped"]),
        "stability": stability(trial, rows),
        "explained": explained(trial),
        "alerts": alerts(trial),
        "violations": violations(trial),
        "outlook": outlook(trial, said["shipped"]),
        "weights": weights(book, trial.fresh),
    }


def null_trial(seed: int, accounts: int) -> dict[str, Any]:
    """What is reported of a world in which nothing but the calendar tells a leaver: there must be nothing."""
    world = drawn_world(seed, family="null", accounts=accounts)
    book = book_of(world)
    fitted = fit_panel(book.panel, book.policy, window_days=WINDOW_DAYS)
    test = prepared(book.panel.test, book.policy)
    test = test[test["in_window"].astype(bool)].reset_index(drop=True)
    churned = test["churned"].to_numpy(dtype=float)
    resampler = Resampler.of(test["account_id"])
    in_window = {
        name: {"auc": roc_auc(churned, score), "interval": interval(resampler.auc(churned, score))}
        for name, score in ((n, scorer.score(test)) for n, scorer in fitted.judged.items())
    }
    return {**_described(world, fitted, mature(book)), "in_window": in_window, "weights": weights(book)}


def year_trial(ready: Ready, accounts: int) -> dict[str, Any]:
    """Every figure of a year of acted-on alarms in one world, as JSON."""
    world = ready.world
    return {
        "accounts": accounts,
        "family": world.family,
        "seed": world.seed,
        "fresh": len(ready.fresh.rows),
        "year": acted_on(world, ready.fresh, accounts),
    }


def _described(world: World, fitted: Fitted, rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "accounts": world.accounts,
        "family": world.family,
        "seed": world.seed,
        "champion": fitted.champion.scorer,
        "reason": fitted.champion.reason,
        "curve": fitted.curve.kind,
        "starts_from_calendar": fitted.recipe.calendar,
        "churned_accounts": int(rows.loc[rows["churned"] == 1, "account_id"].nunique()),
        "rows": len(rows),
    }


def reported(trial: Trial) -> dict[str, dict[str, Any]]:
    """What the evaluation said of each scorer, and the true AUC of the same scorer on fresh accounts."""
    panel, policy = trial.book.panel, trial.book.policy
    figures, _, _ = judge(panel, prepared(panel.test, policy), trial.fitted.judged, 0.10)
    found = {}
    for name, row in figures.items():
        rows = trial.fresh.rows
        score = (
            ranking_of_health(rows["health_score"])[0] if name == RANK_ONLY else trial.fitted.judged[name].score(rows)
        )
        found[name] = {
            "auc": row["roc_auc"],
            "interval": row["roc_auc_ci"],
            "true_auc": expected_auc(trial.fresh.true, score),
            "in_window": row["roc_auc_in_window"],
        }
    return found


def causes(trial: Trial, said: Array) -> dict[str, float]:
    """The main driver that `churn score` would name against the true cause, among the riskiest tenth."""
    whole = prepared(mature(trial.book), trial.book.policy)
    return causes_named(trial.scorer, trial.fresh.rows, said, whole, trial.book.policy.evidence)


def causes_named(
    scorer: Scorer, rows: pd.DataFrame, said: Array, whole: pd.DataFrame, evidence: Evidence
) -> dict[str, float]:
    """The main driver that a scorer's explanation names against the true cause, among the tenth that `said` puts highest.

    `whole` are the prepared rows against which is explained.
    """
    indicators = catalogue()
    groups = {name: i.group for name, i in indicators.items()}
    reference = fit_reference(scorer, whole, groups)
    riskiest = rows[said >= np.quantile(said, 0.9)].reset_index(drop=True)
    named = main_drivers(
        scorer,
        riskiest,
        groups,
        {name for name, i in indicators.items() if i.clock},
        reference=reference,
        least_points=evidence.least_points,
        least_gap=evidence.least_gap,
    )
    points = indicator_points(scorer, riskiest, groups, reference=reference)
    return agreement(by_cause(points, indicators), named, riskiest["top_cause"])


def explained(trial: Trial) -> dict[str, float]:
    """The largest |base + Σ points − probability| over the fresh accounts."""
    rows, whole = trial.fresh.rows, prepared(mature(trial.book), trial.book.policy)
    groups = {name: i.group for name, i in catalogue().items()}
    reference = fit_reference(trial.scorer, whole, groups)
    points = group_points(trial.scorer, rows, groups, reference=reference).to_numpy().sum(axis=1)
    total = (base_points(trial.scorer, rows, reference) + points) / 100
    return {"remainder": float(np.abs(total - trial.scorer.score(rows)).max())}


def alerts(trial: Trial) -> dict[str, float]:
    """ARR of leavers flagged in time by what was judged and by the oracle, on the test side's Mondays."""
    panel = trial.book.panel
    test = panel.test[panel.test["hazard_90d"].notna()].reset_index(drop=True)
    scorer = trial.fitted.judged[trial.fitted.champion.scorer]
    ours, catchable = caught_arr(test, scorer.score(prepared(test, trial.book.policy)))
    oracle, _ = caught_arr(test, test["hazard_90d"].to_numpy(dtype=float))
    return {"caught": ours, "oracle": oracle, "catchable": catchable}


def outlook(trial: Trial, said: Array) -> dict[str, Any]:
    """Horizons and ranges against the true risks."""
    learned = fit_outlook(trial.book.panel, trial.fitted, horizon_days=HORIZON_DAYS, gap_days=GAP_DAYS).shipped
    rows = trial.fresh.rows
    return {"horizons": horizon_figures(learned, rows, said), "range": range_figures(learned, rows, said)}


def weights(book: Book, fresh: Fresh | None = None) -> dict[str, Any]:
    """What the health score's weights on trial come to, and how policy's and suggested ones rank the fresh accounts."""
    found = weights_on_trial(mature(book), book.policy, WINDOW_DAYS)
    told: dict[str, Any] = {"verdict": found.verdict, "suggested": dict(found.suggested_weights)}
    if fresh is None:
        return told
    scores = health_scores(fresh.rows, book.policy)
    for name, weighed in (("policy", book.policy.health.weights), ("suggested", found.suggested_weights)):
        risk, _ = ranking_of_health(pd.Series(score_under(scores, shares(weighed))))
        told[f"auc_{name}"] = expected_auc(fresh.true, risk)
        told[f"auc_{name}_in_window"] = expected_auc(fresh.true[fresh.in_window], risk[fresh.in_window])
    return told


def named(figures: Mapping[str, Any]) -> str:
    """One line for the log."""
    if "ratio" in figures:
        return f"{figures['accounts']:,} accounts explained at {figures['ratio']:.3f} of the cost of TreeSHAP"
    told = (
        f"{figures['accounts']} accounts, {figures['family']}: {figures.get('champion', 'a year of acted-on alarms')}"
    )
    if "skills" not in figures:
        return told
    skill = figures["skills"]
    share = share_of_gap(*(skill[name]["log_loss"] for name in ("base", "ceiling", "shipped")))
    return f"{told}, {share:.3f} of the gap"
